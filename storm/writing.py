"""Announce facts, each in a transaction of its own, and write into the ledger what was committed.

Whatever happens to the database meanwhile, a fact is announced until its commit is known: its key
makes the second announcement the same as the first.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--letters", type=int, required=True)
    parser.add_argument("--posts", type=int, required=True)
    parser.add_argument("--readers", type=int, required=True)
    parser.add_argument("--burst", type=int, default=500)
    parser.add_argument("--pause", type=float, default=0.0)
    asked = parser.parse_args()

    import django

    django.setup()
    every = max(1, asked.letters // max(1, asked.posts))
    with asked.ledger.open("a") as ledger:
        posts = 0
        for n in range(asked.letters):
            note(ledger, {"letter": n, "to": letter(n, asked.readers)})
            if n % every == 0 and posts < asked.posts:
                posts += 1
                note(ledger, {"post": post(n)})
            if (n + 1) % asked.burst == 0:
                time.sleep(asked.pause)


def note(ledger: Any, row: dict[str, Any]) -> None:
    ledger.write(json.dumps(row) + "\n")
    ledger.flush()
    os.fsync(ledger.fileno())


def until_committed(announce: Any) -> Any:
    """Do it until it is known to be done. A crash of the database is no reason to give up."""
    from django.db import Error, connection

    while True:
        try:
            return announce()
        except Error:
            connection.close()
            time.sleep(0.2)


def letter(n: int, readers: int) -> str:
    from django.db import transaction

    from accounts.kinds import NoticeKind
    from accounts.letters import LetterText, write_letter
    from accounts.models import User

    address = f"reader-{n % readers}@storm.example"

    def announce() -> str:
        text = LetterText.of(f"Storm letter {n}\n\nWhat happened.\n", "/")
        with transaction.atomic():
            to = User.objects.get(email=address)
            write_letter(to, kind=NoticeKind.CASE, letter=text, key=f"storm:{n}")
        return address

    return str(until_committed(announce))


def post(n: int) -> str:
    from accounts.models import User
    from community.models import Discussion
    from community.operations import discussing

    key = uuid.uuid5(uuid.NAMESPACE_OID, f"storm post {n}")

    def announce() -> str:
        written = discussing.write_post(
            Discussion.objects.get(title="Storm"),
            by=User.objects.get(member__handle="storm-writer"),
            body=f"<p>What we saw in round {n}.</p>",
            form_key=key,
        )
        return str(written.uid)

    return str(until_committed(announce))


if __name__ == "__main__":
    main()
