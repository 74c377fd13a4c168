"""What the directory of members costs: processor milliseconds of its pages, with few members and
with many, for a stranger and for a member.

    python bench/directory.py [--many 100000] [--rounds 7]

Makes its own database beside the configured one (SQLite, or PostgreSQL by DATABASE_URL) and
removes it at the end. Times are processor time of this process and, on PostgreSQL, of its
back-end; the last column is how much more the large directory costs.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
SCRATCH = tempfile.TemporaryDirectory()
os.environ["HUB_PROFILE"] = "test"
os.environ["HUB_VAR"] = SCRATCH.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (settings first)

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    setup_test_environment,
    teardown_test_environment,
)
from django.utils import timezone  # noqa: E402

from accounts.models import Language, OrganisationKind, Profile, User  # noqa: E402
from community import finding  # noqa: E402
from community.models import DirectoryEntry, Member  # noqa: E402
from hubs import reference as kept  # noqa: E402
from hubs.models import Country  # noqa: E402
from tests.factories import make_user, reference  # noqa: E402

FEW = 1_000
AT_ONCE = 2_000
SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so"]
TOPICS = ["water", "energy", "health", "schools", "budget", "audit", "forest", "transport"]
PAGES = {
    "whole list": "",
    "newest": "?sort=newest",
    "last page": "?page=1000000",
    "one country": "?country=C7",
    "country, kind": "?country=C7&country=C9&kind=civil",
    "largest group": "?kind=government",
    "rare word": "?q=%s",
    "common word": "?q=water",
    "word, country": "?q=water&country=C7",
    "three groups": "?q=water&kind=government&language=en",
    "excluded word": "?q=-water",
}


def people(number: int, chance: random.Random) -> None:
    """So many listed members more, made as the directory would make them."""
    countries = list(Country.objects.values_list("pk", flat=True))
    weights = [1 / (n + 1) ** 0.7 for n in range(len(countries))]
    languages = list(Language.objects.all())
    kinds, likely = OrganisationKind.values, [6, 3, 3, 2, 4, 2, 3, 1]
    first = User.objects.count()

    def word(least: int = 2, most: int = 4) -> str:
        return "".join(chance.choices(SYLLABLES, k=chance.randint(least, most)))

    for start in range(first, first + number, AT_ONCE):
        count = min(AT_ONCE, first + number - start)
        users = User.objects.bulk_create(
            User(email=f"p{start + n}@bench.example", name=f"{word()} {word()}".title())
            for n in range(count)
        )
        profiles = Profile.objects.bulk_create(
            Profile(
                user=user,
                organisation=f"{word()} {word()} {chance.choice(TOPICS)}".title(),
                organisation_kind=chance.choices(kinds, likely)[0],
                position=f"{chance.choice(TOPICS)} officer",
                country=chance.choices(countries, weights)[0],
                expertise=" ".join([chance.choice(TOPICS), *(word() for _w in range(6))]),
                name_audience=chance.choice(["public", "members", "members"]),
                audiences={
                    name: chance.choice(["public", "members", "nobody"])
                    for name in ("organisation", "country", "expertise")
                },
            )
            for user in users
        )
        Profile.languages.through.objects.bulk_create(
            Profile.languages.through(profile=profile, language=language)
            for profile in profiles
            for language in chance.sample(languages, chance.randint(1, 2))
        )
        members = Member.objects.bulk_create(
            Member(user=user, handle=f"m{start + n}x", is_listed=True, joined_at=timezone.now())
            for n, user in enumerate(users)
        )
        _enter(members)
        print(f"\r{start + count} members", end="", file=sys.stderr, flush=True)
    finding.mend_counts()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(file=sys.stderr)


def _enter(members: list[Member]) -> None:
    rows, wanted = [], []
    for member, entries in finding.wanted_of(members):
        for audience, one in entries.items():
            rows.append(
                DirectoryEntry(
                    member=member,
                    audience=audience,
                    name_sort=one.name_sort,
                    joined_at=member.joined_at,
                )
            )
            wanted.append(one)
    finding.lay(zip(DirectoryEntry.objects.bulk_create(rows), wanted, strict=True))


def back_end() -> float:
    """Processor seconds of this connection's process on PostgreSQL, if it runs here."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(client: Client, path: str, rounds: int) -> tuple[int, float]:
    """Queries and processor milliseconds of one page."""
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    # Counted now: the next request forgets them.
    number = len(queries)
    if answer.status_code != 200:
        sys.exit(f"{path} answers {answer.status_code}")
    taken = []
    for _n in range(rounds):
        # The clock of another process ticks a hundred times a second: several calls at a time.
        began, there = time.process_time(), back_end()
        for _again in range(3):
            client.get(path)
        taken.append((time.process_time() - began + back_end() - there) / 3 * 1000)
    return number, median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    setup_test_environment()
    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        _run(asked)
    finally:
        connection.creation.destroy_test_db(old, verbosity=0)
        teardown_test_environment()


def _run(asked: argparse.Namespace) -> None:
    reference()
    for n in range(60):
        Country.objects.create(
            iso2=f"{chr(65 + n // 10)}{n % 10}", iso3=f"C{n:02d}",
            names={"en": f"Country {n}"}, name_sort=f"country {n:02d}",
        )  # fmt: skip
    kept.forget()
    chance = random.Random(6)  # noqa: S311 (not a secret)
    reader = Client()
    reader.force_login(make_user())
    clients = {"stranger": Client(), "member": reader}
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for number in (FEW, asked.many):
        with transaction.atomic():
            people(number - Member.objects.count(), chance)
        rare = str(User.objects.filter(name__contains=" ").latest("pk").name.split()[0])
        for who, client in clients.items():
            for name, query in PAGES.items():
                path = f"/community/members/{query % rare if '%s' in query else query}"
                taken = measure(client, path, asked.rounds)
                found.setdefault((who, name), []).append(taken)
    print(f"{connection.vendor}, processor ms with {FEW} and with {asked.many} members")
    print(f"{'reader':10}{'page':16}{'queries':>8}{'few':>8}{'many':>8}{'ratio':>8}")
    for (who, name), ((queries, few), (_again, many)) in found.items():
        print(f"{who:10}{name:16}{queries:8}{few:8.1f}{many:8.1f}{many / few:8.2f}")


if __name__ == "__main__":
    main()
