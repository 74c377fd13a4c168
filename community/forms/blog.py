"""Forms of the blog: writing, correcting, what editors answer, comments.

Records are named rather than picked from long lists: suggestions come while typing, and the
address of a record's page or its number works, too. So it goes on any phone and without scripts.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from taggit.models import Tag

from catalogue.forms.fields import (
    Codes,
    NamesField,
    TextsInput,
    language_choices,
)
from catalogue.forms.pages import hub_label
from catalogue.models import Solution
from community.blog import tags_in_use
from community.models import Chapter, LivingLab, MonthlyTheme
from community.operations.blogging import LONGEST, text_of
from community.operations.discussing import LONGEST as LONGEST_COMMENT
from core.fields import LimitedField, LongField, PickField, western
from core.forms import PortalBoundField
from core.plaintext import is_broken, tidy
from core.richtext import RichTextField, RichTextInput
from core.text import base_language, fold
from events.forms.fields import DayField
from events.models import Event, Person
from hubs import reference
from hubs.models import Hub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet

    from accounts.models import User
    from community.models import Article

#: Of each kind, as many records, tags and guests.
MOST = 10
MOST_TAGS, LONGEST_TAG = 8, 40
#: So many names are suggested at once.
MOST_SUGGESTED = 400
#: Fields whose inputs multiply.
LISTED = ("tags", "solutions", "hubs", "events", "guests")


class Names:
    """Records of one kind by what people call them. Two queries at most, however many there are."""

    def __init__(
        self,
        rows: QuerySet[Any],
        label: Callable[[Any], str],
        others: Callable[[Any], Iterable[str]],
    ) -> None:
        self.rows, self.label, self.others = rows, label, others
        self._keys: dict[str, list[str]] | None = None
        self._labels: dict[str, str] = {}

    def _read(self) -> dict[str, list[str]]:
        if self._keys is None:
            keys: dict[str, list[str]] = defaultdict(list)
            for row in self.rows[:MOST_SUGGESTED]:
                key = str(row.pk)
                self._labels[key] = self.label(row)
                for name in {fold(text) for text in (self.label(row), *self.others(row)) if text}:
                    keys[name].append(key)
            self._keys = keys
        return self._keys

    def called(self, text: str) -> list[str]:
        """The keys of the records a text can mean: a name, or the address of the page."""
        keys = self._read()
        if found := keys.get(fold(text)):
            return found
        slug = text.strip().rstrip("/").rsplit("/", 1)[-1]
        row = self.rows.filter(slug=slug).first() if re.fullmatch(r"[-\w]{1,80}", slug) else None
        if row is None:
            return []
        self._labels[str(row.pk)] = self.label(row)
        return [str(row.pk)]

    def name_of(self, key: str) -> str:
        self._read()
        if key not in self._labels:
            row = self.rows.model._default_manager.filter(pk=key).first()
            self._labels[key] = self.label(row) if row else ""
        return self._labels[key]

    def suggestions(self) -> list[str]:
        self._read()
        return list(dict.fromkeys(self._labels.values()))


class Numbers:
    """Public solutions by their number or the address of their page."""

    def called(self, text: str) -> list[str]:
        match = re.search(r"(?:^|/)S?-?0*(\d{1,7})(?:\b.*)?$", western(text), re.IGNORECASE)
        if match is None:
            return []
        rows = Solution.objects.public().filter(number=int(match[1]))
        return [str(key) for key in rows.values_list("pk", flat=True)]

    def name_of(self, key: str) -> str:
        row = Solution.objects.filter(pk=key).first()
        return row.reference if row else ""


class WordsField(forms.Field):
    """Words an article is found by, each in an input of its own. One that is in use already is
    written as it is there."""

    widget = TextsInput

    def clean(self, value: Any) -> list[str]:
        found: dict[str, str] = {}
        for typed in value or []:
            if is_broken(typed):
                raise ValidationError(_("One of these is not text."), code="broken")
            for part in re.split("[,;\u060c\uff0c\u3001\u061b]", tidy(typed)):
                word = re.sub(r"\s+", " ", part).strip(" #\"'")
                if fold(word):
                    found.setdefault(fold(word), word)
        if len(found) > MOST_TAGS:
            raise ValidationError(
                _("Keep up to %(most)d words. There are %(n)d now."),
                code="many",
                params={"most": MOST_TAGS, "n": len(found)},
            )
        for word in found.values():
            if len(word) > LONGEST_TAG:
                raise ValidationError(
                    _("“%(word)s …” is too long for one word to find it by."),
                    code="long",
                    params={"word": word[:30]},
                )
        used = Tag.objects.filter(name__in=[*found.values(), *(w.lower() for w in found.values())])
        known = {fold(name): name for name in used.values_list("name", flat=True)}
        return sorted(known.get(key, word) for key, word in found.items())


class TextBoundField(PortalBoundField):
    """A draft may be saved without its text, but not sent: the text is not called optional."""

    @property
    def optional(self) -> bool:
        return self.name != "body" and super().optional


class TextForm(forms.Form):
    """What readers read: title, summary, text."""

    bound_field_class = TextBoundField
    title = LimitedField(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    lede = LongField(
        label=gettext_lazy("In one or two sentences"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Stands under the title, in lists and in the feed."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    body = RichTextField(
        label=gettext_lazy("Text"),
        max_length=LONGEST,
        required=False,
        widget=RichTextInput(attrs={"rows": 24}),
    )
    opened = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    #: Whether a text must be there.
    needs_text = False

    def clean_lede(self) -> str:
        return " ".join(str(self.cleaned_data["lede"]).split())

    def clean_body(self) -> str:
        try:
            return text_of(self.cleaned_data["body"], is_needed=self.needs_text)
        except ValidationError as refusal:
            raise ValidationError(refusal.message_dict["body"]) from None


class ArticleForm(TextForm):
    """An article as its author writes it."""

    language = PickField(label=gettext_lazy("Language of the text"))
    tags = WordsField(
        label=gettext_lazy("Words to find it by"),
        required=False,
        widget=TextsInput(suggestions="tags-in-use"),
        help_text=gettext_lazy("Up to eight. Words in use are suggested."),
    )
    theme = PickField(label=gettext_lazy("Theme of a month"), required=False)
    chapter = PickField(label=gettext_lazy("Chapter"), required=False)
    lab = PickField(label=gettext_lazy("Living lab"), required=False)
    publish_on = DayField(
        label=gettext_lazy("Day you would like it to appear"),
        required=False,
        help_text=gettext_lazy("None: as soon as an editor has accepted it."),
    )
    byline = LimitedField(
        label=gettext_lazy("Author, as readers see it"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Only for a guest who is not on record as a person."),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    field_order = (
        "title", "lede", "body", "language", "tags", "theme", "chapter", "lab",
        "solutions", "hubs", "events", "guests", "byline", "publish_on",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        user: User,
        article: Article | None = None,
        needs_text: bool = False,
        typed: Any = None,
        **kwargs: Any,
    ) -> None:
        """``typed``: what was kept of the form, shown again without judging it."""
        kwargs.setdefault("initial", _stored(article) if article else _first())
        super().__init__(*args, **kwargs)
        self.needs_text = needs_text
        self.names = self._name_records(user)
        if not user.is_staff:
            del self.fields["byline"]
        self._choices(user, article)
        if typed is not None:
            for name, one in self.fields.items():
                told = one.widget.value_from_datadict(typed, {}, self.add_prefix(name))
                if told is not None:
                    self.initial[name] = told

    def _name_records(self, user: User) -> dict[str, Names | Numbers]:
        names: dict[str, Names | Numbers] = {
            "solutions": Numbers(),
            "hubs": Names(
                Hub.objects.filter(is_listed=True, merged_into=None).order_by("name", "pk"),
                hub_label,
                lambda hub: (hub.name, hub.acronym),
            ),
            "events": Names(
                Event.objects.filter(is_public=True).order_by("-starts", "pk"),
                lambda event: f"{event.name} ({event.starts[:4]})" if event.starts else event.name,
                lambda event: (event.name, event.short),
            ),
        }
        words: dict[str, Any] = {
            "solutions": (
                _("Solutions it is about"),
                _("Their numbers, like S-0042, or the addresses of their pages."),
                _("There is no solution “%(text)s”. A number looks like S-0042."),
            ),
            "hubs": (_("Hubs it is about"), "", _("No hub is called “%(text)s”.")),
            "events": (
                _("Events it is about"),
                _("Their names, or the addresses of their pages."),
                _("No event is called “%(text)s”."),
            ),
        }
        if user.is_staff:
            names["guests"] = Names(
                Person.objects.order_by("sort_name", "name", "pk"),
                lambda person: person.name,
                lambda person: (person.sort_name,),
            )
            words["guests"] = (
                _("Guest experts who wrote it"),
                _("People on record. With a guest, your own name does not stand above the post."),
                _("No person on record is called “%(text)s”."),
            )
        for name, records in names.items():
            label, hint, unknown = words[name]
            suggestions = "" if name == "solutions" else f"known-{name}"
            self.fields[name] = NamesField(
                label=label,
                help_text=hint,
                required=False,
                read=records.called,
                label_of=records.name_of,
                unknown=unknown,
                most=MOST,
                widget=TextsInput(suggestions=suggestions),
            )
        self.order_fields(self.field_order)
        return names

    def _choices(self, user: User, article: Article | None) -> None:
        self.fields["language"].choices = language_choices(  # type: ignore[attr-defined]
            code for code, _name in settings.LANGUAGES
        )
        self.places: dict[str, dict[str, Any]] = {}
        for name, model in (("theme", MonthlyTheme), ("chapter", Chapter), ("lab", LivingLab)):
            rows = {
                str(row.pk): row
                for row in model._default_manager.visible_to(user)  # type: ignore[attr-defined]
            }
            self.places[name] = rows
            self.fields[name].choices = [  # type: ignore[attr-defined]
                ("", _("None")), *((key, _place_label(row)) for key, row in rows.items()),
            ]  # fmt: skip
            if not rows:
                del self.fields[name]

    def suggestions(self) -> dict[str, list[str]]:
        """Names offered while typing, by the id of their list."""
        found = {
            f"known-{name}": records.suggestions()
            for name, records in self.names.items()
            if isinstance(records, Names)
        }
        return found | {"tags-in-use": [row["name"] for row in tags_in_use(MOST_SUGGESTED)]}

    def told(self) -> dict[str, Any]:
        """For ``operations.blogging.save_article``."""
        data = self.cleaned_data
        found: dict[str, Any] = {
            name: data[name] for name in ("title", "lede", "body", "language", "tags")
        }
        found["publish_on"] = data["publish_on"]
        for name, rows in self.places.items():
            if name in data:
                found[name] = rows.get(data[name])
        for name in ("solutions", "hubs", "events", "guests"):
            if name in data:
                found[name] = [int(key) for key in data[name]]
        if "byline" in data:
            found["byline"] = data["byline"]
        return found

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        for name, otherwise in (("form_key", None), ("opened", 0)):
            if self.errors.pop(name, None) or self.cleaned_data.get(name) is None:
                self.cleaned_data[name] = otherwise
        self.cleaned_data["form_key"] = self.cleaned_data["form_key"] or uuid.uuid4()


def _place_label(row: Any) -> str:
    return f"{row} ({row.month})" if isinstance(row, MonthlyTheme) else str(row)


def _first() -> dict[str, Any]:
    language = base_language(get_language() or "en")
    return {
        "form_key": uuid.uuid4(),
        "opened": 0,
        "language": language if language in reference.languages() else "en",
    }


def _stored(article: Article) -> dict[str, Any]:
    """What an article says, for its form."""
    found: dict[str, Any] = {
        name: getattr(article, name)
        for name in ("title", "lede", "body", "language", "byline", "publish_on")
    }
    found |= {
        name: str(getattr(article, f"{name}_id") or "") for name in ("theme", "chapter", "lab")
    }
    for name in ("solutions", "hubs", "events", "guests"):
        keys = getattr(article, name).order_by("pk").values_list("pk", flat=True)
        found[name] = Codes(str(key) for key in keys)
    found["tags"] = sorted(article.tags.names())
    return found | {"opened": article.revision, "form_key": article.form_key}


class CorrectionForm(TextForm):
    """What is published, put right."""

    reason = LimitedField(
        label=gettext_lazy("What was wrong?"),
        max_length=200,
        help_text=gettext_lazy("Readers see it with the date. The earlier text stays readable."),
        error_messages={"required": gettext_lazy("Say in a few words what was wrong.")},
    )

    def __init__(self, *args: Any, article: Article, typed: Any = None, **kwargs: Any) -> None:
        first = {name: getattr(article, name) for name in ("title", "lede", "body")}
        super().__init__(*args, initial=first | {"opened": article.revision}, **kwargs)
        self.needs_text = article.has_text()
        if not self.needs_text:
            del self.fields["body"]
        if typed is not None:
            for name, one in self.fields.items():
                told = one.widget.value_from_datadict(typed, {}, name)
                if told is not None:
                    self.initial[name] = told

    def told(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name, "") for name in ("title", "lede", "body")}


class DecisionForm(forms.Form):
    """What an editor tells the author."""

    words = LongField(
        label=gettext_lazy("Remarks for the author"),
        max_length=4000,
        required=False,
        help_text=gettext_lazy("What to change, and why. Only the author and the editors read it."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    base = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    mark_optional = False


class CommentForm(forms.Form):
    """A comment on an article."""

    body = RichTextField(
        label=gettext_lazy("Your comment"),
        max_length=LONGEST_COMMENT,
        widget=RichTextInput(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Write something first.")},
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, initial={"form_key": uuid.uuid4()}, **kwargs)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None) or not self.cleaned_data.get("form_key"):
            self.cleaned_data["form_key"] = uuid.uuid4()
