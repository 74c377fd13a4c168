"""What tests of the community need. Every name and text is made up."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from community.choices import Trust
from community.models import (
    Article,
    Chapter,
    Discussion,
    LivingLab,
    Member,
    MonthlyTheme,
    Post,
)
from community.models.members import forget_member
from community.operations import discussing
from tests.factories import make_hub, make_user

if TYPE_CHECKING:
    from accounts.models import User

_count = itertools.count(1)


def make_theme(**values: Any) -> MonthlyTheme:
    n = next(_count)
    return MonthlyTheme.objects.create(
        **{"slug": f"theme-{n}", "title": f"Deeper wells {n}", "month": "2024-05"} | values
    )


def make_chapter(**values: Any) -> Chapter:
    n = next(_count)
    return Chapter.objects.create(
        **{"slug": f"chapter-{n}", "name": f"Chapter of valley {n}", "region": "The valley"}
        | values
    )


def make_member(user: User | None = None, **values: Any) -> User:
    """Somebody who takes part and whose posts go out at once, unless told otherwise."""
    user = user or make_user()
    n = next(_count)
    Member.objects.create(**{"user": user, "handle": f"member-{n}", "trust": Trust.KNOWN} | values)
    forget_member(user)
    return user


def open_theme(**values: Any) -> MonthlyTheme:
    """A theme of the present month."""
    return make_theme(**{"month": f"{timezone.localdate():%Y-%m}"} | values)


def make_lab(**values: Any) -> LivingLab:
    n = next(_count)
    return LivingLab.objects.create(
        **{
            "slug": f"lab-{n}",
            "name": f"Lab of the valley {n}",
            "status": "running",
            "hub": values.pop("hub", None) or make_hub(),
        }
        | values
    )


def make_discussion(place: Any = None, *, by: User | None = None, **values: Any) -> Discussion:
    """A discussion with its first post."""
    return discussing.begin_discussion(
        **{
            "by": by or make_member(),
            "place": place or open_theme(),
            "title": f"Who pays for the pump {next(_count)}",
            "body": "<p>We asked the users. They pay by the bucket.</p>",
            "form_key": uuid.uuid4(),
        }
        | values
    )


def make_post(discussion: Discussion, *, by: User | None = None, **values: Any) -> Post:
    return discussing.write_post(
        discussion,
        **{
            "by": by or make_member(),
            "body": f"<p>Answer {next(_count)}</p>",
            "form_key": uuid.uuid4(),
        }
        | values,
    )


def make_article(**values: Any) -> Article:
    """A published blog post by a member."""
    n = next(_count)
    return Article.objects.create(
        **{
            "slug": f"article-{n}",
            "title": f"What the well taught us {n}",
            "lede": "Three years of buckets.",
            "body": "<p>It began with a bucket.</p>",
            "state": "published",
            "published_on": "2024-05-02",
            "begun_by": values.pop("begun_by", None) or make_member(),
        }
        | values
    )
