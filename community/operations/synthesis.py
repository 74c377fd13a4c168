"""Writing and publishing the synthesis of a month; summing up a discussion.

Whoever writes holds the audit first and then the one row of the synthesis, so changes come one
after the other. A change says which revision it was made from: who comes second changes nothing
and is told ("stale"); the page shows both texts.

Posts are hidden and withdrawn under the audit as well (``discussing.move_post``), and publishing
locks those it quotes: a post is either still shown when a version is made, or not in it.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, Prefetch
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from community.models import (
    Conclusion,
    ConclusionSource,
    Discussion,
    Insight,
    MonthlyTheme,
    Post,
    Synthesis,
    SynthesisVersion,
    VersionSource,
    sources_for,
)
from community.operations import discussing
from community.people import seen_as, with_people
from community.signals import synthesis_published
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.richtext import clean, length
from core.text import plain
from participation.ordering import shifted

if TYPE_CHECKING:
    import uuid

    from accounts.models import User

#: Letters of each part, marks not counted.
LONGEST_INTRO, LONGEST_READING, LONGEST_EXPLANATION = 6_000, 4_000, 4_000
LONGEST_QUESTIONS = 3_000
LONGEST_QUOTE = 600
#: So many words stand as the quote until a keeper chooses others.
FIRST_WORDS = 280
MOST_CONCLUSIONS, MOST_SOURCES = 60, 30
#: Full stops that no space follows: those of Chinese and Japanese, the danda.
FULL_STOPS = "\u3002\uff01\uff1f\u0964"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A post a conclusion shall rest on; without a quote its first words stand for it."""

    post: Post
    quote: str = ""


# --- Words of a post ---------------------------------------------------------------------------


def spoken(text: str) -> str:
    """A text as it is compared: one space between words, whatever quotation marks were typed."""
    folded = unicodedata.normalize("NFC", text).translate(
        {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0xA0: " "}
    )
    return " ".join(folded.split())


def first_words(html: str, most: int = FIRST_WORDS) -> str:
    """The first sentence of a post, or its first words if that is long."""
    text = " ".join(plain(html).split())
    for place, char in enumerate(text[:most]):
        after = text[place + 1 : place + 2]
        if (char in ".!?؟" and after in {"", " "}) or char in FULL_STOPS:
            return text[: place + 1]
    if len(text) <= most:
        return text
    cut = text[:most]
    return cut[: cut.rfind(" ")] if " " in cut else cut


def stands_in(quote: str, html: str) -> bool:
    """Whether the quoted words are words of the post, in this order."""
    return spoken(quote) in spoken(plain(html))


# --- Holding -----------------------------------------------------------------------------------


def _hold(theme: MonthlyTheme, by: User) -> Synthesis:
    """The one synthesis of the theme, for this transaction alone; the first to write begins it."""
    if not by.has_perm("community.keep", theme):
        raise PermissionDenied
    AuditHead.hold()
    row = Synthesis.objects.select_for_update().filter(theme=theme).first()
    if row is None:
        row = Synthesis.objects.create(theme=theme, begun_by=by, changed_by=by)
        AuditEntry.record(by=by, verb="begin_synthesis", target=row)
    row.theme = theme
    return row


def _touch(row: Synthesis, by: User) -> None:
    Synthesis.objects.filter(pk=row.pk).update(changed_at=timezone.now(), changed_by=by)


def _stale() -> DomainError:
    return DomainError(
        _("Somebody changed this meanwhile. Compare both texts, then save again."), code="stale"
    )


def _text(html: str, field: str, most: int) -> str:
    """Rich text that may stay empty."""
    text = clean(html)
    return discussing.checked_text(text, field=field, most=most) if length(text) else ""


# --- Writing -----------------------------------------------------------------------------------


@transaction.atomic
def write_frame(
    theme: MonthlyTheme, *, by: User, intro: str, questions: str, reading: str, base: int
) -> Synthesis:
    """Write what stands around the conclusions. ``base`` is the revision the form showed."""
    values = {
        "intro": _text(intro, "intro", LONGEST_INTRO),
        "questions": "\n".join(line.strip() for line in questions.splitlines() if line.strip()),
        "reading": _text(reading, "reading", LONGEST_READING),
    }
    if len(values["questions"]) > LONGEST_QUESTIONS:
        told = _("Shorten this to %(most)d characters.") % {"most": LONGEST_QUESTIONS}
        raise ValidationError({"questions": told})
    row = _hold(theme, by)
    if all(getattr(row, name) == value for name, value in values.items()):
        return row
    if row.revision != base:
        raise _stale()
    for name, value in values.items():
        setattr(row, name, value)
    row.revision += 1
    row.save(update_fields=[*values, "revision"])
    _touch(row, by)
    return row


@transaction.atomic
def write_conclusion(
    theme: MonthlyTheme,
    *,
    by: User,
    sentence: str,
    explanation: str = "",
    sources: Iterable[Chosen] = (),
    conclusion: Conclusion | None = None,
    base: int = 0,
    form_key: uuid.UUID | None = None,
) -> Conclusion:
    """Add a conclusion, or change one. The same form sent twice adds one.

    A post it newly rests on must be a shown post of a discussion of this theme; one that was
    hidden since it was chosen may stay in the working copy, and stops the publication.
    """
    text = _text(explanation, "explanation", LONGEST_EXPLANATION)
    row = _hold(theme, by)
    if conclusion is None:
        if form_key and (there := row.conclusions.filter(form_key=form_key).first()):
            return there
        if row.conclusions.count() >= MOST_CONCLUSIONS:
            told = _("A synthesis has up to %(most)d conclusions. Join some of them.")
            raise DomainError(told % {"most": MOST_CONCLUSIONS}, code="many")
        last = row.conclusions.aggregate(last=Max("position"))["last"] or 0
        kept = Conclusion(synthesis=row, position=last + 1, form_key=form_key)
    else:
        kept = _there(row, conclusion)
    chosen = _checked(theme, kept, list(sources))
    words = sentence.strip()
    if conclusion is not None and kept.revision != base:
        same = kept.sentence == words and kept.explanation == text
        if same and _quotes(kept) == {one.post.pk: one.quote for one in chosen}:
            return kept
        raise _stale()
    kept.sentence, kept.explanation = words, text
    kept.full_clean(exclude=["synthesis", "form_key"])
    if conclusion is not None:
        kept.revision += 1
    kept.save()
    kept.sources.exclude(post__in=[one.post for one in chosen]).delete()
    for one in chosen:
        ConclusionSource.objects.update_or_create(
            conclusion=kept, post=one.post, defaults={"quote": one.quote}
        )
    _touch(row, by)
    return kept


def _there(row: Synthesis, conclusion: Conclusion) -> Conclusion:
    found = row.conclusions.filter(pk=conclusion.pk).first()
    if found is None:
        raise DomainError(
            _("Somebody took this conclusion out meanwhile. Your text is still here: save it as a"
              " new conclusion, or leave."),
            code="gone",
        )  # fmt: skip
    return found


def _quotes(conclusion: Conclusion) -> dict[int, str]:
    return dict(conclusion.sources.values_list("post_id", "quote"))


def _checked(
    theme: MonthlyTheme, conclusion: Conclusion, sources: Sequence[Chosen]
) -> list[Chosen]:
    """The sources with the words that are quoted, or a refusal at the field."""
    if len(sources) > MOST_SOURCES:
        told = _("Choose up to %(most)d posts.") % {"most": MOST_SOURCES}
        raise ValidationError({"sources": told})
    before = _quotes(conclusion) if conclusion.pk else {}
    keys = [one.post.pk for one in sources]
    usable = {post.pk: post for post in sources_for(theme).filter(pk__in=keys)}
    found, refused = [], {}
    for one in sources:
        post = usable.get(one.post.pk)
        if post is None:
            if one.post.pk not in before:
                told = _("Choose posts that are shown in a discussion of this theme.")
                raise ValidationError({"sources": told})
            found.append(Chosen(one.post, before[one.post.pk]))
            continue
        quote = " ".join(one.quote.split())
        if len(quote) > LONGEST_QUOTE:
            refused[f"quote_{post.uid}"] = _("Shorten this to %(most)d characters.") % {
                "most": LONGEST_QUOTE
            }
        elif quote and not stands_in(quote, post.body):
            refused[f"quote_{post.uid}"] = _("These words do not stand in the post. Quote it.")
        found.append(Chosen(post, quote or first_words(post.body)))
    if refused:
        raise ValidationError(refused)
    return found


@transaction.atomic
def move_conclusion(conclusion: Conclusion, *, by: User, up: bool) -> None:
    """One place up or down."""
    row = _hold(conclusion.synthesis.theme, by)
    kept = _there(row, conclusion)
    changed = shifted(row.conclusions.order_by("position", "pk"), kept.pk, up=up)
    Conclusion.objects.bulk_update(changed, ["position"])
    if changed:
        _touch(row, by)


@transaction.atomic
def take_out_conclusion(conclusion: Conclusion, *, by: User) -> None:
    """Take a conclusion out of the working copy. Its words stay in the audit; versions that were
    published keep it."""
    row = _hold(conclusion.synthesis.theme, by)
    kept = row.conclusions.filter(pk=conclusion.pk).first()
    if kept is None:
        return
    AuditEntry.record(
        by=by,
        verb="take_out_conclusion",
        target=row,
        note=kept.sentence,
        explanation=kept.explanation,
    )
    kept.delete()
    _touch(row, by)


# --- Publishing --------------------------------------------------------------------------------


def conclusions_of(row: Synthesis) -> list[Conclusion]:
    """The conclusions in order, with sources, posts, authors and insights. Two queries."""
    posts = ConclusionSource.objects.select_related("post__discussion", "post__insight")
    sources = with_people(posts, "post__author").order_by("post__discussion", "post__number", "pk")
    rows = row.conclusions.order_by("position", "pk")
    return list(rows.prefetch_related(Prefetch("sources", sources)))


def _address(post: Post) -> str:
    """Where a post stands, the same in whatever language its keeper works."""
    with translation.override(settings.LANGUAGE_CODE):
        return reverse("community:post", args=[post.uid])


def content_of(row: Synthesis, conclusions: Sequence[Conclusion]) -> dict[str, Any]:
    """What a version freezes for good: the keepers' words, and where every source stands."""
    return {
        "title": row.theme.title,
        "month": row.theme.month,
        "intro": row.intro,
        "questions": row.questions.splitlines(),
        "reading": row.reading,
        "conclusions": [
            {
                "uid": one.uid,
                "number": number,
                "sentence": one.sentence,
                "explanation": one.explanation,
                "sources": [
                    {
                        "post": source.post.uid,
                        "url": _address(source.post),
                        "number": source.post.number,
                        "written": source.post.written_at.isoformat(),
                        "revision": source.post.revision,
                    }
                    for source in one.sources.all()
                ],
            }
            for number, one in enumerate(conclusions, 1)
        ],
    }


def state_of(row: Synthesis, conclusions: Sequence[Conclusion]) -> str:
    """A fingerprint of the working copy with its quotes: what a keeper saw in the preview."""
    quotes = [
        [(source.post_id, source.quote) for source in one.sources.all()] for one in conclusions
    ]
    told = json.dumps([content_of(row, conclusions), quotes], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def problems_of(row: Synthesis, conclusions: Sequence[Conclusion]) -> list[tuple[str, str]]:
    """What stands against publishing: the conclusion's uid ("" for the whole) and the words."""
    if not conclusions:
        return [("", _("Write at least one conclusion."))]
    keys = [source.post_id for one in conclusions for source in one.sources.all()]
    usable = set(sources_for(row.theme).filter(pk__in=keys).values_list("pk", flat=True))
    found = []
    for number, one in enumerate(conclusions, 1):
        sources, named = list(one.sources.all()), {"n": number}
        if not sources:
            told = _("Conclusion %(n)d rests on no post. Choose at least one.")
            found.append((one.uid, told % named))
        if any(source.post_id not in usable for source in sources):
            told = _("Conclusion %(n)d rests on a post that is no longer shown. Take it out.")
            found.append((one.uid, told % named))
        if any(
            source.post_id in usable and not stands_in(source.quote, source.post.body)
            for source in sources
        ):
            told = _("Conclusion %(n)d quotes words that its post no longer has.")
            found.append((one.uid, told % named))
    return found


@transaction.atomic
def publish(
    theme: MonthlyTheme, *, by: User, form_key: uuid.UUID, note: str = "", seen: str = ""
) -> SynthesisVersion:
    """Freeze the working copy as the next version and let everybody read it.

    ``seen`` is the state the keeper read in the preview. The same form sent twice is one version.
    """
    row = _hold(theme, by)
    there = row.versions.filter(form_key=form_key).first()
    if there is not None:
        return there
    linked = ConclusionSource.objects.filter(conclusion__synthesis=row).values_list("post_id")
    keys = sorted({key for (key,) in linked})
    list(Post.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    conclusions = conclusions_of(row)
    if problems := problems_of(row, conclusions):
        raise DomainError(problems[0][1], code="not-ready")
    if seen and seen != state_of(row, conclusions):
        raise DomainError(
            _("Somebody changed the synthesis since you opened the preview. Read it again."),
            code="stale",
        )
    last = row.versions.order_by("-number").first()
    content, kept = content_of(row, conclusions), _kept(conclusions)
    if last is not None and _is_same(last, content, kept):
        raise DomainError(
            _("Nothing changed since version %(n)d.") % {"n": last.number}, code="same"
        )
    words = " ".join(note.split())
    if last is not None and not words:
        raise ValidationError({"note": _("Say what changed since the last version.")})
    version = SynthesisVersion(
        synthesis=row,
        number=last.number + 1 if last else 1,
        form_key=form_key,
        content=content,
        note=words,
        published_at=timezone.now(),
        published_by=by,
    )
    version.full_clean(exclude=["synthesis", "published_by", "form_key"])
    version.save()
    for source in kept:
        source.version = version
    VersionSource.objects.bulk_create(kept)
    row._make("publish_synthesis", by=by, note=words, data={"version": version.number})
    synthesis_published.send(SynthesisVersion, version=version, by=by)
    return version


def _kept(conclusions: Iterable[Conclusion]) -> list[VersionSource]:
    """The words and authors of all sources, as everybody may read them today."""
    found = []
    for one in conclusions:
        for position, source in enumerate(one.sources.all(), 1):
            post = source.post
            seen = seen_as(post.author, AnonymousUser())
            insight: Insight | None = getattr(post, "insight", None)
            found.append(
                VersionSource(
                    conclusion=one.uid,
                    position=position,
                    post_uid=post.uid,
                    post=post,
                    post_revision=post.revision,
                    written_at=post.written_at,
                    quote=source.quote,
                    insight=insight.text if insight else "",
                    author_name=seen.name[:300],
                    organisation=seen.organisation[:300],
                    country=seen.country[:100],
                )
            )
    return found


def _is_same(last: SynthesisVersion, content: Any, kept: Iterable[VersionSource]) -> bool:
    before = set(last.sources.values_list("conclusion", "post_uid", "quote"))
    now = {(row.conclusion, row.post_uid, row.quote) for row in kept}
    return bool(last.content == content and before == now)


# --- Forgetting --------------------------------------------------------------------------------


@transaction.atomic
def forget_post(post: Post) -> None:
    """Take the words and the author of a withdrawn post out of everything that quoted it."""
    gone = dict.fromkeys((*VersionSource.WORDS, *VersionSource.PERSON), "")
    VersionSource.objects.filter(post=post).update(**gone)
    ConclusionSource.objects.filter(post=post).update(quote="")


def forget_author(user: User) -> None:
    """Take the name of somebody who closed their account out of everything that quoted them.
    What they wrote stays, as it does in the discussions."""
    VersionSource.objects.filter(post__author=user).update(
        **dict.fromkeys(VersionSource.PERSON, "")
    )


# --- Summaries ---------------------------------------------------------------------------------


def summary_state(discussion: Discussion) -> str:
    """Which summary a form was opened with."""
    return discussion.summary_at.isoformat() if discussion.summary_at else ""


@transaction.atomic
def write_summary(
    discussion: Discussion, *, by: User, summary: str, covers: int, base: str
) -> None:
    """Write where a discussion stands; whoever comes second is told ("stale")."""
    if not by.has_perm("community.keep", discussion):
        raise PermissionDenied
    AuditHead.hold()
    row = discussing.hold_discussion(discussion)
    if base != summary_state(row) and clean(summary) != row.summary:
        raise _stale()
    discussing.sum_up(row, by=by, summary=summary, covers=covers)


def insights_of(theme: MonthlyTheme) -> list[Insight]:
    """What was picked this month, discussion by discussion. One query."""
    rows = Insight.objects.filter(post__in=sources_for(theme)).select_related("post__discussion")
    return list(
        with_people(rows, "post__author").order_by("post__discussion", "post__number", "pk")
    )
