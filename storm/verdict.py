"""Compare the three witnesses of a storm: what was announced, what the database says, what the mail
server took."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Verdict:
    """What a storm found. ``lost`` is silent loss: not told in the portal, or the mail neither
    arrived nor stands before a person as "perhaps sent" or "given up"."""

    announced: int = 0
    expected: int = 0
    arrived: int = 0
    held: int = 0
    held_undelivered: int = 0
    lost: int = 0
    double: int = 0
    foreign_id: int = 0
    extra: int = 0
    max_copies: int = 0
    digests: int = 0
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        share = 100 * self.extra / max(1, self.expected)
        told = [
            f"facts announced        {self.announced}",
            f"mails expected         {self.expected}",
            f"  arrived              {self.arrived}",
            f"  held for a person    {self.held}, of which not arrived {self.held_undelivered}",
            f"digests                {self.digests}, each once",
            f"surplus copies         {self.extra} ({share:.2f} %)",
            *self.notes,
        ]
        last = f"lost={self.lost} double={self.double} foreign_id={self.foreign_id}"
        return "\n".join([*told, f"{last} extra={self.extra} max_copies={self.max_copies}"])


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a log; a last line that was cut is none."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def judge(folder: Path) -> Verdict:
    from django.db.models import Count

    from accounts.models import User
    from community.models import Post
    from notifications.models import Delivery, Notice, Notification

    found, ledger, mails = Verdict(), lines(folder / "ledger.jsonl"), lines(folder / "sink.jsonl")
    copies = Counter(mail["id"] for mail in mails)
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    posts = {row["post"] for row in ledger if "post" in row}
    for mail in mails:
        ids[mail["to"], _fact(mail, posts)].add(mail["id"])

    held_states = (Delivery.State.UNCONFIRMED, Delivery.State.DEAD)
    held = set(Delivery.objects.filter(state__in=held_states).values_list("message_id", flat=True))
    of_notice = defaultdict(dict)
    rows = Notification.objects.select_related("delivery", "notice", "user")
    for row in rows.filter(delivery__isnull=False):
        of_notice[row.notice.key][row.user.email] = row.delivery.message_id
    told = defaultdict(set)
    for key, address in rows.values_list("notice__key", "user__email"):
        told[key].add(address)

    pk_of = dict(Post.objects.values_list("uid", "pk"))
    followers = set(
        User.objects.filter(email__startswith="follower-").values_list("email", flat=True)
    )
    digesters = set(
        User.objects.filter(email__startswith="digest-").values_list("email", flat=True)
    )
    for row in ledger:
        found.announced += 1
        if "letter" in row:
            key, fact, people, mailed = (
                f"storm:{row['letter']}",
                f"letter {row['letter']}",
                {row["to"]},
                {row["to"]},
            )
        else:
            key = f"post:{pk_of.get(row['post'])}"
            fact, people, mailed = f"post {row['post']}", followers | digesters, followers
        found.expected += len(mailed)
        found.lost += len(people - told[key])
        for address in mailed & told[key]:
            mine = of_notice[key].get(address)
            arrived = bool(ids.get((address, fact)))
            found.arrived += arrived
            if mine in held:
                found.held += 1
                found.held_undelivered += not arrived
            elif not arrived:
                found.lost += 1
    found.foreign_id = sum(len(each) - 1 for each in ids.values() if len(each) > 1)
    found.extra = sum(n - 1 for n in copies.values())
    found.max_copies = max(copies.values(), default=0)

    twice = Notification.objects.values("notice", "user").annotate(n=Count("pk")).filter(n__gt=1)
    found.double = twice.count() + Notice.objects.filter(done_at=None).count()
    unread = dict(
        Notification.objects.filter(in_portal=True, read_at=None)
        .order_by()
        .values("user")
        .annotate(n=Count("pk"))
        .values_list("user", "n")
    )
    for pk, counted in User.objects.values_list("pk", "unread"):
        found.double += unread.get(pk, 0) != counted
    digests = Delivery.objects.exclude(sort=Delivery.Sort.NOTICE)
    found.digests = digests.count()
    found.lost += len(digesters) - digests.values("user").distinct().count()
    found.double += found.digests - digests.values("user", "period").distinct().count()
    states = Counter(Delivery.objects.values_list("state", flat=True))
    found.notes.append("deliveries             " + ", ".join(f"{k} {n}" for k, n in states.items()))
    return found


def _fact(mail: dict[str, Any], posts: set[str]) -> str:
    """What a mail is about: letters say it in their subject, mails about a post by its link."""
    if mail["subject"].startswith("Storm letter "):
        return str(mail["subject"].removeprefix("Storm "))
    words = mail["text"].replace("#", "/").replace("?", "/").split("/")
    return next((f"post {word}" for word in words if word in posts), mail["id"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    import django

    django.setup()
    print(judge(asked.folder))


if __name__ == "__main__":
    main()
