"""Answers counted in this process, over a snapshot and what has changed since.

A question becomes a set of places (``core.search.snapshot``): the documents with its words, less
those with excluded ones, among those with the chosen values. Its size is the total, its
intersections with the sets of the values are the counts, and its members in some order are the
pages. The database is asked for what no snapshot holds: phrases, beginnings of words and words so
rare that they cost it nothing.

Changed documents are *dead* at their old place and stand in a ``Segment`` after all others, so
every set is right at once, and nothing is ever altered that another thread may read.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from django.db import connection
from pyroaring import BitMap

from core.models import SearchDocument, SearchFacet
from core.search.building import COLUMNS, micros, norm, weigh
from core.search.engines import engine
from core.search.snapshot import FIELDS, K1, Snapshot
from core.search.terms import Answer, Counts, Phrase, Piece, Resemblance, Selected, Term
from core.search.vocabulary import Reading, Understood

#: Sets smaller than this, or than this part of all, are counted document by document; larger ones
#: value by value.
FEW, FEW_PART = 3_000, 1 / 64
#: Hits whose words are read to weigh a phrase or a rare word; more count alike.
MOST_READ = 300
#: Matches of so many questions are kept with a view, for the next page and the next filter.
_KEPT = 64
#: For what resembles a text, its most telling words are enough; those in more than a tenth of all
#: documents tell little.
TELLING, COMMON = 12, 0.1
#: Before every score: all words are there; behind every score: a rank below nought.
_WHOLE, _LAST = 1e6, -1e7

_ROWS_AT_ONCE = 500


class Segment:
    """Documents that changed since the snapshot, with all that it would hold of them."""

    def __init__(self, first: int, keys: Iterable[int], mean_length: float) -> None:
        self.first = first
        self.sets: dict[tuple[str, str, str], BitMap] = {}
        self.kinds: list[str] = []
        self.keys: list[str] = []
        self.titles: list[bytes] = []
        self._postings: dict[str, tuple[list[int], list[int]]] = {}
        ids: list[int] = []
        ranks: list[int] = []
        uptakes: list[int] = []
        published: list[int] = []
        lengths: list[int] = []
        for key, kind, rank, uptake, instant, title, object_id, *columns in _documents(keys):
            place = first + len(ids)
            ids.append(key)
            ranks.append(rank)
            uptakes.append(uptake)
            published.append(micros(instant))
            self.kinds.append(kind)
            self.titles.append(title.encode())
            self.keys.append(object_id)
            words, length = weigh(columns)
            lengths.append(length)
            for word, weight in words.items():
                places, weights = self._postings.setdefault(word, ([], []))
                places.append(place)
                weights.append(min(weight, 255))
        self.ids = np.array(ids, np.int64)
        self.ranks = np.array(ranks, np.int16)
        self.uptakes = np.array(uptakes, np.int16)
        self.published = np.array(published, np.int64)
        self.norms = norm(np.array(lengths, np.float32), mean_length)
        place_of = {key: first + row for row, key in enumerate(ids)}
        for key, kind, group, value in _values(ids):
            self.sets.setdefault((kind, group, value), BitMap()).add(place_of[key])

    def __len__(self) -> int:
        return len(self.ids)

    def posting(self, form: str) -> tuple[np.ndarray, np.ndarray]:
        places, weights = self._postings.get(form, ((), ()))
        return np.array(places, np.uint32), np.array(weights, np.uint8)

    def of_kind(self, kind: str) -> BitMap:
        return BitMap(self.first + row for row, one in enumerate(self.kinds) if one == kind)


def _parts(keys: Iterable[int]) -> Iterator[list[int]]:
    listed = sorted(keys)
    for start in range(0, len(listed), _ROWS_AT_ONCE):
        yield listed[start : start + _ROWS_AT_ONCE]


def _documents(keys: Iterable[int]) -> Iterator[tuple]:
    for part in _parts(keys):
        yield from SearchDocument.objects.filter(pk__in=part).values_list(
            "pk", "kind", "rank", "uptake", "published_at", "title_sort", "object_id", *COLUMNS
        )


def _texts(keys: Iterable[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for part in _parts(keys):
        rows = SearchDocument.objects.filter(pk__in=part).values_list("pk", *COLUMNS)
        yield from ((key, tuple(columns)) for key, *columns in rows)


def _values(keys: Iterable[int]) -> Iterator[tuple[int, str, str, str]]:
    for part in _parts(keys):
        yield from SearchFacet.objects.filter(document_id__in=part).values_list(
            "document_id", "kind", "group", "value"
        )


class Piecewise(NamedTuple):
    """The documents of one piece of a question; ``asked`` are those the database named, and
    ``rare`` the forms for which it was asked."""

    members: BitMap
    asked: BitMap
    rare: tuple[str, ...]


class Matched(NamedTuple):
    """The documents that answer, of any kind, dead ones with them; those of them with all of the
    words; each piece."""

    hits: BitMap
    whole: BitMap | None
    pieces: list[Piecewise]


class Weighed(NamedTuple):
    """Where something stands, and what it adds to the score there."""

    places: np.ndarray
    scores: np.ndarray


class Counted:
    """A set whose members are counted by value, all values at once if it is small."""

    def __init__(self, view: View, members: BitMap) -> None:
        self._view, self.members = view, members

    @cached_property
    def tally(self) -> np.ndarray | None:
        return self._view.tally(self.members)


class Within(Mapping[str, int]):
    """How many members of a set have each value of a group, counted when it is asked for."""

    def __init__(self, view: View, among: Counted, kind: str, group: str) -> None:
        self._view, self._kind, self._group = view, kind, group
        self._counted, self._among = among, among.members
        self._known: dict[str, int] = {}
        self._codes = view.base.values.get(kind, {}).get(group, {})

    def _count(self, value: str) -> int:
        if value not in self._known:
            code = self._codes.get(value)
            number = 0
            if code is not None:
                tally = self._counted.tally
                number = (
                    self._among.intersection_cardinality(self._view.base.value_set(code))
                    if tally is None
                    else int(tally[code])
                )
            for segment in self._view.segments:
                if more := segment.sets.get((self._kind, self._group, value)):
                    number += self._among.intersection_cardinality(more)
            self._known[value] = number
        return self._known[value]

    def __getitem__(self, value: str) -> int:
        if number := self._count(value):
            return number
        raise KeyError(value)

    def get(self, value: str, default: int = 0) -> int:  # type: ignore[override]
        return self._count(value) or default

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and bool(self._count(value))

    def __iter__(self) -> Iterator[str]:
        names = dict.fromkeys(self._codes)
        for segment in self._view.segments:
            for kind, group, value in segment.sets:
                if (kind, group) == (self._kind, self._group):
                    names[value] = None
        return (value for value in names if self._count(value))

    def __len__(self) -> int:
        return sum(1 for _value in self)


class _Text:
    """The words of a document that was read to weigh what is rare."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._weights: dict[str, int] | None = None

    def weight(self, form: str) -> int:
        if self._weights is None:
            self._weights = weigh(self._columns)[0]
        return self._weights.get(form, 0)

    def times(self, piece: Piece) -> int:
        """How often a phrase, or a beginning, stands in each field, by what the field weighs."""
        words = piece.words if isinstance(piece, Phrase) else piece.forms[:1]
        asked = f" {' '.join(words)}{'' if piece.prefix else ' '}"
        return sum(
            f" {text} ".count(asked) * weight
            for text, (_name, weight) in zip(self._columns, FIELDS, strict=False)
        )


class View:
    """A snapshot and what has changed since, at one moment. An ``Answerer``."""

    def __init__(
        self, base: Snapshot, segments: tuple[Segment, ...] = (), dead: BitMap | None = None
    ) -> None:
        self.base, self.segments, self.dead = base, segments, dead or BitMap()
        self.size = base.size + sum(map(len, segments))
        #: How words were read by the vocabulary of this moment (``vocabulary.understand``).
        self.readings: dict[str, Reading] = {}
        self._all: dict[str, BitMap] = {}
        self._universe: dict[tuple[str, str], dict[str, int]] = {}
        self._matched: dict[object, Matched] = {}
        self._standings: dict[str, list[float]] = {}

    def changed(self, keys: Iterable[int]) -> View:
        """This view with some documents read anew. Ids of documents that are gone are welcome."""
        ids = np.array(sorted(keys), np.int64)
        dead = self.dead | BitMap(self.places(ids))
        segment = Segment(self.size, ids.tolist(), self.base.mean_length)
        return View(self.base, (*self.segments, segment), dead)

    # --- Sets ---------------------------------------------------------------------------------

    def places(self, ids: np.ndarray) -> np.ndarray:
        """Where documents stand that the database named; those nobody noted yet are left out."""
        found = [self.base.places(ids)]
        for segment in self.segments:
            rows = np.flatnonzero(np.isin(segment.ids, ids))
            found.append((rows + segment.first).astype(np.uint32))
        return np.concatenate(found)

    def everything(self, kind: str) -> BitMap:
        """All documents of a kind."""
        if kind not in self._all:
            first, last = self.base.kinds.get(kind, (0, 0))
            every = BitMap(range(first, last))
            for segment in self.segments:
                every |= segment.of_kind(kind)
            self._all[kind] = every - self.dead
        return self._all[kind]

    def _with_any(self, kind: str, group: str, values: Sequence[str]) -> BitMap:
        codes = self.base.values.get(kind, {}).get(group, {})
        sets = [self.base.value_set(codes[value]) for value in values if value in codes]
        for segment in self.segments:
            sets += [s for value in values if (s := segment.sets.get((kind, group, value)))]
        return BitMap.union(*sets) if sets else BitMap()

    def _selected(self, kind: str, meaning: Understood) -> BitMap:
        """All of a kind that match."""
        every = self.everything(kind)
        if meaning.pieces:
            return self._match(meaning).hits & every
        if meaning.excluded:
            return every - self._barred(meaning)
        return every

    # --- Words --------------------------------------------------------------------------------

    def _match(self, meaning: Understood) -> Matched:
        key = (meaning.terms, meaning.phrases, meaning.excluded)
        matched = self._matched.get(key)
        if matched is None:
            if len(self._matched) >= _KEPT:
                self._matched.clear()
            matched = self._matched[key] = self._match_now(meaning)
        return matched

    def _match_now(self, meaning: Understood) -> Matched:
        pieces = self._look_up((*meaning.pieces, *meaning.excluded))
        barred = [one.members for one in pieces[len(meaning.pieces) :]]
        pieces = pieces[: len(meaning.pieces)]
        sets = [one.members for one in pieces]
        if not sets:
            return Matched(BitMap(), None, [])
        phrases = sets[: len(meaning.phrases)]
        hits = BitMap.intersection(*phrases) if phrases else BitMap.union(*sets)
        hits = hits - BitMap.union(BitMap(), *barred)
        needs_all = meaning.terms and len(sets) > 1
        return Matched(hits, BitMap.intersection(*sets) if needs_all else None, pieces)

    def _barred(self, meaning: Understood) -> BitMap:
        return BitMap.union(*(one.members for one in self._look_up(meaning.excluded)))

    def _look_up(self, pieces: Sequence[Piece]) -> list[Piecewise]:
        """The documents of each piece. One statement for all that the snapshot does not hold."""
        found: list[Piecewise] = []
        questions: dict[int, str] = {}
        for number, piece in enumerate(pieces):
            if not isinstance(piece, Term) or piece.prefix:
                found.append(Piecewise(BitMap(), BitMap(), ()))
                questions[number] = engine().any_of([piece])
                continue
            known = {form: self.base.having(form) for form in piece.forms}
            rare = tuple(form for form, one in known.items() if one is None)
            if rare:
                questions[number] = engine().any_of([Term(rare)])
            members = BitMap.union(BitMap(), *(one for one in known.values() if one is not None))
            for segment in self.segments:
                for form in piece.forms:
                    members.update(segment.posting(form)[0])
            found.append(Piecewise(members, BitMap(), rare))
        for number, ids in self._ask(questions).items():
            asked = BitMap(self.places(ids))
            found[number] = Piecewise(found[number].members | asked, asked, found[number].rare)
        return found

    @staticmethod
    def _ask(expressions: Mapping[int, str]) -> dict[int, np.ndarray]:
        """The ids of documents of which each expression holds."""
        if not expressions:
            return {}
        packed = [engine().packed(engine().match(one)) for one in expressions.values()]
        statement = " UNION ALL ".join(
            f"SELECT {number}, ({one.text})"
            for number, one in zip(expressions, packed, strict=True)
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for one in packed for value in one.params])
            return {number: engine().unpacked(value) for number, value in cursor.fetchall()}

    def _weighed(self, meaning: Understood) -> Iterator[Weighed]:
        """What each word of a question adds, where it stands (bm25 as in FTS5)."""
        matched = self._match(meaning)
        inside = BitMap(range(self.base.size))
        asked = BitMap.union(*(one.asked for one in matched.pieces)) & inside
        texts = self._read(asked) if 0 < len(asked) <= MOST_READ else {}
        for piece, one in zip(meaning.pieces, matched.pieces, strict=True):
            if isinstance(piece, Term) and not piece.prefix:
                for form in piece.forms:
                    if form not in one.rare:
                        yield from self._weighed_form(form)
                for segment in self.segments:
                    for form in one.rare:
                        yield from self._weighed_there(segment, form)
                if one.rare and texts:
                    for form in one.rare:
                        counts = {place: texts[place].weight(form) for place in one.asked & inside}
                        yield from self._weighed_texts(texts, counts)
                    continue
                alike = one.asked & inside
            elif texts:
                counts = {place: texts[place].times(piece) for place in one.asked & inside}
                yield from self._weighed_texts(texts, counts)
                alike = one.asked - inside
            else:
                alike = one.asked
            if alike:
                yield self._alike(alike, self._rarity(len(one.asked)))

    def _weighed_form(self, form: str) -> Iterator[Weighed]:
        posting = self.base.posting(form)
        if posting is not None:
            rarity = self._rarity(len(posting.places))
            norms = self.base.norms[posting.places]
            yield Weighed(posting.places, _bm25(posting.weights, norms, rarity))
            for segment in self.segments:
                yield from self._weighed_there(segment, form, rarity)

    def _weighed_there(self, segment: Segment, form: str, rarity: float = 0) -> Iterator[Weighed]:
        places, weights = segment.posting(form)
        if len(places):
            norms = segment.norms[places - segment.first]
            yield Weighed(places, _bm25(weights, norms, rarity or self._rarity(len(places))))

    def _weighed_texts(
        self, texts: Mapping[int, _Text], counts: Mapping[int, int]
    ) -> Iterator[Weighed]:
        """Rare words and phrases, weighed in the few documents that have them."""
        places = [place for place, number in counts.items() if number]
        if places:
            weights = np.array([counts[place] for place in places], np.float32)
            norms = self.base.norms[places]
            yield Weighed(
                np.array(places, np.uint32), _bm25(weights, norms, self._rarity(len(places)))
            )

    def _read(self, places: BitMap) -> dict[int, _Text]:
        by_id = {int(self.base.ids[place]): place for place in places}
        return {by_id[key]: _Text(columns) for key, columns in _texts(by_id)}

    @staticmethod
    def _alike(where: BitMap, rarity: float) -> Weighed:
        places = np.asarray(where.to_array(), dtype=np.uint32)
        return Weighed(places, np.full(len(places), rarity, np.float32))

    def _rarity(self, having: int) -> float:
        number = self.base.size
        return max(
            1e-6, math.log((number - having + 0.5) / (having + 0.5)) if having < number else 0
        )

    def _id(self, place: int) -> int:
        if place < self.base.size:
            return int(self.base.ids[place])
        for segment in self.segments:
            if place < segment.first + len(segment):
                return int(segment.ids[place - segment.first])
        raise IndexError(place)

    # --- Pages --------------------------------------------------------------------------------

    def page(
        self,
        kind: str,
        meaning: Understood,
        selected: Selected,
        *,
        sort: str,
        offset: int,
        limit: int,
    ) -> Answer:
        among = self._selected(kind, meaning)
        for group, values in selected.items():
            if values:
                among = among & self._with_any(kind, group, values)
        total = len(among)
        if offset >= total or limit < 1:
            return Answer(total, ())
        if sort == "relevance" and meaning.pieces:
            places = self._best_of(among, meaning, offset + limit)[offset:].tolist()
        else:
            places = self._in_order(
                kind, among, "label" if sort == "relevance" else sort, offset, limit
            )
        return Answer(total, tuple(map(self._object_id, places)))

    def everywhere(self, meaning: Understood, top: int) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        kinds = dict.fromkeys(self.base.kinds)
        kinds.update(dict.fromkeys(kind for segment in self.segments for kind in segment.kinds))
        scores = self._scores(meaning)
        for kind in sorted(kinds):
            among = self._selected(kind, meaning)
            if not among:
                continue
            if meaning.pieces:
                places = self._top(among, meaning, scores, top).tolist()
            else:
                places = self._in_order(kind, among, "label", 0, top)
            found[kind] = Answer(len(among), tuple(map(self._object_id, places)))
        return found

    def best(
        self, kind: str, meaning: Understood, limit: int, without: str | None
    ) -> list[Resemblance]:
        known = [(self._uses(term), term) for term in meaning.terms]
        telling = sorted(
            (pair for pair in known if 0 < pair[0] <= max(COMMON * self.base.size, FEW)),
            key=lambda pair: pair[0],
        )
        terms = tuple(term for _uses, term in telling[:TELLING]) or meaning.terms
        asked = Understood(terms=terms, phrases=meaning.phrases, excluded=meaning.excluded)
        if not asked.pieces:
            return []
        among = self._selected(kind, asked)
        keys = [self._object_id(place) for place in self._best_of(among, asked, limit + 1)]
        keys = [key for key in keys if key != without][:limit]
        rows = SearchDocument.objects.filter(kind=kind, object_id__in=keys)
        found = {
            row[0]: Resemblance(*row) for row in rows.values_list("object_id", "title", "summary")
        }
        return [found[key] for key in keys if key in found]

    def _uses(self, term: Term) -> int:
        """About how many documents have a word; what the snapshot does not hold is rare."""
        return max((len(one) for form in term.forms if (one := self.base.having(form))), default=1)

    def _object_id(self, place: int) -> str:
        if place < self.base.size:
            return self.base.object_id(int(place))
        for segment in self.segments:
            if place < segment.first + len(segment):
                return segment.keys[int(place) - segment.first]
        raise IndexError(place)

    def _scores(self, meaning: Understood) -> np.ndarray:
        """The score of every document by its place."""
        scores = np.zeros(self.size, np.float32)
        for places, more in self._weighed(meaning):
            scores[places] += more
        return scores

    def _best_of(self, among: BitMap, meaning: Understood, number: int) -> np.ndarray:
        return self._top(among, meaning, self._scores(meaning), number)

    def _top(
        self, among: BitMap, meaning: Understood, scores: np.ndarray, number: int
    ) -> np.ndarray:
        """The best documents in order: all words, score, then as in a list without words."""
        places = np.asarray(among.to_array(), dtype=np.uint32)
        if not len(places):
            return places
        marks = scores[places].astype(np.float64)
        whole = self._match(meaning).whole
        if whole is not None:
            marks[_members(places, whole & among)] += _WHOLE
        marks[self._ranks_of(places) < 0] += _LAST
        if number < len(places):
            least = np.partition(marks, len(places) - number)[len(places) - number]
            surely = np.flatnonzero(marks > least)
            # Of equals, as many as are wanted, in their own order.
            equal = np.flatnonzero(marks == least)
            equal = equal[np.argsort(self._standing(places[equal]), kind="stable")]
            chosen = np.concatenate((surely, equal[: number - len(surely)]))
            places, marks = places[chosen], marks[chosen]
        return places[np.lexsort((self._standing(places), -marks))]

    def _ranks_of(self, places: np.ndarray) -> np.ndarray:
        if not self.segments:
            return self.base.ranks[places]
        inside = places < self.base.size
        ranks = np.zeros(len(places), np.int16)
        ranks[inside] = self.base.ranks[places[inside]]
        ranks[~inside] = self._later_ranks[places[~inside] - self.base.size]
        return ranks

    @cached_property
    def _later_ranks(self) -> np.ndarray:
        return np.concatenate([segment.ranks for segment in self.segments])

    def _standing(self, places: np.ndarray) -> np.ndarray:
        """Where documents stand in the list of all by label: changed ones between the others."""
        standing = places.astype(np.float64)
        later = np.flatnonzero(places >= self.base.size)
        for row in later:
            standing[row] = self._stands("label")[int(places[row]) - self.base.size]
        return standing

    def _in_order(self, kind: str, among: BitMap, sort: str, offset: int, limit: int) -> list[int]:
        """Some members of a set in an order of their kind.

        Members in the snapshot and changed ones are two sorted lists; where each of the second
        stands among the first is known.
        """
        if not self.segments:
            return self._base_in_order(kind, among, sort, offset, limit)
        inside, later = self._split(among)
        if not later:
            return self._base_in_order(kind, inside, sort, offset, limit)
        stands = self._stands(sort)
        late = sorted((stands[place - self.base.size], place) for place in later)
        # At most so many changed ones stand before the page: read the others from there on.
        skipped = max(0, offset - len(late))
        wanted = offset - skipped + limit
        some = self._base_in_order(kind, inside, sort, skipped, wanted)
        ranks = None if sort == "label" else self.base.order(sort)[1]
        read = [(float(place if ranks is None else ranks[place]), place) for place in some]
        if skipped:
            # Changed ones before the first that was read take their part of what is skipped.
            early = sum(1 for standing, _place in late if standing < read[0][0])
            late = late[early:]
            skipped += early
        merged = sorted([*read, *late])
        return [place for _standing, place in merged[offset - skipped :][:limit]]

    def _split(self, among: BitMap) -> tuple[BitMap, BitMap]:
        later = among & BitMap(range(self.base.size, self.size))
        return among - later, later

    def _base_in_order(
        self, kind: str, among: BitMap, sort: str, offset: int, limit: int
    ) -> list[int]:
        number = len(among)
        if offset >= number:
            return []
        if sort == "label":
            return list(among[offset : offset + limit])
        order, ranks = self.base.order(sort)
        first, last = self.base.kinds.get(kind, (0, 0))
        if number == last - first:
            return order[first + offset : min(first + offset + limit, last)].tolist()
        places = np.asarray(among.to_array(), dtype=np.uint32)
        if number * 64 < last - first or offset + limit > number // 2:
            return places[np.argsort(ranks[places], kind="stable")][
                offset : offset + limit
            ].tolist()
        wanted = np.zeros(last - first, bool)
        wanted[places - first] = True
        found: list[int] = []
        passed, step = 0, max(4_096, 2 * limit)
        for start in range(first, last, step):
            part = order[start : min(start + step, last)]
            part = part[wanted[part - first]]
            if passed + len(part) > offset:
                found += part[max(0, offset - passed) :].tolist()
                if len(found) >= limit:
                    break
            passed += len(part)
        return found[:limit]

    def _stands(self, sort: str) -> list[float]:
        """For each changed document, where it stands among those of the snapshot in an order."""
        if sort not in self._standings:
            self._standings[sort] = self._find_standings(sort)
        return self._standings[sort]

    def _find_standings(self, sort: str) -> list[float]:
        """A half before the first that comes after it; changed ones among themselves by a small
        part more, in their own order."""
        rows = [(segment, row) for segment in self.segments for row in range(len(segment))]
        keys = [_key(sort, *_of_segment(segment, row)) for segment, row in rows]
        among_themselves = {
            number: place
            for place, number in enumerate(sorted(range(len(rows)), key=keys.__getitem__))
        }
        found = []
        for number, (segment, row) in enumerate(rows):
            first, last = self.base.kinds.get(segment.kinds[row], (0, 0))
            position = bisect_left(_Keys(self.base, sort), keys[number], first, last)
            found.append(position - 0.5 + 0.4 * among_themselves[number] / (len(rows) + 1))
        return found

    # --- Counts -------------------------------------------------------------------------------

    def counts(
        self, kind: str, meaning: Understood, selected: Selected, groups: Sequence[str]
    ) -> Counts:
        chosen = {group: list(values) for group, values in selected.items() if values}
        if not chosen and not meaning.pieces and not meaning.excluded:
            return {group: self._whole_counts(kind, group) for group in groups}
        every = self._selected(kind, meaning)
        sets = {group: self._with_any(kind, group, values) for group, values in chosen.items()}
        whole = Counted(self, BitMap.intersection(every, *sets.values()))
        found: dict[str, Mapping[str, int]] = {}
        for group in groups:
            among = whole
            if group in sets:
                others = [one for name, one in sets.items() if name != group]
                among = Counted(self, BitMap.intersection(every, *others))
            found[group] = Within(self, among, kind, group)
        return found

    def _whole_counts(self, kind: str, group: str) -> dict[str, int]:
        """The counts of a list that nothing narrows. The same object as long as nothing changes."""
        key = (kind, group)
        if key not in self._universe:
            codes = self.base.values.get(kind, {}).get(group, {})
            counts = {value: int(self.base.totals[code]) for value, code in codes.items()}
            if self.dead:
                gone = self._tally_places(np.asarray(self.dead.to_array(), dtype=np.uint32))
                for value, code in codes.items():
                    counts[value] -= int(gone[code])
            for segment in self.segments:
                for (of_kind, of_group, value), members in segment.sets.items():
                    if (of_kind, of_group) == key:
                        alive = len(members) - members.intersection_cardinality(self.dead)
                        counts[value] = counts.get(value, 0) + alive
            self._universe[key] = {value: number for value, number in counts.items() if number}
        return self._universe[key]

    def tally(self, among: BitMap) -> np.ndarray | None:
        """How many of a small set have each value; None for a set that is better intersected."""
        if len(among) > max(FEW, FEW_PART * self.base.size):
            return None
        return self._tally_places(np.asarray(among.to_array(), dtype=np.uint32))

    def _tally_places(self, places: np.ndarray) -> np.ndarray:
        places = places[places < self.base.size]
        starts = self.base.code_starts[places].astype(np.int64)
        lengths = self.base.code_starts[places + 1].astype(np.int64) - starts
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        rows = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
        return np.bincount(self.base.codes[rows], minlength=len(self.base.totals))


def _members(places: np.ndarray, of: BitMap) -> np.ndarray:
    """Rows of sorted places that are in a set of them."""
    return np.searchsorted(places, np.asarray(of.to_array(), dtype=np.uint32))


def _bm25(weights: np.ndarray, norms: np.ndarray, rarity: float) -> np.ndarray:
    often = weights.astype(np.float32)
    return np.float32(rarity * (K1 + 1)) * often / (often + norms)


def _of_segment(segment: Segment, row: int) -> tuple[int, int, int, bytes, int]:
    return (
        int(segment.uptakes[row]),
        int(segment.ranks[row]),
        int(segment.published[row]),
        segment.titles[row],
        int(segment.ids[row]),
    )


def _key(sort: str, uptake: int, rank: int, published: int, title: bytes, key: int) -> tuple:
    """What documents of a kind are sorted by, smallest first."""
    match sort:
        case "title":
            return (title, key)
        case "newest":
            return (-published, -key)
        case "adopted":
            return (-uptake, -rank, -published, -key)
    return (-rank, -published, -key)


class _Keys(Sequence[tuple]):
    """What the documents of a snapshot are sorted by, read where it is looked at."""

    def __init__(self, base: Snapshot, sort: str) -> None:
        self._base, self._sort = base, sort
        self._order = None if sort == "label" else base.order(sort)[0]

    def __len__(self) -> int:
        return self._base.size

    def __getitem__(self, position: int) -> tuple:  # type: ignore[override]
        base = self._base
        place = position if self._order is None else int(self._order[position])
        title = base.title(position) if self._sort == "title" else b""
        uptake, rank = int(base.uptakes[place]), int(base.ranks[place])
        published, key = int(base.published[place]), int(base.ids[place])
        return _key(self._sort, uptake, rank, published, title, key)
