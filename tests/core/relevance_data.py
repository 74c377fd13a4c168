"""Collections with known answers, and how well a list of answers does on them.

Three sorts of question, none of which rests on anybody's taste. *Known items*: a part of one
text, which has to come back. *Goals*: the name of a Sustainable Development Goal, answered by
its targets. *Projects*: the name of a sector, or the objective of a project, answered by the
projects that the World Bank gave the same sectors; the first sector counts twice.
``bench/relevance.py`` prints the figures, ``docs/relevance.md`` explains them.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from core import search
from core.search.asking import LONGEST_QUERY
from core.text import STOP_WORDS, form, runs

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "es", "fr", "ar", "ru", "zh")
#: How many answers a person looks at.
TOP = 10

#: How other endings are made, by rule and not by the stemmer: the first that fits is exchanged.
#: "^" is the beginning of a word, a rule for Arabic adds or takes away the article.
ENDINGS = {
    "en": "ies:y ion:ions ing:ed ment:ments ies:y ss:sses s: y:ies ed:ing e:ing :s",
    "es": "ciones:ción ción:ciones es: os:o as:a o:os a:as l:les r:ra d:des :s",
    "fr": "ions:ion ion:ions és:é ées:ée eaux:eau aux:al s: er:ent é:és e:es :s",
    "ru": "ия:ий ии:ия ие:ия ий:ие ых:ые ые:ых ой:ая ая:ой ов:ы ей:и ах:а ам:ы ы:а и:а а:ы я:и :а",
    "ar": "^ال: ^:ال",
    "pt": "ções:ção ção:ções ões:ão ão:ões ais:al al:ais os:o as:a o:os a:as r:res :s",
    "id": "^meng: ^ber: kan: nya: an: :nya",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what each right answer is worth. ``without`` is passed over: the
    document that the question was taken from, when others are sought."""

    text: str
    gains: Mapping[str, int]
    without: str = ""


@dataclass(slots=True)
class Collection:
    """Documents and, by sort and language, the questions that are put to them."""

    kind: str
    documents: list[search.Document]
    questions: dict[tuple[str, str], list[Question]] = field(default_factory=dict)


class Figures(NamedTuple):
    """The means over some questions."""

    success: float
    mrr: float
    ndcg: float


def figures(questions: Sequence[Question], ask: Callable[[str], Sequence[str]]) -> Figures:
    """How often a right answer is among the first ten, how high the first one is (reciprocal
    rank), and how good the ten are beside the best possible ten (nDCG)."""
    sums = [0.0, 0.0, 0.0]
    for question in questions:
        answers = [key for key in ask(question.text) if key != question.without][:TOP]
        gains = [question.gains.get(key, 0) for key in answers]
        first = next((place for place, gain in enumerate(gains, 1) if gain), 0)
        best = _discounted(sorted(question.gains.values(), reverse=True)[:TOP])
        sums[0] += bool(first)
        sums[1] += 1 / first if first else 0
        sums[2] += _discounted(gains) / best
    return Figures(*(total / len(questions) for total in sums))


def _discounted(gains: Iterable[int]) -> float:
    return sum((2**gain - 1) / math.log2(place + 1) for place, gain in enumerate(gains, 1))


# --- Asking -----------------------------------------------------------------------------------


def asker(kind: str) -> Callable[[str], Sequence[str]]:
    """The portal's search, with room for the document that is passed over."""
    return lambda typed: search.find(kind, search.SearchQuery.parse(typed), per_page=TOP + 1).ids


class Plain:
    """What it is compared with: FTS5 alone, ranked by bm25, the words as typed joined by OR."""

    def __init__(self, documents: Iterable[search.Document], weights: str = "") -> None:
        self.order = f"bm25(plain, 0, {weights})" if weights else "bm25(plain)"
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute(
            "CREATE VIRTUAL TABLE plain USING fts5(id UNINDEXED, title, summary, body,"
            " tokenize='unicode61 remove_diacritics 2')"
        )
        self.connection.executemany(
            "INSERT INTO plain VALUES (?, ?, ?, ?)",
            ((doc.object_id, doc.title, doc.summary, doc.body) for doc in documents),
        )

    def __call__(self, typed: str) -> Sequence[str]:
        words = dict.fromkeys("".join(c if _in_word(c) else " " for c in typed).split())
        if not words:
            return ()
        rows = self.connection.execute(
            f"SELECT id FROM plain WHERE plain MATCH ? ORDER BY {self.order}, rowid LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), TOP + 1),
        )
        return [key for (key,) in rows]


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"


# --- Questions --------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    """The words that mean something, as typed; of Chinese every four characters of a run."""
    found = []
    for word, unspaced in runs(text):
        if unspaced:
            found += [word[i : i + 4] for i in range(0, len(word) - 3, 2)]
        elif len(word) > 3 and not word.isdigit() and form(word) not in STOP_WORDS:
            found.append(word)
    return list(dict.fromkeys(found))


def _drawn(words: Sequence[str], chance: random.Random, number: int) -> list[str]:
    places = sorted(chance.sample(range(len(words)), min(number, len(words))))
    return [words[place] for place in places]


def _sentence(text: str, chance: random.Random) -> str:
    """Ten words in a row, or twenty characters."""
    if any(unspaced for _word, unspaced in runs(text)):
        start = chance.randrange(max(len(text) - 20, 1))
        return text[start : start + 20]
    words = text.split()
    start = chance.randrange(max(len(words) - 10, 1))
    return " ".join(words[start : start + 10])


def mistyped(words: Sequence[str], chance: random.Random) -> list[str]:
    """The longest word with two letters exchanged, one left out, doubled or replaced."""
    longest = max(words, key=len)
    place = chance.randrange(1, len(longest) - 1)
    before, letter, after = longest[:place], longest[place], longest[place + 1 :]
    wrong = {
        "exchanged": before + after[0] + letter + after[1:],
        "left out": before + after,
        "doubled": before + letter + letter + after,
        "replaced": before + chance.choice(longest.replace(letter, "") or "x") + after,
    }
    return [chance.choice(list(wrong.values())) if word == longest else word for word in words]


def unaccented(word: str) -> str:
    """As on a keyboard without accents; what is a letter of its own stays."""
    plain = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(c for c in plain if not "\u0300" <= c <= "\u036f"))


def inflected(word: str, language: str) -> str:
    """The word with another ending."""
    for rule in ENDINGS.get(language, "").split(" "):
        old, _colon, new = rule.partition(":")
        if old.startswith("^"):
            if word.startswith(old[1:]):
                return new + word[len(old) - 1 :]
        elif word.endswith(old):
            return word.removesuffix(old) + new
    return word


def _known_items(
    kind: str, documents: list[search.Document], languages: Iterable[str], every: int
) -> Collection:
    """Questions made of the texts of some of the documents, the same for the same texts."""
    collection = Collection(kind, documents)
    asked = collection.questions
    for language in languages:
        texts = [(doc.object_id, doc.summary) for doc in documents if doc.language == language]
        uses = Counter(word for _key, text in texts for word in _words(text))
        for key, text in texts[::every]:
            chance = random.Random(key)
            words = _words(text)
            rare = sorted(words, key=lambda word: (uses[word], -len(word)))[:4]
            drawn = _drawn(words, chance, 3)
            styles = {
                "telling words": [word for word in words if word in rare],
                "three words": drawn,
                "sentence": [_sentence(text, chance)],
                "typing error": mistyped(_drawn(words, chance, 4), chance),
            }
            if language not in {"zh", "id", "en", "ar", "ru"}:
                styles["no accents"] = [unaccented(word) for word in drawn]
            if language != "zh":
                styles["other endings"] = [inflected(word, language) for word in drawn]
            for style, parts in styles.items():
                question = Question(" ".join(parts), {key: 1})
                asked.setdefault((style, language), []).append(question)
    return collection


def _document(kind: str, key: str, language: str, title: str, summary: str) -> search.Document:
    return search.Document(kind, key, title, None, summary=summary, language=language)


@lru_cache
def _targets() -> list[search.Document]:
    """All targets in all languages, in one list: the languages are rivals."""
    with (ROOT / "hubs/data/sdg-targets.csv").open(encoding="utf-8", newline="") as file:
        return [
            _document("target", f"{language}:{row['code']}", language, row["code"], row[name])
            for row in csv.DictReader(file)
            for language in LANGUAGES
            for name in [f"text_{language}"]
        ]


def targets(every: int = 1) -> Collection:
    """Known items among the 169 targets in six languages, and the goals they belong to."""
    collection = _known_items("target", list(_targets()), LANGUAGES, every)
    with (ROOT / "hubs/data/sdg-goals.csv").open(encoding="utf-8", newline="") as file:
        goals = list(csv.DictReader(file))
    for language in LANGUAGES:
        for goal in goals:
            start = f"{language}:{goal['number']}."
            gains = {doc.object_id: 1 for doc in _targets() if doc.object_id.startswith(start)}
            for style in ("short", "title"):
                text = goal[f"{style}_{language}"].strip().replace('"', " ").replace("-", " ")
                name = f"goal, {'short name' if style == 'short' else 'sentence'}"
                collection.questions.setdefault((name, language), []).append(Question(text, gains))
    return collection


def human_rights(every: int = 1) -> Collection:
    """Known items in Portuguese and Indonesian, of which there are no targets."""
    documents = [
        _document("right", row["id"], row["language"], "", row["text"])
        for row in _rows("human-rights.jsonl.gz")
    ]
    return _known_items("right", documents, ("pt", "id"), every)


def projects(every: int = 6) -> Collection:
    """Projects of the World Bank: each sector of three or more by its name, and every so many
    objectives as a sentence that others of the same sector answer."""
    rows = list(_rows("world-bank-2012.jsonl.gz"))
    documents = [
        search.Document(
            "project",
            row["id"],
            row["name"],
            None,
            summary=row["objective"],
            body=f"{row['place']} {row['agency']}",
        )
        for row in rows
    ]
    by_sector: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        for place, sector in enumerate(dict.fromkeys(row["sectors"])):
            by_sector[sector][row["id"]] = 1 if place else 2
    collection = Collection("project", documents)
    collection.questions["sector, its name", "en"] = [
        Question(sector.replace(" - ", " "), gains)
        for sector, gains in sorted(by_sector.items())
        if len(gains) >= 3
    ]
    alike = []
    for row in rows[::every]:
        gains: Counter[str] = Counter()
        for sector in row["sectors"]:
            for key, gain in by_sector[sector].items():
                gains[key] = max(gains[key], gain if sector == row["sectors"][0] else 1)
        del gains[row["id"]]
        if gains:
            text = row["objective"][:LONGEST_QUERY].rpartition(" ")[0].replace('"', " ")
            alike.append(Question(text.replace(" -", " "), gains, row["id"]))
    collection.questions["sector, a sentence", "en"] = alike
    return collection


def _rows(name: str) -> Iterator[dict]:
    with gzip.open(ROOT / "bench" / "data" / name, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
