"""Forms of whoever keeps a theme: insights, summaries, conclusions, publishing, and what grows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.forms.fields import language_choices
from community.forms.labs import OnceForm
from community.models import Conclusion, Discussion, LivingLab, Post, Synthesis, sources_for
from community.operations import synthesis as operations
from community.operations.discussing import LONGEST_SUMMARY
from community.operations.outgrowing import MOST_POSTS
from core.fields import DateField, LimitedField, LongField, PickField, PicksField, western
from core.richtext import RichTextField
from core.text import base_language, plain
from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from community.models import MonthlyTheme

LONGEST_SENTENCE = 300


class InsightForm(forms.Form):
    """What a post teaches."""

    text = LongField(
        label=gettext_lazy("What it teaches, in one sentence"),
        max_length=LONGEST_SENTENCE,
        help_text=gettext_lazy(
            "Readers see it below the post. The synthesis of the month is written from such"
            " sentences, so it should carry without the post."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write what it teaches.")},
    )


class SummaryForm(forms.Form):
    """Where a discussion stands."""

    base = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    summary = RichTextField(
        label=gettext_lazy("Summary so far"),
        max_length=LONGEST_SUMMARY,
        required=False,
        help_text=gettext_lazy(
            "What is agreed, what is open. Leave it empty to take the summary away."
        ),
    )
    covers = forms.IntegerField(
        label=gettext_lazy("It covers the posts up to number"),
        min_value=1,
        help_text=gettext_lazy("The number of the last post you have taken up."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "w-num"}),
        error_messages={
            "required": gettext_lazy("Give the number of a post."),
            "invalid": gettext_lazy("Give the number of a post."),
        },
    )

    def __init__(self, *args: Any, discussion: Discussion, **kwargs: Any) -> None:
        self.last = discussion.last_number
        covers = discussion.summary_covers if discussion.summary else self.last
        kwargs["initial"] = {
            "base": operations.summary_state(discussion),
            "summary": discussion.summary,
            "covers": covers,
        }
        super().__init__(*args, **kwargs)

    def clean_covers(self) -> int:
        covers = int(self.cleaned_data["covers"])
        if covers > self.last:
            raise forms.ValidationError(
                ngettext("There is %(n)d post so far.", "There are %(n)d posts so far.", self.last)
                % {"n": self.last}
            )
        return covers


class FrameForm(forms.Form):
    """What stands around the conclusions."""

    base = forms.IntegerField(widget=forms.HiddenInput, required=False)
    intro = RichTextField(
        label=gettext_lazy("Introduction"),
        max_length=operations.LONGEST_INTRO,
        required=False,
        help_text=gettext_lazy("What was asked, who answered, and how to read the conclusions."),
    )
    questions = LongField(
        label=gettext_lazy("Questions that stay open"),
        max_length=operations.LONGEST_QUESTIONS,
        required=False,
        help_text=gettext_lazy("One question a line."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reading = RichTextField(
        label=gettext_lazy("What to read next"),
        max_length=operations.LONGEST_READING,
        required=False,
        help_text=gettext_lazy("Solutions, references, other months. Links are welcome."),
    )

    def __init__(self, *args: Any, synthesis: Synthesis | None, **kwargs: Any) -> None:
        if synthesis is not None:
            kwargs["initial"] = {
                "base": synthesis.revision,
                "intro": synthesis.intro,
                "questions": synthesis.questions,
                "reading": synthesis.reading,
            }
        super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "intro": data["intro"],
            "questions": data["questions"],
            "reading": data["reading"],
            "base": data["base"] or 0,
        }


def _line(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


class ConclusionForm(OnceForm):
    """One conclusion: its sentence, what explains it, and the posts it rests on.

    A tick box for each insight of the month and each post that is a source already; further posts
    are named by their addresses. Each source that is there has its quoted words to change; a new
    one stands with its first words until then.
    """

    base = forms.IntegerField(widget=forms.HiddenInput, required=False)
    sentence = LongField(
        label=gettext_lazy("Conclusion, in one sentence"),
        max_length=LONGEST_SENTENCE,
        help_text=gettext_lazy("So that it can be read alone, years later."),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write the conclusion.")},
    )
    explanation = RichTextField(
        label=gettext_lazy("Explanation"),
        max_length=operations.LONGEST_EXPLANATION,
        required=False,
        help_text=gettext_lazy("Why it holds, where it does not, what it looks like in practice."),
    )
    sources = PicksField(
        label=gettext_lazy("Posts it rests on"), most=operations.MOST_SOURCES, required=False
    )
    more = LongField(
        label=gettext_lazy("Other posts, by their addresses"),
        max_length=4000,
        required=False,
        help_text=gettext_lazy(
            "Copy the link of a post in a discussion of this theme. One address a line."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
    )

    def __init__(
        self,
        *args: Any,
        theme: MonthlyTheme,
        conclusion: Conclusion | None = None,
        start: Post | None = None,
        **kwargs: Any,
    ) -> None:
        self.theme = theme
        linked = (
            list(
                conclusion.sources.select_related("post__discussion", "post__insight").order_by(
                    "post__discussion", "post__number"
                )
            )
            if conclusion
            else []
        )
        self.posts: dict[str, Post] = {row.post.uid: row.post for row in linked}
        usable = set(
            sources_for(theme)
            .filter(pk__in=[row.post_id for row in linked])
            .values_list("pk", flat=True)
        )
        insights = operations.insights_of(theme)
        for insight in insights:
            self.posts.setdefault(insight.post.uid, insight.post)
        if start is not None:
            self.posts.setdefault(start.uid, start)
        first: dict[str, Any] = {"sources": [row.post.uid for row in linked]}
        if conclusion is not None:
            first |= {
                "base": conclusion.revision,
                "sentence": conclusion.sentence,
                "explanation": conclusion.explanation,
            }
        elif start is not None:
            told = next((row.text for row in insights if row.post_id == start.pk), "")
            first |= {"sources": [start.uid], "sentence": told}
        kwargs["initial"] = first | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        #: Sources that are not shown any more: their words are on no page.
        self.lost = {row.post.uid for row in linked if row.post_id not in usable}
        texts = {row.post.uid: row.text for row in insights}
        choices, hints = [], {}
        for uid, post in self.posts.items():
            words = operations.first_words(post.body)
            label = (
                _("This post is no longer shown.") if uid in self.lost else texts.get(uid, words)
            )
            choices.append((uid, _line(label, 300)))
            hints[uid] = _("%(discussion)s, post %(number)d") % {
                "discussion": _line(post.discussion.title, 80),
                "number": post.number,
            }
        self.fields["sources"].choices = choices  # type: ignore[attr-defined]
        self.fields["sources"].option_hints = hints  # type: ignore[attr-defined]
        if not choices:
            del self.fields["sources"]
        self.quoted: list[str] = []
        for row in linked:
            uid = row.post.uid
            if uid in self.lost:
                continue
            self.quoted.append(f"quote_{uid}")
            self.fields[f"quote_{uid}"] = LongField(
                label=_("Quoted words of post %(number)d in “%(discussion)s”")
                % {"number": row.post.number, "discussion": _line(row.post.discussion.title, 60)},
                max_length=operations.LONGEST_QUOTE,
                required=False,
                initial=row.quote,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def quotes(self) -> list[forms.BoundField]:
        """The fields for quoted words, one for each source."""
        return [self[name] for name in self.quoted]

    def clean_more(self) -> str:
        """Addresses of posts; one that leads nowhere is named."""
        typed: str = self.cleaned_data["more"]
        self.further: list[Post] = []
        uids: dict[str, str] = {}
        for line in filter(None, (row.strip() for row in typed.splitlines())):
            uids[line] = _uid_of(line)
        found = {
            post.uid: post
            for post in sources_for(self.theme).filter(
                uid__in=[uid for uid in uids.values() if uid]
            )
        }
        for line, uid in uids.items():
            if uid not in found:
                raise forms.ValidationError(
                    _("“%(address)s” is not a post of this theme’s discussions.")
                    % {"address": _line(line, 80)}
                )
            self.further.append(found[uid])
        return typed

    def values(self) -> dict[str, Any]:
        """What the operation takes."""
        data = self.cleaned_data
        ticked = data.get("sources") or []
        chosen = {
            uid: operations.Chosen(self.posts[uid], data.get(f"quote_{uid}", "")) for uid in ticked
        }
        for post in self.further:
            chosen.setdefault(post.uid, operations.Chosen(post))
        return {
            "sentence": data["sentence"],
            "explanation": data["explanation"],
            "sources": list(chosen.values()),
        }


#: How a post is addressed, in whatever language the page was read: by itself, or by its place on
#: the page of its discussion, which is what the browser shows after following the first.
BY_ITSELF = re.compile(r"/posts/([a-z0-9]{1,12})/")
BY_PLACE = re.compile(r"/discussions/([a-z0-9]{1,12})/[^#]*#p([0-9]{1,9})$")


def _uid_of(address: str) -> str:
    """The post an address of this portal leads to, or nothing."""
    if found := BY_ITSELF.search(address):
        return found[1]
    if found := BY_PLACE.search(address):
        rows = Post.objects.filter(discussion__uid=found[1], number=int(found[2]))
        return rows.values_list("uid", flat=True).first() or ""
    return ""


class PublishForm(OnceForm):
    """Publish what the preview showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    note = LimitedField(
        label=gettext_lazy("What changed"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Readers see it beside the version. The first one needs none."),
    )


# --- What grows out of a discussion ------------------------------------------------------------


class GrowForm(OnceForm):
    """Which posts a record comes from."""

    #: So many posts are listed; others are named by their numbers.
    LISTED = 40

    posts = PicksField(label=gettext_lazy("Posts it comes from"), required=False)
    numbers = LimitedField(
        label=gettext_lazy("Other posts, by their numbers"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("With commas between them: 12, 40"),
    )

    def __init__(
        self, *args: Any, choosable: Any, start: Sequence[str] = (), **kwargs: Any
    ) -> None:
        self.choosable = choosable
        rows = choosable.order_by("-useful", "number")
        first = list(rows.filter(Q(insight__isnull=False) | Q(uid__in=start))[: self.LISTED])
        rest = rows.exclude(pk__in=[row.pk for row in first])[: self.LISTED - len(first)]
        listed = sorted([*first, *rest], key=lambda row: row.number)
        self.by_uid = {row.uid: row for row in listed}
        kwargs["initial"] = {"posts": [uid for uid in start if uid in self.by_uid]} | (
            kwargs.get("initial") or {}
        )
        super().__init__(*args, **kwargs)
        self.fields["posts"].choices = [  # type: ignore[attr-defined]
            (row.uid, _line(" ".join(plain(row.body).split()), 200)) for row in listed
        ]
        self.fields["posts"].option_hints = {  # type: ignore[attr-defined]
            row.uid: _("Post %(number)d") % {"number": row.number} for row in listed
        }
        if len(listed) < self.LISTED:
            del self.fields["numbers"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [self.by_uid[uid] for uid in data.get("posts") or []]
        typed = [part.strip() for part in western(data.get("numbers", "")).split(",")]
        wanted = list(dict.fromkeys(part for part in typed if part))
        digits = [int(part) for part in wanted if part.isdecimal() and len(part) <= 9]
        by_number = {
            str(row.number): row for row in self.choosable.filter(number__in=digits[:MOST_POSTS])
        }
        for part in wanted:
            if part not in by_number:
                told = _("There is no post %(number)s to choose.") % {"number": _line(part, 20)}
                self.add_error("numbers", told)
            elif by_number[part] not in chosen:
                chosen.append(by_number[part])
        if not chosen and not self.errors:
            self.add_error("posts", _("Choose at least one post."))
        if len(chosen) > MOST_POSTS:
            told = _("Choose up to %(most)d posts.") % {"most": MOST_POSTS}
            self.add_error("posts", told)
        self.chosen = chosen
        return data


class LessonForm(GrowForm):
    """A lesson for a lab."""

    lab = PickField(label=gettext_lazy("Living lab"))
    text = LongField(
        label=gettext_lazy("Lesson, in one sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    detail = LongField(
        label=gettext_lazy("What it rests on"),
        max_length=3000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    field_order = ("form_key", "posts", "numbers", "lab", "text", "detail")

    def __init__(self, *args: Any, labs: Sequence[LivingLab], **kwargs: Any) -> None:
        self.labs = {str(lab.pk): lab for lab in labs}
        super().__init__(*args, **kwargs)
        self.fields["lab"].choices = [  # type: ignore[attr-defined]
            *([] if len(self.labs) == 1 else [("", _("Choose one"))]),
            *((key, str(lab)) for key, lab in self.labs.items()),
        ]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "lab": self.labs[data["lab"]],
            "text": data["text"],
            "detail": data["detail"],
            "posts": self.chosen,
            "form_key": data["form_key"],
        }


class ReferenceForm(GrowForm):
    """A work that a discussion names, for the library."""

    title = LimitedField(label=gettext_lazy("Title of the work"), max_length=400)
    authors = LimitedField(
        label=gettext_lazy("Authors of the work"), max_length=300, required=False
    )
    publisher = LimitedField(label=gettext_lazy("Publisher"), max_length=200, required=False)
    date = DateField(
        label=gettext_lazy("Date"), required=False, help_text=gettext_lazy("A year is enough.")
    )
    url = forms.URLField(
        label=gettext_lazy("Address"), max_length=500, required=False, assume_scheme="https"
    )
    field_order = (
        "form_key", "title", "authors", "publisher", "date", "url", "posts", "numbers",
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        names = ("title", "authors", "publisher", "date", "url")
        return {
            "values": {name: data[name] for name in names},
            "posts": self.chosen,
            "form_key": data["form_key"],
        }


class SolutionForm(GrowForm):
    """A draft of the catalogue."""

    title = LimitedField(
        label=gettext_lazy("Title of the solution"),
        max_length=150,
        help_text=gettext_lazy("You can change it later."),
    )
    language = PickField(label=gettext_lazy("Which language will you write in?"))
    field_order = ("form_key", "posts", "numbers", "title", "language")

    def __init__(self, *args: Any, discussion: Discussion, **kwargs: Any) -> None:
        language = base_language(discussion.language or "en")
        kwargs["initial"] = {
            "title": discussion.title[:150],
            "language": language if language in reference.languages() else "en",
        } | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = language_choices(  # type: ignore[attr-defined]
            code for code, _name in settings.LANGUAGES
        )

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "title": data["title"],
            "language": data["language"],
            "posts": self.chosen,
            "form_key": data["form_key"],
        }
