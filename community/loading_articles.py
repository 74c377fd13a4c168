"""Blog posts known from published sources, read from ``community/data/articles.json``.

Their texts are not held here: each names its source, and its page says so. One that is missing is
made; one that exists stays as its people keep it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from community.choices import ArticleState
from community.models import Article
from core.models import AuditEntry
from events.models import Person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import User
    from claims.models import Reference

FILE = Path(__file__).resolve().parent / "data" / "articles.json"


@transaction.atomic
def load_articles(*, sources: Mapping[str, Reference], by: User) -> int:
    """Make what is missing. Returns how many articles are new."""
    listed = json.loads(FILE.read_text(encoding="utf-8"))["articles"]
    return sum(_make(entry, sources, by) for entry in listed)


def _make(entry: dict[str, Any], sources: Mapping[str, Reference], by: User) -> bool:
    if Article.objects.filter(slug=entry["slug"]).exists():
        return False
    told = {name: value for name, value in entry.items() if name not in {"source", "guest"}}
    article = Article(
        **told, state=ArticleState.PUBLISHED, language="en", reference=sources[entry["source"]]
    )
    guest = Person.objects.filter(slug=entry["guest"]).first()
    if guest is None:
        article.byline = " ".join(word.capitalize() for word in entry["guest"].split("-"))
    article.full_clean(exclude=["reference", "begun_by"])
    article.save()
    if guest is not None:
        article.guests.add(guest)
    AuditEntry.record(by=by, verb="add_record", target=article)
    return True
