"""Making a snapshot (``core.search.snapshot``) of what can be found now.

Nobody waits for it and nothing is locked: whatever changes while it is made is noted in
``SearchChange`` after its anchor, and read from there. Memory stays bounded: words are gathered in
runs that are merged at the end.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from pyroaring import BitMap

from core.models import SearchChange, SearchDocument, SearchFacet
from core.search.engines import engine
from core.search.snapshot import FIELDS, K1, B, Writer, digest

#: A word in fewer documents than this, or than this part of all, is left to the database.
RAREST, RAREST_PART = 8, 1 / 20_000
_AT_ONCE = 2_000
#: Documents whose words are gathered before they are sorted and put aside.
_RUN = 20_000
_NO_STEM = "~"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Tell = Callable[[str, int, int], None]
COLUMNS = tuple(f"{name}_{form}" for form in ("words", "stems") for name, _weight in FIELDS)


class Built(NamedTuple):
    """What a snapshot holds."""

    documents: int
    values: int
    words: int
    size: int


def micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def weigh(columns: Iterable[str]) -> tuple[dict[str, int], int]:
    """How much each word counts in a document, and the number of its words.

    ``columns`` are those of ``COLUMNS``, in that order.
    """
    found: Counter[str] = Counter()
    length = 0
    for text, (_name, weight) in zip(columns, FIELDS * 2, strict=True):
        words = text.split()
        length += len(words)
        if weight == 1:
            found.update(words)
        else:
            for word in words:
                found[word] += weight
    found.pop(_NO_STEM, None)
    return found, length


def norm(lengths: np.ndarray, mean: float) -> np.ndarray:
    """What the length of a document takes from the weight of its words (bm25)."""
    return (K1 * (1 - B + B * lengths / max(mean, 1.0))).astype(np.float32)


def _silently(what: str, done: int, of: int) -> None:
    """Nobody waits."""


def build(path: Path, tell: Tell = _silently) -> Built:
    """Write a snapshot and put it in the place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    token, anchor, horizon = _anchor()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            built = _write(Writer(file), token, anchor, horizon, path.parent, tell)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return built._replace(size=path.stat().st_size)


def _anchor() -> tuple[int, int, int]:
    """A change of nothing, by which the snapshot is known; committed before anything is read."""
    token = int.from_bytes(os.urandom(7), "little")
    with transaction.atomic():
        row = SearchChange.objects.create(document=0, token=token, xid=0)
    return token, row.seq, engine().horizon()


def _write(out: Writer, token: int, anchor: int, horizon: int, folder: Path, tell: Tell) -> Built:
    rows = _Rows(tell)
    places = rows.places()
    kinds = rows.write(out, places)
    values, totals = _write_values(out, rows, places, tell)
    lengths, words = _write_words(out, rows, places, folder, tell)
    mean = float(lengths.mean()) if len(lengths) else 1.0
    out.array("norms", norm(lengths, mean))
    out.close(
        {
            "token": token,
            "anchor": anchor,
            "horizon": horizon,
            "size": len(rows.ids),
            "mean_length": mean,
            "kinds": kinds,
            "values": values,
        }
    )
    return Built(len(rows.ids), len(totals), words, 0)


class _Rows:
    """The documents without their texts, as they were read; the rest is put in their order."""

    def __init__(self, tell: Tell) -> None:
        ids, ranks, published, kinds = array("q"), array("h"), array("q"), array("H")
        uptakes = array("h")
        self.titles: list[bytes] = []
        self.keys: list[bytes] = []
        self._codes: dict[str, int] = {}
        number = SearchDocument.objects.count()
        last = 0
        columns = ("pk", "kind", "rank", "uptake", "published_at", "title_sort", "object_id")
        while some := list(
            SearchDocument.objects.filter(pk__gt=last)
            .order_by("pk")
            .values_list(*columns)[:_AT_ONCE]
        ):
            for key, kind, rank, uptake, instant, title, object_id in some:
                ids.append(key)
                kinds.append(self._codes.setdefault(kind, len(self._codes)))
                ranks.append(rank)
                uptakes.append(uptake)
                published.append(micros(instant))
                self.titles.append(title.encode())
                self.keys.append(object_id.encode())
            last = some[-1][0]
            tell("documents", len(ids), number)
        self.ids = np.frombuffer(ids, dtype=np.int64) if ids else np.zeros(0, np.int64)
        self._ranks = np.frombuffer(ranks, dtype=np.int16) if ids else np.zeros(0, np.int16)
        self._uptakes = np.frombuffer(uptakes, dtype=np.int16) if ids else np.zeros(0, np.int16)
        self._published = np.frombuffer(published, dtype=np.int64) if ids else np.zeros(0, np.int64)
        self._kinds = np.frombuffer(kinds, dtype=np.uint16) if ids else np.zeros(0, np.uint16)

    def places(self) -> np.ndarray:
        """For each row, its place."""
        order = np.lexsort(
            (-self.ids, -self._published, -self._ranks.astype(np.int32), self._kinds)
        )
        self._order = order
        places = np.empty(len(order), np.uint32)
        places[order] = np.arange(len(order), dtype=np.uint32)
        return places

    def write(self, out: Writer, places: np.ndarray) -> dict[str, tuple[int, int]]:
        order, size = self._order, len(self.ids)
        out.array("ids", self.ids[order])
        out.array("ranks", self._ranks[order])
        uptakes = self._uptakes[order]
        out.array("uptakes", uptakes)
        out.array("published", self._published[order])
        by_id = np.zeros(int(self.ids.max(initial=0)) + 1, np.uint32)
        by_id[self.ids] = places + 1
        out.array("by_id", by_id)
        _write_texts(out, "keys", "key_starts", [self.keys[row] for row in order])
        kinds = self._kinds[order]
        newest = np.lexsort((-self.ids[order], -self._published[order], kinds))
        # Places are in the order by label already, which breaks ties.
        adopted = np.lexsort((-uptakes.astype(np.int32), kinds))
        titles = [self.titles[row] for row in order]
        ordered_ids = self.ids[order]
        by_title = np.array(
            sorted(
                range(size), key=lambda place: (kinds[place], titles[place], ordered_ids[place])
            ),
            dtype=np.uint32,
        )
        for name, one in (("newest", newest), ("title", by_title), ("adopted", adopted)):
            standing = np.empty(size, np.uint32)
            standing[one] = np.arange(size, dtype=np.uint32)
            out.array(f"{name}_order", one.astype(np.uint32))
            out.array(f"{name}_rank", standing)
        _write_texts(out, "titles", "title_starts", [titles[place] for place in by_title])
        firsts = np.searchsorted(kinds, np.arange(len(self._codes) + 1))
        return {
            kind: (int(firsts[code]), int(firsts[code + 1])) for kind, code in self._codes.items()
        }


def _write_texts(out: Writer, name: str, starts: str, texts: list[bytes]) -> None:
    lengths = np.fromiter((len(text) for text in texts), np.uint64, len(texts))
    out.array(starts, np.concatenate(([0], np.cumsum(lengths))).astype(np.uint64))
    out.array(name, np.frombuffer(b"".join(texts), dtype=np.uint8))


def _write_values(
    out: Writer, rows: _Rows, places: np.ndarray, tell: Tell
) -> tuple[dict[str, dict[str, dict[str, int]]], np.ndarray]:
    """The values of each document, and the documents of each value."""
    values: dict[str, dict[str, dict[str, int]]] = {}
    number = 0
    row_of = {int(key): row for row, key in enumerate(rows.ids)} if len(rows.ids) else {}
    owners, codes = array("I"), array("I")
    last = (0, 0)
    facets = SearchFacet.objects.order_by("document_id", "pk")
    total = facets.count()
    for key, kind, group, value in _facets(facets):
        row = row_of.get(key)
        if row is None:
            continue
        table = values.setdefault(kind, {}).setdefault(group, {})
        if value not in table:
            table[value] = number
            number += 1
        owners.append(row)
        codes.append(table[value])
        if len(codes) % 500_000 == 0:
            tell("values", len(codes), total)
    del last, row_of
    owner = places[np.frombuffer(owners, np.uint32)] if owners else np.zeros(0, np.uint32)
    code = np.frombuffer(codes, np.uint32) if codes else np.zeros(0, np.uint32)
    by_owner = np.argsort(owner, kind="stable")
    out.array("codes", code[by_owner])
    counts = np.bincount(owner, minlength=len(rows.ids))
    out.array("code_starts", np.concatenate(([0], np.cumsum(counts))).astype(np.uint32))
    totals = np.bincount(code, minlength=number).astype(np.uint32)
    out.array("totals", totals)
    by_code = np.lexsort((owner, code))
    members = owner[by_code]
    ends = np.cumsum(totals, dtype=np.int64)
    sets, starts = [], [0]
    for start, end in zip(ends - totals, ends, strict=True):
        one = BitMap(members[start:end])
        one.run_optimize()
        sets.append(one.serialize())
        starts.append(starts[-1] + len(sets[-1]))
    out.array("set_starts", np.array(starts, np.uint64))
    out.array("sets", np.frombuffer(b"".join(sets), dtype=np.uint8))
    return values, totals


def _facets(facets: Any) -> Iterator[tuple[int, str, str, str]]:
    """All values by the ids of their documents, in parts: no cursor stays open."""
    last = 0
    while True:
        ids = list(
            SearchDocument.objects.filter(pk__gt=last)
            .order_by("pk")
            .values_list("pk", flat=True)[:_AT_ONCE]
        )
        if not ids:
            return
        yield from facets.filter(document_id__gte=ids[0], document_id__lte=ids[-1]).values_list(
            "document_id", "kind", "group", "value"
        )
        last = ids[-1]


# --- Words -----------------------------------------------------------------------------------


class _Run(NamedTuple):
    """Words of some documents, sorted: where those of each begin, their places and weights."""

    starts: np.ndarray
    places: np.ndarray
    weights: np.ndarray


def _write_words(
    out: Writer, rows: _Rows, places: np.ndarray, folder: Path, tell: Tell
) -> tuple[np.ndarray, int]:
    """The documents of each word that is not rare; returns their lengths and how many words."""
    lengths = np.zeros(len(places), np.uint32)
    numbers: dict[str, int] = {}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".words-") as put_aside:
        runs = _put_aside(rows, places, lengths, numbers, Path(put_aside), tell)
        rarest = max(RAREST, int(len(places) * RAREST_PART))
        uses = np.zeros(len(numbers), np.int64)
        for run in runs:
            uses[: len(run.starts) - 1] += np.diff(run.starts)
        digests = np.fromiter(map(digest, numbers), np.uint64, len(numbers))
        kept = np.flatnonzero(uses >= rarest)
        kept = kept[np.argsort(digests[kept])]
        starts, splits = np.empty(len(kept), np.uint64), np.empty(len(kept), np.uint64)
        for row, number in enumerate(kept):
            found, weights = _merged(runs, int(number))
            one = BitMap(found)
            starts[row] = out.blob(one.serialize())
            splits[row] = out.blob(weights.tobytes())
            if row % 5_000 == 0:
                tell("words", row, len(kept))
        del runs
    out.array("words", digests[kept])
    out.array("posting_starts", starts)
    out.array("posting_splits", splits)
    return lengths, len(kept)


def _merged(runs: list[_Run], number: int) -> tuple[np.ndarray, np.ndarray]:
    parts = [
        (run.places[start:end], run.weights[start:end])
        for run in runs
        if number + 1 < len(run.starts)
        and (start := run.starts[number]) < (end := run.starts[number + 1])
    ]
    found = np.concatenate([places for places, _weights in parts])
    weights = np.concatenate([weights for _places, weights in parts])
    order = np.argsort(found, kind="stable")
    return found[order], weights[order]


def _put_aside(
    rows: _Rows,
    places: np.ndarray,
    lengths: np.ndarray,
    numbers: dict[str, int],
    folder: Path,
    tell: Tell,
) -> list[_Run]:
    """The words of all documents in runs of files."""
    runs: list[_Run] = []
    words, owners, weights = array("I"), array("I"), bytearray()
    gathered = done = 0

    def put() -> None:
        nonlocal words, owners, weights, gathered
        if not gathered:
            return
        word = np.frombuffer(words, np.uint32)
        order = np.argsort(word, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(word, minlength=len(numbers)))))
        name = str(folder / str(len(runs)))
        np.save(f"{name}-places.npy", np.frombuffer(owners, np.uint32)[order])
        np.save(f"{name}-weights.npy", np.frombuffer(bytes(weights), np.uint8)[order])
        runs.append(
            _Run(
                starts,
                np.load(f"{name}-places.npy", mmap_mode="r"),
                np.load(f"{name}-weights.npy", mmap_mode="r"),
            )
        )
        words, owners, weights = array("I"), array("I"), bytearray()
        gathered = 0

    for key, *columns in _texts():
        row = int(np.searchsorted(rows.ids, key))
        if row >= len(rows.ids) or rows.ids[row] != key:
            continue  # it came since, and is noted as a change
        place = places[row]
        found, length = weigh(columns)
        lengths[place] = length
        words.extend([numbers.setdefault(word, len(numbers)) for word in found])
        owners.extend([place] * len(found))
        weights.extend([min(weight, 255) for weight in found.values()])
        gathered += 1
        done += 1
        if gathered == _RUN:
            put()
            tell("texts", done, len(places))
    put()
    return runs


def _texts() -> Iterator[tuple[Any, ...]]:
    last = 0
    while some := list(
        SearchDocument.objects.filter(pk__gt=last).order_by("pk").values_list("pk", *COLUMNS)[:500]
    ):
        yield from some
        last = some[-1][0]


def forget_changes(before: int) -> int:
    """Delete what was noted before a snapshot that every process reads by now."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_searchchange WHERE seq < %s", [before])
        return int(cursor.rowcount)
