"""A statement: only what its topic can have, and where it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from claims.models import Claim, Reference
from claims.topics import Shape, Topic
from core.fields import DateField, LimitedField, LongField, PickField
from hubs import reference
from hubs.forms.fields import NumberField, WebField, country_choices
from hubs.forms.profile import named
from hubs.models import Hub, HubClaim
from hubs.operations.stating import Source
from hubs.topics import SHARES

OWN, NEW = "own", "new"
LIKE_A_DATE = gettext_lazy("Like 2013, 2013-05 or 2013-05-16.")


# --- Where it can be read ----------------------------------------------------------------


class SourceForm(forms.Form):
    """A source that is there, the hub's own word, or another one described here."""

    source = PickField(
        label=gettext_lazy("Where can this be read?"),
        error_messages={
            "invalid_choice": gettext_lazy("Choose one of the list."),
            "required": gettext_lazy("Say where this can be read."),
        },
    )
    place = LimitedField(
        label=gettext_lazy("Page or section"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Where in the source: page 12, section 3, annex."),
    )
    source_title = LimitedField(label=gettext_lazy("Title"), max_length=400, required=False)
    source_authors = LimitedField(label=gettext_lazy("Authors"), max_length=300, required=False)
    source_publisher = LimitedField(label=gettext_lazy("Publisher"), max_length=200, required=False)
    source_date = DateField(
        label=gettext_lazy("Date of the source"), required=False, help_text=LIKE_A_DATE
    )
    source_url = WebField(label=gettext_lazy("Address on the web"), max_length=500, required=False)
    #: What describes a new source, in the order of the form.
    DESCRIBED = (
        "source_title", "source_authors", "source_publisher", "source_date", "source_url",
    )  # fmt: skip

    mark_optional = True

    def __init__(self, *args: Any, hub: Hub, cited: list[Reference], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hub = hub
        self.cited = {str(row.pk): row for row in cited if row.key != f"own:{hub.slug}"}
        own = {row.pk for row in cited} - {row.pk for row in self.cited.values()}
        self.own_pk = next(iter(own), None)
        groups: list[Any] = [
            ("", _("Choose a source")),
            (OWN, _("The hub’s own statement")),
            (NEW, _("Another source, described below")),
        ]
        if self.cited:
            rows = [(key, short_citation(row)) for key, row in self.cited.items()]
            groups.append((_("Sources of this hub"), rows))
        self.fields["source"].choices = groups

    @property
    def describes(self) -> bool:
        """Whether the description of a new source is to stand open."""
        filled = any(self[name].value() for name in self.DESCRIBED)
        return filled or self["source"].value() == NEW

    def source_key(self, reference: Reference | None) -> str:
        """How the list names a source."""
        if reference is None:
            return ""
        return OWN if reference.key == f"own:{self.hub.slug}" else str(reference.pk)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        described = any(str(self[name].value() or "").strip() for name in self.DESCRIBED)
        if described and self.has_error("source", "required"):
            del self.errors["source"]  # who describes a source has said where it can be read
            data["source"] = NEW
        chosen = data.get("source", "")
        if not chosen:
            return data
        if chosen in self.cited or chosen == OWN:
            if described:
                self.add_error(
                    "source",
                    _(
                        "You chose a source and described another. Choose “Another source”, or"
                        " empty the description."
                    ),
                )
        elif "source_title" in data and not data["source_title"]:
            self.add_error("source_title", _("Enter the title of the source."))
        return data

    def said_by(self) -> Source:
        data = self.cleaned_data
        if data["source"] in self.cited:
            return Source(reference=self.cited[data["source"]])
        if data["source"] == OWN:
            return Source(is_own=True)
        values = {name.removeprefix("source_"): data[name] for name in self.DESCRIBED}
        values["kind"] = Reference.Kind.PAGE if values["url"] else Reference.Kind.DOCUMENT
        return Source(values=values)


def short_citation(row: Reference, most: int = 110) -> str:
    text = " ".join(row.citation.split())
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} …"


def cited_by(hub: Hub) -> list[Reference]:
    """The sources the hub's statements rest on, in the order of their citations. One query."""
    used = hub.claims.order_by().values("reference")
    return list(Reference.objects.filter(pk__in=used).order_by("citation", "pk"))


# --- What is stated ----------------------------------------------------------------------

BOUNDS = ("exact", "low", "high")
#: The fields a topic's form shows beside text, date of validity and source.
OF_SHAPE: Mapping[str, tuple[str, ...]] = {
    Shape.TEXT: (),
    Shape.NUMBER: ("label", *BOUNDS, "unit", "qualifier"),
    Shape.SHARE: (*BOUNDS, "qualifier"),
    Shape.DATE: ("label", "starts", "ends"),
    Shape.NAME: ("label", "role"),
}
OF_WANT: Mapping[str, tuple[str, ...]] = {"period": ("starts", "ends")}
#: Columns of a statement a form can hold, in its order.
ORDER = (
    "label", "text", *BOUNDS, "unit", "qualifier", "starts", "ends", "role", "actor", "country",
    "status", "as_of", "conflict", "note", "derived",
)  # fmt: skip
COLUMNS = tuple(name for name in ORDER if name != "exact")
#: Never asked for; shown where a statement has it, so that it can be changed.
RARE = ("conflict", "note", "derived")


def fields_for(topic: Topic, claim: HubClaim | None = None) -> list[str]:
    """What the form shows: what the topic can have, and whatever the statement has."""
    wanted = {"text", "as_of", *OF_SHAPE[topic.shape]}
    for want in topic.wants:
        wanted.update(OF_WANT.get(want, (want,)))
    if claim is not None:
        wanted.update(name for name in COLUMNS if getattr(claim, name) not in ("", None))
        if claim.has_number:
            wanted.update(BOUNDS)
    return [name for name in ORDER if name in wanted]


class StatementForm(SourceForm):
    """One statement on one topic."""

    label = LimitedField(label=gettext_lazy("Name"), max_length=200)
    text = LongField(
        label=gettext_lazy("Statement"),
        max_length=2000,
        help_text=gettext_lazy(
            "What the source says, in a sentence of your own words, in English."
        ),
        error_messages={"required": gettext_lazy("Say it in a sentence.")},
    )
    exact = NumberField(label=gettext_lazy("Exact"), required=False)
    low = NumberField(label=pgettext_lazy("number range", "From"), required=False)
    high = NumberField(label=pgettext_lazy("number range", "To"), required=False)
    unit = LimitedField(label=gettext_lazy("Unit"), max_length=60, required=False)
    qualifier = LimitedField(
        label=gettext_lazy("Qualifier, as written"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("The source’s own word: around, more than, about."),
    )
    starts = DateField(label=gettext_lazy("Date, or beginning of the period"), required=False)
    ends = DateField(label=gettext_lazy("End of the period"), required=False)
    role = LimitedField(
        label=gettext_lazy("Part in it"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What they do or give, as the source says it."),
    )
    actor = PickField(label=gettext_lazy("Kind of actor"), required=False)
    country = PickField(label=gettext_lazy("Country"), required=False)
    status = PickField(label=gettext_lazy("Status"), required=False)
    as_of = DateField(
        label=gettext_lazy("As of"),
        required=False,
        help_text=gettext_lazy("When this held, as far as the source says: 2013 or 2013-05."),
    )
    conflict = LimitedField(
        label=gettext_lazy("Where the sources disagree"), max_length=500, required=False
    )
    note = LimitedField(label=gettext_lazy("Editor’s note"), max_length=500, required=False)
    derived = LimitedField(
        label=gettext_lazy("What the editors worked out"), max_length=300, required=False
    )

    def __init__(
        self, *args: Any, topic: Topic, claim: HubClaim | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.topic, self.claim = topic, claim
        shown = fields_for(topic, claim)
        for name in ORDER:
            if name not in shown:
                del self.fields[name]
        self.order_fields(shown)  # the source comes last
        self.shown = shown
        self._fit(topic)
        if not self.is_bound:
            self.initial = (
                self.opened(values_of(claim), claim.reference)
                if claim
                else {"unit": topic.unit, **self.initial}
            )

    def _fit(self, topic: Topic) -> None:
        """Word the fields for the topic."""
        fields = self.fields
        if "actor" in fields:
            fields["actor"].choices = [("", _("Not stated")), *Claim.Actor.choices]
        if "status" in fields:
            fields["status"].choices = [("", _("Not stated")), *Claim.Status.choices]
        if "country" in fields:
            fields["country"].choices = country_choices()
        if "label" in fields:
            label = fields["label"]
            label.required = topic.shape == Shape.NAME
            label.error_messages["required"] = _("Enter the name.")
            if topic.shape == Shape.DATE:
                label.label = _("What happened, if there are several")
            elif topic.shape == Shape.NUMBER:
                label.label = _("What is counted, if there are several")
        if topic.hint:
            fields["label" if "label" in fields else "text"].help_text = topic.hint
        if "starts" in fields:
            fields["starts"].help_text = LIKE_A_DATE

    def opened(self, values: Mapping[str, Any], source: Reference | None) -> dict[str, Any]:
        """A statement's values as this form shows them."""
        shown = {name: values[name] for name in self.shown if name not in BOUNDS}
        if "exact" in self.shown:
            low, high = (number(values[name]) for name in ("low", "high"))
            exact = low if low is not None and low == high else None
            shown["exact"] = exact
            shown |= (
                {"low": None, "high": None}
                if exact is not None
                else {
                    "low": low,
                    "high": high,
                }
            )
        return {**shown, "place": values["place"], "source": self.source_key(source)}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "exact" in self.fields:
            self._check_bounds(data)
        return data

    def _check_bounds(self, data: dict[str, Any]) -> None:
        if any(name in self.errors for name in BOUNDS):
            return
        exact, low, high = (data.get(name) for name in BOUNDS)
        if exact is not None and (low is not None or high is not None):
            self.add_error("exact", _("Give an exact number or a range, not both."))
        elif exact is None and low is None and high is None:
            had_none = self.claim is not None and not self.claim.has_number
            if self.topic.shape in {Shape.NUMBER, Shape.SHARE} and not had_none:
                self.add_error("exact", _("Enter a number, exact or from and to."))
        elif low is not None and high is not None and low > high:
            self.add_error("high", _("The most cannot be less than the least. Swap the two."))

    def values(self) -> dict[str, Any]:
        """The columns of the statement, without its source."""
        data = self.cleaned_data
        found = {name: data[name] for name in self.shown if name != "exact"}
        if "exact" in self.shown and data["exact"] is not None:
            found["low"] = found["high"] = data["exact"]
        return {**found, "place": data["place"]}

    def refuse(self, refusal: ValidationError) -> None:
        """Show what an operation refused, at the fields of this form."""
        found: dict[tuple[str | None, str], None] = {}
        for name, texts in refusal.message_dict.items():
            place = "source" if name == "reference" else name
            if place in {"low", "high"} and "exact" in self.fields and self["exact"].value():
                place = "exact"
            found |= dict.fromkeys((place if place in self.fields else None, one) for one in texts)
        for field, text in found:
            self.add_error(field, text)


def number(value: Any) -> Decimal | None:
    """A number of a statement or of a document that keeps it as text."""
    return None if value is None else Decimal(value)


def values_of(claim: HubClaim) -> dict[str, Any]:
    return {name: getattr(claim, name) for name in (*COLUMNS, "place")}


def in_words(values: Mapping[str, Any], source: Reference | None = None) -> dict[str, str]:
    """What ``StatementForm.opened`` gave, as people read it."""
    words = {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else str(value or "")
        for name, value in values.items()
    }
    if words.get("actor"):
        words["actor"] = named(Claim.Actor, values["actor"])
    if words.get("status"):
        words["status"] = named(Claim.Status, values["status"])
    if words.get("country"):
        words["country"] = reference.country_name(values["country"])
    words["source"] = source.citation if source else ""
    return words


class ReasonForm(forms.Form):
    """Why something goes, or goes back."""

    mark_optional = False
    reason = LimitedField(
        label=gettext_lazy("Why?"),
        max_length=300,
        help_text=gettext_lazy("The history of the profile keeps it."),
        error_messages={"required": gettext_lazy("Say why, in a few words.")},
    )


# --- The financing mix -------------------------------------------------------------------


class MixForm(SourceForm):
    """All shares of one year as one source gives them, in percent."""

    mark_optional = False
    year = DateField(
        label=gettext_lazy("Year"),
        widget=forms.TextInput(
            attrs={"class": "w4", "inputmode": "numeric", "autocomplete": "off"}
        ),
        error_messages={"required": gettext_lazy("Enter the year these shares are for.")},
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = is_new
        for topic in SHARES:
            self.fields[topic.code] = NumberField(label=topic.label, required=False)
        self.order_fields(["year", *(topic.code for topic in SHARES)])
        if not is_new:  # which year and whose word are in the address
            for name in ("year", "source", *self.DESCRIBED):
                del self.fields[name]

    def clean_year(self) -> str:
        year = str(self.cleaned_data["year"])
        if len(year) != 4:
            raise ValidationError(_("Enter a year, like 2019."), code="year")
        return year

    def clean(self) -> dict[str, Any]:
        data = super().clean() if self.is_new else self.cleaned_data
        given = {
            topic.code: data[topic.code] for topic in SHARES if data.get(topic.code) is not None
        }
        for code, share in given.items():
            if share > 100:
                self.add_error(code, _("Enter a share between 0 and 100 percent."))
        total = sum(given.values(), Decimal(0))
        if total > 100 and not any(share > 100 for share in given.values()):
            for code in given:
                self.add_error(code, too_much(total))
        if self.is_new and not given and not any(topic.code in self.errors for topic in SHARES):
            self.add_error(SHARES[0].code, _("Enter at least one share."))
        return data

    def shares(self, present: Mapping[str, HubClaim]) -> dict[str, Decimal | None]:
        """What to write: every share that was typed, and those that were emptied."""
        data = self.cleaned_data
        return {
            topic.code: data[topic.code]
            for topic in SHARES
            if data[topic.code] is not None or (not self.is_new and topic.code in present)
        }

    def refuse(self, refusal: ValidationError) -> None:
        for name, texts in refusal.message_dict.items():
            place = "source" if name == "reference" and self.is_new else name
            for text in texts:
                self.add_error(place if place in self.fields else None, text)


def too_much(total: Decimal) -> str:
    return _("The shares of the budget add up to %(total)s percent. Lower them.") % {
        "total": f"{total.normalize():f}"
    }
