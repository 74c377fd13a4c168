"""The question pages: what is asked, how, and what those who read it will look for.

A page may be saved with answers missing; what a form needs to be sent in is checked at the
end (``catalogue.content.gaps``). Only what cannot be read is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.validators import EmailValidator
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import choices as c
from catalogue import fields as f
from catalogue.forms import fields as own
from catalogue.forms.fields import (
    AmountField,
    Codes,
    CurrencyField,
    DaysField,
    NamesField,
    RecordField,
    TagsField,
    TextsInput,
    YearField,
)
from catalogue.forms.rows import Rows, rows_for
from core.fields import DateField, LimitedField, LongField, PickField, PicksField
from core.forms import PortalBoundField
from core.richtext import RichTextField, Typed
from hubs import reference
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.http import QueryDict

    from accounts.models import User
    from catalogue.models import Solution
    from catalogue.writing import Values

RICH = 5000


class AnswerBoundField(PortalBoundField):
    """Says "optional" for what the chosen form never needs, since no answer is forced here."""

    @property
    def optional(self) -> bool:
        item = f.BY_NAME.get(self.name)
        needed = item is not None and item.needed_for(self.form.record_form)  # type: ignore[attr-defined]
        return not needed and self.kind != "checkbox"


class PageForm(forms.Form):
    """One page of questions. Labels come from the record, so that every page calls a field
    the same."""

    bound_field_class = AnswerBoundField
    big: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self, *args: Any, user: User, solution: Solution, initial: Mapping[str, Any], **kwargs: Any
    ) -> None:
        self.user, self.solution = user, solution
        self.record_form = solution.form
        super().__init__(*args, initial=dict(initial), **kwargs)
        for name, field in self.fields.items():
            field.required = False
            if field.label is None:
                field.label = own.asked(name)
            if name in self.big:
                field.widget.attrs["data-q"] = True
            if name in f.BY_NAME and f.BY_NAME[name].translatable:
                # In the language of the record, whatever the language of the page.
                field.widget.attrs |= {"lang": solution.language_id, "dir": "auto"}
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the person and the record."""


def rich(hint: Any) -> RichTextField:
    return RichTextField(max_length=RICH, help_text=hint)


class NameForm(PageForm):
    big = ("title", "summary")
    title = LimitedField(
        max_length=150,
        help_text=gettext_lazy(
            "What it is called where it is used, in a few words. Not the name of a report or of"
            " the project that paid for it."
        ),
        widget=forms.TextInput(
            attrs={"data-count": "", "data-similar": "title", "autocomplete": "off"}
        ),
    )
    summary = LongField(
        max_length=300,
        help_text=gettext_lazy(
            "One sentence: who does what, for whom, and what changed. It stands below the title"
            " in every list."
        ),
    )
    language = PickField(
        help_text=gettext_lazy(
            "The language you write in here. Translations can be added at any time."
        ),
        widget=forms.Select,
    )
    kind = PickField(choices=c.Kind.choices, widget=forms.RadioSelect)
    sectors = PicksField(
        columns=True,
        help_text=gettext_lazy("Tick all that apply. Readers narrow the catalogue by them."),
    )
    goals = PicksField(
        columns=True,
        label=gettext_lazy("Goals"),
        help_text=gettext_lazy(
            "The Sustainable Development Goals it serves. Tick them, then show their targets."
        ),
    )
    targets = PicksField(
        most=f.MAX_TARGETS,
        label=gettext_lazy("Targets of these goals"),
        help_text=gettext_lazy(
            "Up to three. Reviewers ask which target it serves: choose the nearest, not the most."
        ),
    )
    tags = TagsField(
        help_text=gettext_lazy(
            "Up to 8 words people would search for, with commas between them, like: milk banks,"
            " certification."
        )
    )

    def prepare(self) -> None:
        self.fields["language"].choices = own.language_choices(
            code for code, _n in settings.LANGUAGES
        )  # type: ignore[attr-defined]
        self.fields["kind"].option_hints = {  # type: ignore[attr-defined]
            c.Kind.POLICY: _("A law, a strategy or a rule that changed how things are done"),
            c.Kind.PROGRAMME: _("Activities with people and a budget of their own"),
            c.Kind.SERVICE: _("Something people or institutions receive again and again"),
            c.Kind.TECHNOLOGY: _("A tool, a device or software in daily use"),
            c.Kind.METHOD: _("A way of working, teaching or deciding"),
        }
        self.fields["sectors"].choices = [  # type: ignore[attr-defined]
            (code, reference.sector_name(code)) for code in reference.sectors()
        ]
        self.fields["goals"].choices = [  # type: ignore[attr-defined]
            (str(number), f"{number} {reference.goal_name(number)}") for number in reference.goals()
        ]
        self.fields["targets"].choices = self.target_choices()  # type: ignore[attr-defined]

    def target_choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The targets of the goals that are ticked, and of the targets that are chosen. All of
        them at once would be 169 sentences."""
        table = reference.targets()
        chosen = self._typed("targets")
        goals = {text for text in self._typed("goals") if text.isdigit()}
        goals |= {str(table[code].goal_id) for code in chosen if code in table}
        groups: dict[str, list[tuple[str, str]]] = {}
        for code, row in table.items():
            if str(row.goal_id) in goals:
                name = f"{row.goal_id} {reference.goal_name(row.goal_id)}"
                groups.setdefault(name, []).append((code, str(row)))
        return list(groups.items())

    def _typed(self, name: str) -> list[str]:
        if self.is_bound:
            return [str(text) for text in self.data.getlist(name)]
        return [str(value) for value in self.initial.get(name, [])]

    def clean_language(self) -> str:
        return str(self.cleaned_data["language"] or self.solution.language_id)

    def clean_goals(self) -> list[int]:
        return [int(number) for number in self.cleaned_data["goals"]]


class PlaceForm(PageForm):
    big = ("countries",)
    countries = NamesField(
        read=reference.countries_called,
        label_of=reference.country_label,
        unknown=gettext_lazy("We know no country called “%(text)s”. Choose a name from the list."),
        help_text=gettext_lazy("Where it is in practice. Write each name in any language."),
        widget=TextsInput(suggestions="countries"),
    )
    area = LimitedField(
        max_length=200,
        help_text=gettext_lazy("A region, a province or a city, if it is not the whole country."),
    )
    scale = PickField(choices=c.Scale.choices, widget=forms.RadioSelect)
    started_on = DateField(
        help_text=gettext_lazy(
            "When it began to be used, as far as you know: 2013, 2013-05 or 2013-05-16. It is"
            " published once it has been in practice for 12 months or is completed."
        )
    )
    is_running = forms.BooleanField(label=gettext_lazy("It is still running"))
    ended_on = DateField(help_text=gettext_lazy("Leave this empty while it is running."))
    stage = PickField(choices=c.Stage.choices, widget=forms.RadioSelect)
    owner_institution = LimitedField(
        max_length=200,
        help_text=gettext_lazy(
            "Who carries it and answers for it, with the full name. Not who financed it."
        ),
    )
    hub = PickField(
        widget=forms.Select,
        help_text=gettext_lazy(
            "The hub whose focal point reads your submission first. If yours is not listed,"
            " choose the nearest by country or sector."
        ),
    )

    def prepare(self) -> None:
        self.fields["stage"].option_hints = {  # type: ignore[attr-defined]
            c.Stage.PILOT: _("Tried in a few places, to learn"),
            c.Stage.SCALING: _("Being taken to more places or more people"),
            c.Stage.INSTITUTIONAL: _("Part of the regular work, with staff and a budget line"),
        }
        self.fields["hub"].choices = hub_choices(self.user, self.solution)  # type: ignore[attr-defined]

    def clean_hub(self) -> int | None:
        return int(self.cleaned_data["hub"]) if self.cleaned_data["hub"] else None


def hub_choices(user: User, solution: Solution | None = None) -> list[Any]:
    """The person's own hubs, then every other listed one; and the one the record has."""
    mine = set(Membership.objects.filter(user=user).values_list("hub_id", flat=True))
    if solution is not None and solution.hub_id:
        listed = Hub.objects.filter(Q(is_listed=True) | Q(pk__in=mine) | Q(pk=solution.hub_id))
    else:
        listed = Hub.objects.filter(Q(is_listed=True) | Q(pk__in=mine))
    rows = list(listed.only("pk", "name", "acronym"))
    own_hubs = [(str(hub.pk), hub_label(hub)) for hub in rows if hub.pk in mine]
    others = [(str(hub.pk), hub_label(hub)) for hub in rows if hub.pk not in mine]
    found: list[Any] = [("", _("None yet"))]
    if own_hubs:
        found.append((_("Your hubs"), own_hubs))
        found.append((_("Other hubs"), others))
        return found
    return [*found, *others]


def hub_label(hub: Hub) -> str:
    return f"{hub.name} ({hub.acronym})" if hub.acronym else hub.name


class ProblemForm(PageForm):
    big = ("problem", "affected")
    problem = rich(
        gettext_lazy(
            "What is wrong, since when, and why it matters there. Name the national priority or"
            " policy it answers. Reviewers look for a number with its date and its source."
        )
    )
    affected = rich(
        gettext_lazy(
            "How many people or institutions, who they are, who is hit hardest. Give the year and"
            " the source of each number."
        )
    )


class ApproachForm(PageForm):
    big = ("approach", "steps")
    approach = rich(
        gettext_lazy(
            "Who does what, for whom. Leave out the results: they have a page of their own."
        )
    )
    steps = rich(
        gettext_lazy(
            "In the order in which somebody else would take them. One line a step, each beginning"
            " with a number or a dash."
        )
    )


class ResultsForm(PageForm):
    big = ("narrative", "unintended")
    narrative = rich(
        gettext_lazy(
            "Who is better off and by how much, compared with what. Reviewers look for a value"
            " before, a value after, and a reason to believe that this made the difference."
        )
    )
    unintended = rich(
        gettext_lazy(
            "Good or bad, for people or for the environment. If you looked and found none, say"
            " how you looked."
        )
    )


class PeersForm(PageForm):
    big = ("preconditions", "do_not_use_when", "sustainability")
    preconditions = rich(
        gettext_lazy(
            "Laws, staff, money, data or partners that must be there before the first step."
        )
    )
    do_not_use_when = rich(
        gettext_lazy(
            "Where it would fail or do harm. A record that says this plainly is trusted more."
        )
    )
    cost_total = AmountField(
        digits=14, help_text=gettext_lazy("For the whole time, or for one year.")
    )
    cost_currency = CurrencyField(help_text=gettext_lazy("Three letters, like USD, IDR or XOF."))
    cost_year = YearField(help_text=gettext_lazy("The year whose prices these are."))
    cost_unit = AmountField(
        digits=12,
        help_text=gettext_lazy("What one result costs: one well tested, one nurse trained."),
    )
    cost_unit_name = LimitedField(
        max_length=80, help_text=gettext_lazy("Like: per household a year.")
    )
    cost_payers = LongField(
        max_length=1000,
        help_text=gettext_lazy("Who pays which part, from which budget line or grant, until when."),
    )
    staff_time = LimitedField(
        max_length=300, help_text=gettext_lazy("Like: two nurses, one day a week, for each clinic.")
    )
    sustainability = rich(
        gettext_lazy(
            "Which law or budget line carries it, who maintains it, what it costs the environment."
            " Reviewers look for money and staff for the next 12 months."
        )
    )


class LearningForm(PageForm):
    big = ("inclusion", "participation", "failure")
    inclusion = rich(
        gettext_lazy(
            "Results for women and men and for one more group, or why there are none. Then one"
            " thing you did for those who were left out."
        )
    )
    participation = rich(
        gettext_lazy(
            "Government, civil society, business, academia: who decides, who pays, who does the"
            " work, under which agreement."
        )
    )
    failure = rich(
        gettext_lazy(
            "One thing that went wrong, and what you changed because of it. Peers learn most here,"
            " so no record is complete without it."
        )
    )


class EvidencePageForm(PageForm):
    """Everything on this page is rows."""


class SharingForm(PageForm):
    big = ()
    modalities = PicksField(
        columns=True,
        choices=c.Modality.choices,
        help_text=gettext_lazy("What you would do with a peer who asks."),
    )
    offer_languages = NamesField(
        read=own.languages_called,
        label_of=own.language_label,
        unknown=gettext_lazy(
            "We know no language “%(text)s”. Write its name in English or as its own."
        ),
        most=10,
        help_text=gettext_lazy("In which you can talk with peers."),
        widget=TextsInput(suggestions="languages"),
    )
    offer_days = DaysField(help_text=gettext_lazy("Working days a year you could give to others."))
    offer_materials = LongField(
        max_length=2000,
        help_text=gettext_lazy(
            "Manuals, courses, forms, code: what exists and where it can be had."
        ),
    )
    licence = PickField(choices=c.Licence.choices, widget=forms.RadioSelect)
    licence_note = LimitedField(
        max_length=200, help_text=gettext_lazy("Only if you chose “other”: its name, as published.")
    )
    consent = forms.BooleanField(
        label=gettext_lazy(
            "I have the right to share this, and the institution named in the record agrees."
        )
    )
    personal_data = LongField(
        max_length=2000,
        help_text=gettext_lazy(
            "Which persons the record or its files name or show, and how they agreed. If none:"
            " say so."
        ),
    )
    adapted_from = RecordField(
        help_text=gettext_lazy(
            "If it began with a record of this catalogue: its number, like S-0042."
        ),
        widget=forms.TextInput(attrs={"class": "w-date", "autocomplete": "off"}),
    )
    adapted_from_note = LimitedField(max_length=500)
    editors_note = LongField(
        max_length=2000, help_text=gettext_lazy("Shown to readers, signed as the hub’s editors.")
    )
    contact_name = LimitedField(
        max_length=150,
        help_text=gettext_lazy("Somebody who can confirm what you write. Readers never see this."),
    )
    contact_role = LimitedField(max_length=150)
    contact_email = LimitedField(
        max_length=254,
        validators=[
            EmailValidator(
                gettext_lazy("Enter a whole address, like name@example.org."), code="email"
            )
        ],
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    contact_phone = LimitedField(
        max_length=40,
        help_text=gettext_lazy("With the code of the country, like +62."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "dir": "ltr"}),
    )

    def prepare(self) -> None:
        self.fields["licence"].option_hints = {  # type: ignore[attr-defined]
            c.Licence.CC_BY: _("Others may use it for any purpose and name you"),
            c.Licence.CC_BY_SA: _("The same, and share what they make of it alike"),
            c.Licence.CC0: _("Others may use it without naming you"),
            c.Licence.CC_BY_NC: _("Others may use it and name you, but not sell it"),
        }
        edits = self.user.is_staff or self.user.has_perm("hubs.change_hub", self.solution.hub)
        if not (self.solution.hub_id and edits) and not self.solution.editors_note:
            del self.fields["editors_note"]

    def clean_licence(self) -> str:
        return self.cleaned_data["licence"] or c.Licence.CC_BY

    def clean_adapted_from(self) -> int | None:
        origin: int | None = self.cleaned_data["adapted_from"]
        if origin is not None and origin == self.solution.pk:
            raise forms.ValidationError(_("A record cannot be adapted from itself."))
        return origin


FORMS: dict[str, type[PageForm]] = {
    "name": NameForm,
    "place": PlaceForm,
    "problem": ProblemForm,
    "approach": ApproachForm,
    "results": ResultsForm,
    "peers": PeersForm,
    "learning": LearningForm,
    "evidence": EvidencePageForm,
    "sharing": SharingForm,
}
#: Headings between the questions of a long page, each before its first field.
HEADINGS: dict[str, Any] = {
    "cost_total": gettext_lazy("What it costs"),
    "sustainability": gettext_lazy("What keeps it going"),
    "modalities": gettext_lazy("What you offer to peers"),
    "contributors": gettext_lazy("Who is named"),
    "licence": gettext_lazy("Rights"),
    "adapted_from": gettext_lazy("Where it comes from"),
    "contact_name": gettext_lazy("For the panel only"),
}
ROW_HINTS: dict[str, Any] = {
    "blocks": gettext_lazy(
        "Parts that another country could take over one by one, 2 to 6 of them. Say of each"
        " whether it must stay as it is or can be changed."
    ),
    "indicators": gettext_lazy(
        "What was counted or measured, before and after, up to 8. The most telling first. Values"
        " as your source gives them."
    ),
    "evidence": gettext_lazy(
        "Reports, evaluations, data, laws, budgets: whatever a stranger could open to check what"
        " you write, up to 20 items. Reviewers open every one."
    ),
    "contributors": gettext_lazy(
        "Everyone who shall be credited. People who also write here join by the page “Team”."
    ),
}


class Sheet:
    """A page as it is shown and read: its form, its rows, and what they stand for.

    ``data`` is what was typed, ``quiet`` shows it without judging it (a draft that is taken up
    again). ``values`` are the plain values, once it is valid.
    """

    def __init__(
        self,
        page: str,
        *,
        solution: Solution,
        user: User,
        present: Values,
        data: QueryDict | None = None,
        quiet: bool = False,
    ) -> None:
        self.page = page
        self.present = present
        self.items = f.on_page(page)
        self.form = FORMS[page](
            data, user=user, solution=solution, initial=initial_of(present), auto_id="id_%s"
        )
        self.rows: dict[str, Rows] = {
            item.name: rows_for(
                item.name, user=user, solution=solution, data=data, present=present[item.name]
            )
            for item in self.items
            if item.kind == f.ROWS
        }
        if quiet:
            self._hush()

    def _hush(self) -> None:
        """Show what was typed without its errors: nobody has asked to save it yet."""
        for form in [self.form, *(form for rows in self.rows.values() for form in rows.forms)]:
            form._errors = forms.utils.ErrorDict()
        for rows in self.rows.values():
            rows._errors = [{} for _form in rows.forms]
            rows._non_form_errors = rows.error_class()

    def is_valid(self) -> bool:
        valid = [self.form.is_valid(), *(rows.is_valid() for rows in self.rows.values())]
        return all(valid)

    def values(self) -> Values:
        found: Values = {
            name: value
            for name, value in self.form.cleaned_data.items()
            if name in f.BY_NAME and name in self.form.fields
        }
        for name, rows in self.rows.items():
            found[name] = rows.values()
        return found

    def is_grown(self) -> bool:
        """Whether somebody asked for more rows or lines than there are answers yet."""
        rows = any(
            len(part.shown()) > max(len(self.present[name]), part.least_shown)
            for name, part in self.rows.items()
        )
        return rows or any(
            isinstance(field, NamesField)
            and len(self.form[name].value() or []) > max(len(self.present[name]), 1)
            for name, field in self.form.fields.items()
        )

    def names(self) -> list[str]:
        """The fields of the record that this page shows."""
        return [
            item.name
            for item in self.items
            if item.name in self.form.fields or item.name in self.rows
        ]

    def parts(self) -> list[dict[str, Any]]:
        """What stands on the page, in order: headings, questions, repeated parts."""
        found: list[dict[str, Any]] = []
        for name in self.names():
            if name in HEADINGS:
                found.append({"heading": HEADINGS[name]})
            if name in self.rows:
                found.append(
                    {
                        "rows": self.rows[name],
                        "name": name,
                        "label": own.asked(name),
                        "one": own.one_of(name),
                        "hint": ROW_HINTS[name],
                    }
                )
            else:
                found.append({"field": self.form[name], "name": name})
        return found

    def errors(self) -> list[tuple[str, str]]:
        """Everything to mend, with the id it belongs to, in the order of the page."""
        found: list[tuple[str, str]] = [(str(e), "") for e in self.form.non_field_errors()]
        for name in self.names():
            if name in self.rows:
                rows = self.rows[name]
                found += [(str(text), name) for text in rows.non_form_errors()]
                for number, row in enumerate(rows.shown(), start=1):
                    found += _row_errors(row, own.one_of(name), number)
            else:
                bound = self.form[name]
                found += [(str(text), target_of(bound)) for text in bound.errors]
        return found


def _row_errors(row: forms.Form, part: str, number: int) -> list[tuple[str, str]]:
    found = []
    for bound in row:
        target = f"{row.prefix}" if bound.is_hidden else target_of(bound)
        where = _("%(part)s %(number)d: %(error)s")
        found += [
            (where % {"part": part, "number": number, "error": text}, target)
            for text in bound.errors
        ]
    return found


def target_of(bound: forms.BoundField) -> str:
    """The id of the control, or of the first one of a group."""
    if bound.field.widget.use_fieldset and len(bound.subwidgets):
        return str(bound.subwidgets[0].id_for_label)
    return str(bound.id_for_label)


def initial_of(values: Values) -> dict[str, Any]:
    """Plain values as the fields show them."""
    found = dict(values)
    for name in ("countries", "offer_languages"):
        if name in found:
            found[name] = Codes(found[name])
    if "goals" in found:
        found["goals"] = [str(number) for number in found["goals"]]
    if "hub" in found:
        found["hub"] = str(found["hub"] or "")
    for item in f.FIELDS:
        if item.name in found and item.kind == f.RICH:
            found[item.name] = Typed.of(found[item.name], is_html=True)
    return found
