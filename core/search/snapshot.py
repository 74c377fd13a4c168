"""A snapshot of everything that can be found: one file, mapped into each process that reads it.

It holds what is counted and sorted by, not what is shown. Documents are numbered in the order of a
list without words (kind, best rank, newest); such a number is called a *place*. A set of documents
is a compressed bitmap of places, so sets are joined, intersected and counted without a database,
and the first page of a list is the first members of its set.

The file is written by ``core.search.building`` and never changed. What has changed since is in the
table ``SearchChange``; ``core.search.looking`` puts the two together.
"""

from __future__ import annotations

import json
import mmap
import os
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from pyroaring import BitMap

MAGIC = b"HUBFIND4"
_ALIGNED = 64

#: bm25 as FTS5 computes it: what repetition adds, what length takes away, what each field weighs.
K1, B = 1.2, 0.75
FIELDS = (("title", 3), ("summary", 2), ("body", 1))


class Unusable(Exception):
    """The file is not a snapshot, or one of another version or half written."""


class Posting(NamedTuple):
    """Where a word stands: the documents, and how much it counts in each (weighed frequency)."""

    places: np.ndarray
    weights: np.ndarray


def digest(form: str) -> int:
    """A word as the file knows it."""
    return int.from_bytes(blake2b(form.encode(), digest_size=8).digest(), "little")


class Writer:
    """Writes named arrays and runs of bytes one after the other, and at the end where they are."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sections: dict[str, tuple[str, int, int]] = {}
        file.write(MAGIC + bytes(_ALIGNED - len(MAGIC)))

    def tell(self) -> int:
        return self._file.tell()

    def array(self, name: str, values: np.ndarray) -> None:
        self._sections[name] = (values.dtype.str, self._align(), len(values))
        self._file.write(np.ascontiguousarray(values).data)

    def blob(self, data: bytes) -> int:
        """Append some bytes; returns where they begin."""
        start = self._file.tell()
        self._file.write(data)
        return start

    def _align(self) -> int:
        self._file.write(bytes(-self._file.tell() % _ALIGNED))
        return self._file.tell()

    def close(self, about: dict[str, Any]) -> None:
        footer = json.dumps({"sections": self._sections, "about": about}).encode()
        start = self._align()
        self._file.write(footer)
        self._file.write(start.to_bytes(8, "little") + len(footer).to_bytes(8, "little") + MAGIC)
        self._file.flush()
        os.fsync(self._file.fileno())


class Snapshot:
    """A snapshot that is open. Everything is read where it lies, when it is asked for."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            #: Tells whether the file at this path is still the same.
            self.identity = identity(status)
            if status.st_size < 2 * _ALIGNED:
                raise Unusable(path)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        tail = self._map[-24:]
        start, length = int.from_bytes(tail[:8], "little"), int.from_bytes(tail[8:16], "little")
        if self._map[: len(MAGIC)] != MAGIC or tail[16:] != MAGIC:
            raise Unusable(path)
        if start + length + 24 != status.st_size:
            raise Unusable(path)
        footer = json.loads(self._map[start : start + length])
        self._sections: dict[str, tuple[str, int, int]] = footer["sections"]
        about = footer["about"]
        self.token: int = about["token"]
        self.anchor: int = about["anchor"]
        self.horizon: int = about["horizon"]
        #: Documents of all kinds, and the mean number of their words.
        self.size: int = about["size"]
        self.mean_length: float = about["mean_length"]
        #: The first place of each kind and the one after its last.
        self.kinds: dict[str, tuple[int, int]] = {k: tuple(v) for k, v in about["kinds"].items()}
        #: Numbers of the values of each kind and group.
        self.values: dict[str, dict[str, dict[str, int]]] = about["values"]
        self.ids = self._array("ids")
        self.ranks = self._array("ranks")
        self.uptakes = self._array("uptakes")
        self.published = self._array("published")
        self.norms = self._array("norms")
        self.totals = self._array("totals")
        #: Values of all documents in a row, and where those of each begin.
        self.codes = self._array("codes")
        self.code_starts = self._array("code_starts")
        self._by_id = self._array("by_id")
        self._sets = self._array("sets")
        self._set_starts = self._array("set_starts")
        self._words = self._array("words")
        self._posting_starts = self._array("posting_starts")
        self._posting_splits = self._array("posting_splits")
        self._keys, self._key_starts = self._array("keys"), self._array("key_starts")
        self._titles, self._title_starts = self._array("titles"), self._array("title_starts")
        self.value_set = lru_cache(maxsize=4_096)(self._value_set)
        self._posting_set = lru_cache(maxsize=256)(self._read_posting_set)

    def _array(self, name: str) -> np.ndarray:
        kind, start, length = self._sections[name]
        return np.frombuffer(self._map, dtype=np.dtype(kind), count=length, offset=start)

    def order(self, sort: str) -> tuple[np.ndarray, np.ndarray]:
        """The places of each kind in an order, and for each place where it stands in it."""
        return self._array(f"{sort}_order"), self._array(f"{sort}_rank")

    def title(self, position: int) -> bytes:
        """The title at a position of the order by title, as it is sorted."""
        start, end = self._title_starts[position : position + 2]
        return self._titles[start:end].tobytes()

    def object_id(self, place: int) -> str:
        start, end = self._key_starts[place : place + 2]
        return self._keys[start:end].tobytes().decode()

    def places(self, ids: np.ndarray) -> np.ndarray:
        """The places of documents by their ids; those that are not in here are left out."""
        known = ids[ids < len(self._by_id)]
        found = self._by_id[known]
        return found[found > 0] - 1

    def _value_set(self, code: int) -> BitMap:
        start, end = self._set_starts[code : code + 2]
        return BitMap.deserialize(self._sets[start:end].tobytes())

    def _find(self, form: str) -> int | None:
        wanted = np.uint64(digest(form))
        number = int(np.searchsorted(self._words, wanted))
        if number < len(self._words) and self._words[number] == wanted:
            return number
        return None

    def _read_posting_set(self, number: int) -> BitMap:
        start, split = int(self._posting_starts[number]), int(self._posting_splits[number])
        return BitMap.deserialize(self._map[start:split])

    def having(self, form: str) -> BitMap | None:
        """The documents with a word; None if it is too rare to be in here."""
        number = self._find(form)
        return None if number is None else self._posting_set(number)

    def posting(self, form: str) -> Posting | None:
        """The same with its weight in each."""
        number = self._find(form)
        if number is None:
            return None
        places = np.asarray(self._posting_set(number).to_array())
        split = int(self._posting_splits[number])
        weights = np.frombuffer(self._map, dtype=np.uint8, count=len(places), offset=split)
        return Posting(places, weights)


def identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size
