"""Write made-up solutions as published ones, with all that the search keeps of them.

The rows are those that publishing one by one would leave (a test compares them): the solution, its
frozen version with the whole content, its search document with facets and words. They are
written in bulk, without moves: nobody is told, nothing enters the audit. Blocks are made and
analysed in several processes and written by one.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import count
from typing import Any

from django.db import connection, models, transaction

from accounts.models import User
from bench import records
from bench.records import BLOCK, Record
from catalogue.choices import Form, Licence, Publication
from catalogue.content import fingerprint
from catalogue.finding import KIND, entry_of
from catalogue.models import Solution, Version
from catalogue.models.solution import UID_ALPHABET
from core.models import Counter as NumberOf
from core.models import SearchDocument, SearchFacet
from core.search.documents import Document, _row, analyse
from core.search.vocabulary import Entry, adjust, stem_form
from hubs import reference
from hubs.models import Country, Hub

NAMESPACE = uuid.UUID("d3b4a7c2-52c1-5c0e-8c39-5a4d0f6a1d11")
OWNER = "owner@bench.example"
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Tell = Callable[[int, int], None]  # records written, of all


@dataclass(frozen=True)
class World:
    """What records refer to."""

    countries: list[str]
    hubs: list[dict[str, str]]
    hub_keys: list[int]
    owner: int


# --- Rows of a model without its objects ------------------------------------------------------


class Shape:
    """Writes rows of one model: what is not given stays as a new object would have it."""

    def __init__(self, model: type[models.Model], varying: Sequence[str], **fixed: Any) -> None:
        blank = model(**fixed)
        self.table = model._meta.db_table
        self.fields = [field for field in model._meta.concrete_fields if not field.generated]
        self.columns = [field.column for field in self.fields]
        self.usual = [self._stored(field, field.pre_save(blank, add=True)) for field in self.fields]
        by_name = {field.attname: place for place, field in enumerate(self.fields)}
        self.places = [by_name[name] for name in varying]

    @staticmethod
    def _stored(field: models.Field[Any, Any], value: Any) -> Any:
        if isinstance(field, models.JSONField):
            return json.dumps(value, ensure_ascii=False)
        return field.get_db_prep_save(value, connection)

    def row(self, *values: Any) -> list[Any]:
        row = self.usual.copy()
        for place, value in zip(self.places, values, strict=True):
            row[place] = self._stored(self.fields[place], value)
        return row


def write(shape: Shape, rows: Iterable[Sequence[Any]]) -> None:
    """By COPY on PostgreSQL, by one prepared statement on SQLite."""
    names = ", ".join(connection.ops.quote_name(column) for column in shape.columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            lines = StringIO("".join("\t".join(map(_copied, row)) + "\n" for row in rows))
            cursor.copy_expert(f'COPY "{shape.table}" ({names}) FROM STDIN', lines)
        else:
            marks = ", ".join(["%s"] * len(shape.columns))
            statement = f'INSERT INTO "{shape.table}" ({names}) VALUES ({marks})'  # noqa: S608
            cursor.executemany(statement, rows)


def _copied(value: Any) -> str:
    """A value as a line of COPY has it."""
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_COPY_ESCAPES)
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat() if isinstance(value, datetime) else str(value)


# --- One record --------------------------------------------------------------------------------


def content_of(record: Record, world: World) -> dict[str, Any]:
    """The frozen content of a snapshot: what must be said, and the rest empty."""
    problem, approach, narrative, failure = (f"<p>{text}</p>" for text in record.paragraphs)
    return {
        "title": record.title,
        "summary": record.summary,
        "language": record.language,
        "kind": record.kind,
        "sectors": list(record.sectors),
        "goals": list(record.goals),
        "targets": [],
        "tags": list(record.tags),
        "countries": sorted(world.countries[place] for place in record.countries),
        "area": "",
        "scale": "",
        "started_on": record.started_on,
        "ended_on": "",
        "is_running": True,
        "stage": record.stage,
        "owner_institution": "Example institution",
        "hub": None if record.hub is None else world.hubs[record.hub],
        "problem": problem,
        "affected": "",
        "approach": approach,
        "steps": "",
        "blocks": [],
        "indicators": [],
        "narrative": narrative,
        "unintended": "",
        "preconditions": "",
        "do_not_use_when": "",
        "cost_total": None,
        "cost_currency": "",
        "cost_year": None,
        "cost_unit": None,
        "cost_unit_name": "",
        "cost_payers": "",
        "staff_time": "",
        "sustainability": "",
        "inclusion": "",
        "participation": "",
        "failure": failure,
        "evidence": [
            {
                "ref": "E1",
                "title": "Example report",
                "kind": "report",
                "author": "",
                "dated_on": record.started_on,
                "language": "",
                "criteria": ["C2", "C3"],
                "access": "open",
                "url": "https://example.org/",
                "file": None,
            }
        ],
        "modalities": [],
        "offer_languages": [],
        "offer_days": None,
        "offer_materials": "",
        "contributors": [],
        "licence": Licence.CC_BY.value,
        "licence_note": "",
        "consent": True,
        "personal_data": "",
        "adapted_from": None,
        "adapted_from_note": "",
        "editors_note": "",
        "translations": {},
        "collection": "",
        "is_example": False,
    }


def uid_of(number: int) -> str:
    """An opaque address that is the same in every run."""
    left, letters = (number * 2_654_435_761 + 97) % len(UID_ALPHABET) ** 6, []
    for _place in range(6):
        left, letter = divmod(left, len(UID_ALPHABET))
        letters.append(UID_ALPHABET[letter])
    base, serial = len(UID_ALPHABET), []
    for _place in range(6):
        number, letter = divmod(number, base)
        serial.append(UID_ALPHABET[letter])
    return "".join(letters + serial)


# --- One block ---------------------------------------------------------------------------------


@dataclass
class Rows:
    """What is written of one block."""

    solutions: list[list[Any]]
    versions: list[list[Any]]
    documents: list[list[Any]]
    facets: list[list[Any]]
    words: Counter[Entry]


class Maker:
    """Makes the rows of a block. The number of a record is the key of all its rows but facets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.solution = Shape(
            Solution,
            (
                "id", "uid", "number", "validation", "public_version_id", "form_key", "title",
                "summary", "language_id", "kind", "started_on", "stage", "hub_id", "problem",
                "approach", "narrative", "failure", "first_submitted_at", "published_at",
            ),
            publication=Publication.PUBLIC,
            owner_id=world.owner,
            is_running=True,
            owner_institution="Example institution",
            consent=True,
        )  # fmt: skip
        self.version = Shape(
            Version,
            ("id", "solution_id", "content", "content_hash", "published_at"),
            number=1,
            form=Form.SNAPSHOT,
            created_by_id=world.owner,
        )
        self.document = Shape(SearchDocument, ("id", *_DOCUMENT))
        self.facet = Shape(SearchFacet, ("id", "document_id", "kind", "group", "value"))

    def rows(self, made: Iterable[Record], first_facet: int) -> Rows:
        found = Rows([], [], [], [], Counter())
        facet = count(first_facet)
        for record in made:
            key, content = record.number, content_of(record, self.world)
            found.solutions.append(self._solution(record, content))
            found.versions.append(
                self.version.row(key, key, content, fingerprint(content, {}), record.published_at)
            )
            document = Document(**entry_of(_as_published(record, content)))
            row = _row(document)
            found.words.update(analyse(row))
            found.documents.append(
                self.document.row(key, *(getattr(row, name) for name in _DOCUMENT))
            )
            found.facets += [
                [next(facet), key, KIND, group, value]
                for group, values in document.facets.items()
                for value in dict.fromkeys(str(value)[:100] for value in values)
                if value
            ]
        return found

    def _solution(self, record: Record, content: dict[str, Any]) -> list[Any]:
        key = record.number
        return self.solution.row(
            *(key, uid_of(key), key, record.validation, key),
            *(uuid.uuid5(NAMESPACE, str(key)), record.title, record.summary),
            *(record.language, record.kind, record.started_on, record.stage),
            None if record.hub is None else self.world.hub_keys[record.hub],
            *(content[name] for name in ("problem", "approach", "narrative", "failure")),
            *(record.published_at, record.published_at),
        )


def documents(made: Iterable[Record]) -> Iterator[Document]:
    """What the search would be told of these records if they were published."""
    whole = world()
    for record in made:
        yield Document(**entry_of(_as_published(record, content_of(record, whole))))


def _as_published(record: Record, content: dict[str, Any]) -> Solution:
    """As much of the solution as its entry in the search is made from."""
    return Solution(
        pk=record.number,
        number=record.number,
        uid=uid_of(record.number),  # given, so that none is drawn at random
        form_key=NAMESPACE,
        publication=Publication.PUBLIC,
        validation=record.validation,
        public_version=Version(pk=record.number, content=content),
        published_at=record.published_at,
    )


_DOCUMENT = (
    "kind", "object_id", "rank", "published_at", "title_sort", "language", "title", "summary",
    "body", "title_words", "summary_words", "body_words", "title_stems", "summary_stems",
    "body_stems",
)  # fmt: skip
#: More than a record can have, so that blocks need not know of each other.
FACETS_OF_A_RECORD = 64
#: From so many records on, each process would meet nearly every word there is.
MANY = 50_000
_maker: Maker | None = None


def _begin(world: World) -> None:
    global _maker  # noqa: PLW0603 (one for each process)
    _maker = Maker(world)


def _make(task: tuple[int, int]) -> Rows:
    """The rows of the first so many records of a block."""
    number, size = task
    assert _maker is not None
    first = number * BLOCK * FACETS_OF_A_RECORD + 1
    return _maker.rows(records.block(number)[:size], first)


# --- A whole catalogue -------------------------------------------------------------------------


def world() -> World:
    """Read what records refer to; make the hubs and the owner that are not there yet."""
    owner, _made = User.objects.get_or_create(email=OWNER, defaults={"name": "Owner of examples"})
    codes = list(Country.objects.order_by("pk").values_list("pk", flat=True)[: records.COUNTRIES])
    if not Hub.objects.filter(slug="hub-001").exists():
        Hub.objects.bulk_create(
            Hub(
                slug=f"hub-{n:03d}",
                name=f"Hub {n:03d}",
                kind=Hub.Kind.NATIONAL,
                country_id=codes[n % len(codes)],
            )
            for n in range(1, records.HUBS + 1)
        )
    hubs = list(Hub.objects.filter(slug__startswith="hub-").order_by("slug"))
    reference.forget()
    return World(
        countries=codes,
        hubs=[{"slug": hub.slug, "name": hub.name, "short": hub.short} for hub in hubs],
        hub_keys=[hub.pk for hub in hubs],
        owner=owner.pk,
    )


def fill(size: int, *, processes: int = 1, tell: Tell = lambda _done, _of: None) -> None:
    """Lay a catalogue of so many records into tables that hold none."""
    if Solution.objects.exists() or SearchDocument.objects.filter(kind=KIND).exists():
        raise ValueError("The catalogue is not empty.")
    whole = world()
    maker = Maker(whole)
    words: Counter[Entry] = Counter()
    tasks = [(number, min(BLOCK, size - number * BLOCK)) for number in range(-(-size // BLOCK))]
    with _blocks(tasks, whole, processes) as blocks:
        _hasten()
        for (number, of_block), rows in zip(tasks, blocks, strict=True):
            with transaction.atomic():
                write(maker.solution, rows.solutions)
                write(maker.version, rows.versions)
                write(maker.document, rows.documents)
                write(maker.facet, rows.facets)
            words.update(rows.words)
            tell(number * BLOCK + of_block, size)
    with transaction.atomic():
        adjust(words)
        NumberOf.objects.update_or_create(name="solution", defaults={"value": size})
    _finish()


@contextmanager
def _blocks(tasks: list[tuple[int, int]], whole: World, processes: int) -> Iterator[Iterator[Rows]]:
    """The rows of all blocks in order. No more than a few wait to be written."""
    if processes < 2:
        _begin(whole)
        yield map(_make, tasks)
        return
    ahead = threading.BoundedSemaphore(2 * processes)

    def when_there_is_room() -> Iterator[tuple[int, int]]:
        for task in tasks:
            ahead.acquire()
            yield task

    def taken(blocks: Iterator[Rows]) -> Iterator[Rows]:
        for rows in blocks:
            ahead.release()
            yield rows

    if len(tasks) * BLOCK > MANY:
        _learn_stems()
    connection.close()  # what is forked must not share it
    with multiprocessing.get_context("fork").Pool(processes, _begin, (whole,)) as pool:
        yield taken(pool.imap(_make, when_there_is_room()))


def _learn_stems() -> None:
    """Stem all words once, in the process from which the others are forked."""
    for language in records.LANGUAGES:
        for word in records.vocabulary(language):
            stem_form(word, language)


def _hasten() -> None:
    """This catalogue can be made again: what is written need not reach the disk at once."""
    if connection.in_atomic_block:  # a test, which takes everything back
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET synchronous_commit = off")
        else:
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -200000")


def _finish() -> None:
    """Let new rows go on counting, and the planner know how many there are."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for model in (Solution, Version, SearchDocument, SearchFacet):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM {table}",  # noqa: S608
                    [table],
                )
        if connection.in_atomic_block:
            return
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
