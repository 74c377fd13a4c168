"""An example month for trying the community: the theme of the present month, two discussions, an
insight and a held first post. All of it says that it is an example and speaks only of how the
portal works: nobody real is said to have written anything."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from community.choices import Component, Trust
from community.models import Discussion, GuidingQuestion, Member, MonthlyTheme, Post
from community.operations import discussing, joining
from core.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.models import User

TITLE = "Example: From a question to a synthesis"
#: Role of the demonstration account to its short name. The last one is new: what it writes waits.
MEMBERS = {
    "practitioner": "practitioner",
    "editor": "hub-editor",
    "focal-point": "focal-point",
    "reviewer": "reviewer-one",
    "chair": "panel-chair",
    "reviewer-2": "newcomer",
}
NEW = "reviewer-2"
FACILITATOR = "focal-point"

#: Who says what in the first discussion; an answer names the number of the post it answers.
POSTS: tuple[tuple[str, int, str], ...] = (
    (
        "practitioner",
        0,
        (
            "<p>Example. A month begins with a question and ends with a text that others can use."
            " In between, members say what they did, where, and what came of it.</p><p>What makes a"
            " contribution useful to somebody who reads it in three years?</p>"
        ),
    ),
    (
        "editor",
        1,
        (
            "<p>Example. A number with its year, and the name of the place. Without them nobody can"
            " check or compare.</p>"
        ),
    ),
    (
        "reviewer",
        2,
        (
            "<p>Example. And what did not work. <strong>The reason for a failure travels better"
            " than the story of a success.</strong></p>"
        ),
    ),
    (
        "chair",
        0,
        (
            "<p>Example. Quote the words you answer: press “Reply” under a post. @practitioner"
            " learns that somebody named them.</p>"
        ),
    ),
    (
        NEW,
        0,
        (
            "<p>Example. This is the first post of a new member: only moderators see it until one"
            " of them has read it.</p>"
        ),
    ),
)
INSIGHT = "Example: A reason for failure travels better than a story of success."
SUMMARY = (
    "<p>Example. Agreed: give the year and the place of every number. Open: where to keep what did"
    " not work.</p>"
)


@transaction.atomic
def make_examples(people: Mapping[str, User]) -> int:
    """Let the demonstration accounts join, and make the example month if it is missing."""
    for role, handle in MEMBERS.items():
        if not Member.objects.filter(user=people[role]).exists():
            joining.join(by=people[role], handle=handle, is_listed=role != NEW)
    Member.objects.filter(user__in=[people[role] for role in MEMBERS if role != NEW]).update(
        trust=Trust.KNOWN
    )
    month = f"{timezone.localdate():%Y-%m}"
    if MonthlyTheme.objects.filter(title=TITLE, month=month).exists():
        return 0
    theme = _theme(month, people)
    discussion = _discussion(theme, people)
    discussing.begin_discussion(
        by=people["reviewer"],
        place=theme,
        title="Example: Where do you keep what did not work?",
        body="<p>Example. A second question of the month. Nobody has answered it yet.</p>",
        form_key=uuid.uuid4(),
        language="en",
    )
    picked = discussion.posts.get(number=3)
    discussing.pick_insight(picked, by=people[FACILITATOR], text=INSIGHT)
    discussing.sum_up(discussion, by=people[FACILITATOR], summary=SUMMARY, covers=4)
    for reader in ("practitioner", "editor"):
        discussing.mark_useful(picked, by=people[reader], useful=True)
    return 1


def _theme(month: str, people: Mapping[str, User]) -> MonthlyTheme:
    theme = MonthlyTheme(
        slug=f"{month}-example",
        title=TITLE,
        month=month,
        component=Component.EVALUATE,
        summary="Example: what makes what you write useful to somebody in three years?",
    )
    theme.full_clean()
    theme.save()
    theme.stewards.add(people[FACILITATOR])
    for position, text in enumerate(
        (
            "Example: What do you look for when you read about somebody else’s practice?",
            "Example: What do you leave out, and why?",
        )
    ):
        GuidingQuestion.objects.create(theme=theme, text=text, position=position)
    AuditEntry.record(by=people[FACILITATOR], verb="add_record", target=theme)
    return theme


def _discussion(theme: MonthlyTheme, people: Mapping[str, User]) -> Discussion:
    by, _answered, body = POSTS[0]
    discussion = discussing.begin_discussion(
        by=people[by],
        place=theme,
        title="Example: What makes a contribution useful later?",
        body=body,
        form_key=uuid.uuid4(),
        language="en",
    )
    for by, answered, body in POSTS[1:]:
        there = Post.objects.filter(discussion=discussion, number=answered).first()
        discussing.write_post(
            discussion, by=people[by], body=body, form_key=uuid.uuid4(), reply_to=there
        )
    return discussion
