"""How well the search finds: known texts in eight languages, and lists that were judged.

    python bench/relevance.py [--db postgres://…] [--every 1] [--snapshot]

Without ``--db`` on SQLite; it may be repeated, and "sqlite" is one. Each database is made anew
and taken away again, or with ``--keep`` kept (in ``HUB_VAR``) for the next run. With ``--snapshot``
the answers are made in the process as well, over a snapshot. ``--every 4`` asks a quarter of the
questions about known texts. ``--collection`` adds a judged collection from a file of JSON lines,
{"id", "title", "text"} for a document and {"question", "gains": {id: gain}} for a question, for
collections that may not be passed on.

Prints a table, and last one ``name ratio`` line for each goal: success within ten answers beside
0.95, nDCG@10 beside FTS5 alone (``docs/relevance.md``). From 1 on a goal is met.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LEAST_SUCCESS = 0.95


def measure(options: argparse.Namespace) -> None:
    """On the database of the environment, one line of JSON for each sort of question."""
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

    import django  # noqa: PLC0415 (settings first)

    django.setup()

    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import get_runner, setup_test_environment  # noqa: PLC0415

    from core import search  # noqa: PLC0415
    from core.search import looking  # noqa: PLC0415
    from core.search.building import build  # noqa: PLC0415
    from tests.core import relevance_data as data  # noqa: PLC0415

    def tell(engine: str, collection: data.Collection) -> None:
        plain = data.Plain(collection.documents)
        weighed = data.Plain(collection.documents, "3.0, 2.0, 1.0")
        for (sort, language), questions in collection.questions.items():
            row: dict[str, Any] = {
                "engine": engine,
                "sort": sort,
                "language": language,
                "questions": len(questions),
                "judged": any(len(question.gains) > 1 for question in questions),
                "ours": data.figures(questions, data.asker(collection.kind)),
                "plain": data.figures(questions, plain),
                "weighed": data.figures(questions, weighed).ndcg,
            }
            print(json.dumps(row), flush=True)

    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False, keepdb=options.keep)
    made = runner.setup_databases()
    try:
        collections = [
            data.targets(options.every),
            data.human_rights(options.every),
            data.projects(),
            *map(from_file, options.collection),
        ]
        for collection in collections:
            place = Path(settings.SEARCH_SNAPSHOT)
            place.unlink(missing_ok=True)
            search.rebuild(collection.kind, collection.documents)
            tell(connection.vendor, collection)
            if options.snapshot:
                place.parent.mkdir(parents=True, exist_ok=True)
                build(place)
                assert looking.view() is not None
                tell(f"{connection.vendor} + snapshot", collection)
            search.rebuild(collection.kind, [])
    finally:
        runner.teardown_databases(made)


def from_file(path: Path) -> Any:
    """A judged collection that is not part of the project."""
    from core import search  # noqa: PLC0415 (settings first)
    from tests.core import relevance_data as data  # noqa: PLC0415

    collection = data.Collection(path.stem, [])
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if "question" in row:
            question = data.Question(row["question"], row["gains"])
            collection.questions.setdefault((path.stem, "en"), []).append(question)
        else:
            document = search.Document(
                path.stem, row["id"], row["title"][:300], None, "", row["text"]
            )
            collection.documents.append(document)
    return collection


def rows_of(database: str, arguments: list[str], folder: str) -> Iterator[dict[str, Any]]:
    """The lines of one database, measured in a process of its own."""
    environment = os.environ | {"HUB_VAR": folder, "LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_URL", None)
    if database != "sqlite":
        environment["DATABASE_URL"] = database
    command = [sys.executable, __file__, "--measure", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        sys.exit(f"{database} could not be measured.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", action="append", default=[])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--snapshot", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--collection", type=Path, action="append", default=[])
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options)
        return
    arguments = [f"--every={options.every}"]
    arguments += [f"--{name}" for name in ("snapshot", "keep") if getattr(options, name)]
    arguments += [f"--collection={path.resolve()}" for path in options.collection]
    with tempfile.TemporaryDirectory(prefix="relevance-bench-") as folder:
        if options.keep:
            folder = os.environ.get("HUB_VAR", str(ROOT / "var" / "bench-relevance"))
        report(options.db or ["sqlite"], arguments, folder)


def report(databases: list[str], arguments: list[str], folder: str) -> None:
    """The table, and the goals."""
    print(
        f"{'engine':<22}{'question':<20}{'language':<9}{'asked':>6}"
        f"{'success':>9}{'MRR':>7}{'nDCG':>7}{'plain':>8}{'nDCG':>7}{'weighed':>9}{'ratio':>7}"
    )
    least: defaultdict[str, float] = defaultdict(lambda: 9.0)
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for database in databases:
        for row in rows_of(database, arguments, folder):
            success, mrr, ndcg = row["ours"]
            plain_success, _mrr, plain = row["plain"]
            print(
                f"{row['engine']:<22}{row['sort']:<20}{row['language']:<9}{row['questions']:>6}"
                f"{success:>9.3f}{mrr:>7.3f}{ndcg:>7.3f}{plain_success:>8.3f}{plain:>7.3f}"
                f"{row['weighed']:>9.3f}{f'{ndcg / plain:.2f}' if plain else '':>7}",
                flush=True,
            )
            engine = row["engine"].replace(" + ", "-")
            if row["judged"]:
                sort = row["sort"].partition(",")[0]
                both = sums[f"relevance-ndcg-{sort}-{row['language']}-{engine}"]
                both[0] += ndcg * row["questions"]
                both[1] += plain * row["questions"]
            else:
                name = f"relevance-success-{row['language']}-{engine}"
                least[name] = min(least[name], success / LEAST_SUCCESS)
    for name, ratio in least.items():
        print(f"{name} {ratio:.3f}")
    for name, (ours, plain) in sums.items():
        if plain:
            print(f"{name} {ours / plain:.3f}")


if __name__ == "__main__":
    main()
