"""Forms that were opened before somebody else saved: what was typed stays, and what the
person did not touch is taken from what is saved now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import QueryDict

#: The revision a form was opened on travels in this field.
BASE = "base"


def base_of(data: QueryDict) -> int | None:
    """The revision the form was opened on. One that names none counts as the very first,
    so that it cannot overwrite what somebody else wrote."""
    text = data.get(BASE, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def touched(form: forms.Form, opened: Mapping[str, Any]) -> set[str]:
    """The fields whose valid value differs from what the form was opened with."""
    return {
        name
        for name, value in form.cleaned_data.items()
        if name in opened and (value or None) != (opened[name] or None)
    }


def carried(form: forms.Form, keep: set[str], now: Mapping[str, Any]) -> QueryDict:
    """The data of the form with everything but ``keep`` replaced by what is saved now."""
    data = form.data.copy()  # type: ignore[attr-defined]
    for name, field in form.fields.items():
        if name in keep or name not in now:
            continue
        value, key = field.prepare_value(now[name]), form.add_prefix(name)
        if isinstance(field, forms.BooleanField):
            data.setlist(key, ["on"] if value else [])
        elif isinstance(value, (list, tuple)):
            data.setlist(key, [str(part) for part in value])
        else:
            data[key] = "" if value is None else str(value)
    return data


def show_theirs(form: forms.Form, names: set[str], now: Mapping[str, str]) -> None:
    """Say beside each of these fields what somebody else saved there."""
    for name in form.fields:
        if name in names:
            form.add_error(
                name,
                _("Somebody else saved this meanwhile: “%(text)s”") % {"text": now[name]}
                if now.get(name)
                else _("Somebody else emptied this meanwhile."),
            )
