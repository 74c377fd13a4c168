"""The columns of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import LimitedField, LongField, PickField, PicksField
from hubs import choices as c
from hubs import reference
from hubs.forms.fields import (
    LanguagesField,
    WebField,
    called,
    country_choices,
    region_choices,
)
from hubs.models import Hub

#: A field of the form and the column it writes, where the names differ.
COLUMNS = {"country": "country_id", "region": "region_id"}


class BasicsForm(forms.Form):
    """What stands at the head of the page and what the directory finds the hub by."""

    name = LimitedField(
        label=gettext_lazy("Name"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter the name of the hub.")},
    )
    acronym = LimitedField(label=gettext_lazy("Short name"), max_length=40, required=False)
    summary = LongField(
        label=gettext_lazy("Summary in one sentence"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Whom it serves and with what. In English."),
    )
    kind = PickField(label=gettext_lazy("Kind"), choices=Hub.Kind.choices)
    country = PickField(label=gettext_lazy("Country"), required=False)
    region = PickField(
        label=gettext_lazy("Region"),
        required=False,
        help_text=gettext_lazy("For a hub across countries."),
    )
    model = PickField(
        label=gettext_lazy("Organisational model"),
        required=False,
        help_text=gettext_lazy("Where it sits and what form it has."),
    )
    sectors = PicksField(label=gettext_lazy("Sectors"), required=False, columns=True)
    functions = PicksField(
        label=gettext_lazy("What it does"), choices=c.Function.choices, required=False
    )
    modalities = PicksField(
        label=gettext_lazy("Ways to exchange"),
        choices=c.Modality.choices,
        required=False,
        columns=True,
    )
    languages = LanguagesField(
        label=gettext_lazy("Languages it can work in"),
        required=False,
        help_text=gettext_lazy("Names with commas between them, like English, Français."),
    )
    website = WebField(label=gettext_lazy("Website"), max_length=200, required=False)
    is_pilot = forms.BooleanField(
        label=gettext_lazy("It is a pilot, not yet an institution"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.fields
        fields["country"].choices = country_choices()
        fields["region"].choices = region_choices()
        fields["model"].choices = [("", _("Not stated")), *c.OrganisationalModel.choices]
        fields["sectors"].choices = [
            (code, reference.sector_name(code)) for code in reference.sectors()
        ]


def opened_from(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the form as a document of the profile has them."""
    columns = document["columns"]
    return {
        name: document["sectors"] if name == "sectors" else columns[COLUMNS.get(name, name)]
        for name in BasicsForm.base_fields
    }


def named(choices: Any, code: str) -> str:
    """What a code of a closed list is called; the code itself if this release has none."""
    return str(dict(choices.choices).get(code, code))


def in_words(values: Mapping[str, Any]) -> dict[str, str]:
    """The same values as people read them."""
    listed = {
        "sectors": reference.sector_name,
        "functions": lambda code: named(c.Function, code),
        "modalities": lambda code: named(c.Modality, code),
        "languages": called,
    }
    words = {name: str(value or "") for name, value in values.items()}
    words |= {name: ", ".join(map(say, values[name] or ())) for name, say in listed.items()}
    words["kind"] = named(Hub.Kind, values["kind"])
    words["model"] = named(c.OrganisationalModel, values["model"])
    if values["country"]:
        words["country"] = reference.country_name(values["country"])
    if values["region"]:
        words["region"] = reference.region_name(values["region"])
    words["is_pilot"] = _("Yes") if values["is_pilot"] else _("No")
    return words


# --- Contacts ----------------------------------------------------------------------------

#: More rows than a hub has contacts; forged longer lists are cut here.
MOST_CONTACTS = 12


class ContactForm(forms.Form):
    """One contact; a row left blank is no contact."""

    role = PickField(label=gettext_lazy("What it answers"), required=False)
    name = LimitedField(label=gettext_lazy("Person or office"), max_length=120, required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("Enter a whole address, like name@example.org.")},
    )
    phone = LimitedField(
        label=gettext_lazy("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
    )
    url = WebField(label=gettext_lazy("Page or form on the web"), max_length=200, required=False)

    mark_optional = False
    WAYS = ("email", "phone", "url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [("", _("Choose")), *c.ContactRole.choices]

    @property
    def is_blank(self) -> bool:
        return not any(str(self[name].value() or "").strip() for name in self.fields)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.is_blank:
            return data
        if "role" in data and not data["role"]:
            self.add_error("role", _("Choose what this contact answers."))
        if all(name in data and not data[name] for name in self.WAYS):
            self.add_error("email", _("Give an address, a number or a page."))
        return data


class ContactRows:
    """All contacts of a page: rows that are added and taken out by plain buttons."""

    def __init__(self, data: Any = None, rows: list[dict[str, Any]] | None = None) -> None:
        self.forms: list[ContactForm] = []
        if data is None:
            filled = [{"initial": row} for row in rows or []] or [{}]
            self.forms = [ContactForm(prefix=f"c{n}", **kept) for n, kept in enumerate(filled)]
        else:
            count = min(_number(data.get("rows", "")), MOST_CONTACTS)
            self.forms = [ContactForm(data, prefix=f"c{n}") for n in range(count)]

    @property
    def is_full(self) -> bool:
        return len(self.forms) >= MOST_CONTACTS

    def is_valid(self) -> bool:
        return all([form.is_valid() for form in self.forms])  # noqa: C419 (all are to be checked)

    def contacts(self) -> list[dict[str, str]]:
        return [dict(form.cleaned_data) for form in self.forms if not form.is_blank]

    def typed(self) -> list[dict[str, str]]:
        """The rows as they were typed, for showing them again."""
        return [{name: form[name].value() or "" for name in form.fields} for form in self.forms]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
