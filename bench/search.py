"""What finding costs: processor milliseconds of search and facet counts on made-up documents.

    python bench/search.py [--size 10000] [--repeat 15]

With ``DATABASE_URL`` it measures that database, which must hold no search documents of others;
without, an SQLite file in a temporary folder. Times are processor time of this process and
of its PostgreSQL back-end together, because they hardly move when the machine is busy.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")
os.environ["HUB_PROFILE"] = "development"
_folder = tempfile.TemporaryDirectory(prefix="search-bench-")
os.environ["HUB_VAR"] = _folder.name

import django  # noqa: E402 (settings first)

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from core import search  # noqa: E402
from core.models import SearchDocument, SearchFacet, SearchWord  # noqa: E402
from core.search import SearchQuery  # noqa: E402

KIND = "bench"
GROUPS = ["sector", "country", "sdg", "tag", "label", "hub", "language"]
VOCABULARY = 12_000  # words of each language
TOPICS = {
    "en": "water sanitation pump irrigation education teacher school literacy health vaccine "
    "clinic flood early warning farmer seed harvest budget audit energy solar forest",
    "es": "agua saneamiento riego educación maestro escuela salud vacuna clínica inundación alerta "
    "agricultor semilla cosecha presupuesto energía bosque capacitación",
    "fr": "eau assainissement irrigation éducation enseignant école santé vaccin clinique "
    "inondation alerte agriculteur semence récolte budget énergie forêt",
    "pt": "água saneamento irrigação educação professor escola saúde vacina clínica enchente "
    "agricultor semente colheita orçamento energia floresta",
}
SYLLABLES = {
    "en": "ing ter con pro ment ac tion le ver ro de lo ca si re na mu port an form",
    "es": "ción mi en to ra cio na li dad re con do ga so te bra ño",
    "fr": "tion ment ré con que eur age té dé ou vrai ance gn li",
    "pt": "ção men to ra ci ais dade re con do ga ão lh ei",
}
QUERIES: list[tuple[str, dict[str, list[str]]]] = [
    ("", {}),
    ("", {"sector": ["s1"]}),
    ("", {"sector": ["s1"], "country": ["c1", "c2"]}),
    ("education", {}),
    ("water", {}),
    ("water teacher", {}),
    ("water", {"sector": ["s3"], "country": ["c1", "c2", "c3"]}),
    ('"early warning"', {}),
    ("water -education", {}),
    ("how can early warning of a flood reach the farmer and the teacher in time", {}),
    ("irigation", {}),
]


def zipf(number: int, power: float) -> list[float]:
    return list(accumulate(1 / rank**power for rank in range(1, number + 1)))


def documents(size: int) -> Iterator[search.Document]:
    """The same documents for the same size: 250 words each, one in ten from their topic."""
    chance = random.Random(8)  # noqa: S311 (not a secret)
    words = {
        language: [
            "".join(chance.choices(parts.split(), k=chance.randint(2, 4)))
            for _ in range(VOCABULARY)
        ]
        for language, parts in SYLLABLES.items()
    }
    weights = zipf(VOCABULARY, 1.05)
    countries, sectors, tags, hubs = zipf(193, 0.9), zipf(24, 0.7), zipf(2_000, 1.0), zipf(300, 0.8)

    def some(prefix: str, weights: list[float], number: int) -> set[str]:
        return {
            f"{prefix}{n + 1}"
            for n in chance.choices(range(len(weights)), cum_weights=weights, k=number)
        }

    for key in range(size):
        language = chance.choices(["en", "es", "fr", "pt"], [5, 3, 1, 1])[0]
        topic = chance.sample(TOPICS[language].split(), 5)
        text = chance.choices(words[language], cum_weights=weights, k=250)
        for place in range(0, 250, 10):
            text[place + chance.randrange(10)] = chance.choice(topic)
        yield search.Document(
            KIND,
            str(key),
            title=" ".join(text[:8]).capitalize(),
            summary=" ".join(text[8:45]),
            body=" ".join(text[45:]),
            language=language,
            published_at=datetime(2015, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(4_000)),
            rank=chance.randrange(4),
            facets={
                "sector": some("s", sectors, chance.randint(1, 3)),
                "country": some("c", countries, 1),
                "sdg": some("g", [float(n) for n in range(1, 18)], chance.randint(1, 4)),
                "tag": some("t", tags, chance.randint(2, 8)),
                "label": some("l", [1.0, 2.0, 4.0, 8.0], 1),
                "hub": some("h", hubs, 1),
                "language": {language},
            },
        )


class Clock:
    """Processor milliseconds of this process and its database back-end."""

    def __init__(self) -> None:
        self.backend: Path | None = None
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def now(self) -> float:
        ours = time.process_time() * 1_000
        return ours + (int(self.backend.read_text().split()[0]) / 1e6 if self.backend else 0)

    def measure(self, name: str, ask: Callable[[], object], repeat: int) -> None:
        spent = []
        for _ in range(repeat):
            start = self.now()
            answer = ask()
            spent.append(self.now() - start)
        print(f"{name:<58}{statistics.median(spent):8.1f}{min(spent):8.1f}   {answer}", flush=True)


def fill(size: int, clock: Clock) -> None:
    others = SearchDocument.objects.exclude(kind=KIND).count()
    if others:
        sys.exit(f"This database holds {others} search documents of others: use an empty one.")
    if SearchDocument.objects.count() != size:
        search.rebuild(KIND, [])
        start, wall = clock.now(), time.monotonic()
        waiting = iter(documents(size))
        for done in range(1_000, size + 1_000, 1_000):
            search.index_many(islice(waiting, 1_000))
            print(f"{min(done, size)} of {size} indexed", file=sys.stderr)
        spent, passed = (clock.now() - start) / 1_000, time.monotonic() - wall
        print(f"indexed in {spent:.1f} s of processor time, {passed:.1f} s by the clock")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    facets, words = SearchFacet.objects.count(), SearchWord.objects.count()
    print(f"{size} documents, {facets} facet values, {words} words; {connection.vendor}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    clock = Clock()
    fill(options.size, clock)
    print(f"{'CPU ms':<58}{'median':>8}{'least':>8}")
    for typed, selected in QUERIES:
        name = f"{typed[:30] or '(no words)'} {' + '.join(selected)}".strip()
        clock.measure(
            f"find   {name}",
            lambda typed=typed, selected=selected: (
                search.find(KIND, SearchQuery.parse(typed), selected).total
            ),
            options.repeat,
        )
        clock.measure(
            f"counts {name}",
            lambda typed=typed, selected=selected: sum(
                map(
                    len,
                    search.facet_counts(KIND, SearchQuery.parse(typed), selected, GROUPS).values(),
                )
            ),
            options.repeat,
        )
    for name, ask in {
        "everywhere water": lambda: search.find_everywhere(SearchQuery.parse("water"))[KIND].total,
        "suggest wat": lambda: len(search.suggest("wat")),
        "did you mean irigation": lambda: search.did_you_mean(SearchQuery.parse("irigation")),
        "similar": lambda: len(search.similar(KIND, title="early warning of a flood")),
    }.items():
        clock.measure(name, ask, options.repeat)


if __name__ == "__main__":
    main()
