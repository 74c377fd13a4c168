"""What a person says about how they wish to be told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext_lazy as _

from accounts.kinds import NoticeKind
from notifications.kinds import GROUPS, TOLD, Mail
from notifications.preferences import CHOOSABLE, Clock
from notifications.wishing import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.forms.boundfield import BoundField
    from django_stubs_ext import StrOrPromise

    from notifications.models import Times


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button of a row."""

    id: str
    value: str
    label: StrOrPromise
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One kind: its name, and its fields unless nobody can choose about it."""

    kind: str
    label: StrOrPromise
    mail: BoundField | None = None
    choices: tuple[Choice, ...] = ()
    portal: BoundField | None = None
    push: BoundField | None = None
    #: How many came lately.
    n: int = 0


def hours() -> list[tuple[int, str]]:
    return [(hour, time_format(dt.time(hour), "TIME_FORMAT")) for hour in range(24)]


def time_field(label: StrOrPromise) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-time"}, format="%H:%M"),
        error_messages={"invalid": _("Enter a time, like 21:30.")},
    )


class PreferencesForm(forms.Form):
    """Every kind with when it is mailed and whether it stands in the portal; and when mails come.

    Where the person has no device, what they once wished about devices stays as it is.
    """

    mark_optional = False
    columns = Mail.labels
    digest_hour = forms.TypedChoiceField(
        label=_("Digests come at"),
        coerce=int,
        choices=hours,
        error_messages={"invalid_choice": _("Choose an hour from the list.")},
    )
    digest_weekday = forms.TypedChoiceField(
        label=_("The weekly digest comes on"),
        coerce=int,
        choices=list(WEEKDAYS.items()),
        error_messages={"invalid_choice": _("Choose a day from the list.")},
    )
    quiet_from = time_field(_("Quiet from"))
    quiet_until = time_field(_("Quiet until"))

    def __init__(
        self,
        data: Any = None,
        *,
        wished: Callable[[str], Wish],
        times: Times,
        came: Mapping[str, int],
        with_devices: bool,
    ) -> None:
        super().__init__(data)
        self.came = came
        self.wished, self.times, self.with_devices = wished, times, with_devices
        for kind in CHOOSABLE:
            now = wished(kind)
            self.fields[f"mail_{kind}"] = forms.ChoiceField(
                label=NoticeKind(kind).label,
                choices=Mail.choices,
                widget=forms.RadioSelect,
                initial=now.mail.value,
                error_messages={
                    "required": _("Choose when this is mailed."),
                    "invalid_choice": _("Choose when this is mailed."),
                },
            )
            self.fields[f"portal_{kind}"] = forms.BooleanField(
                required=False, initial=now.in_portal
            )
            if with_devices:
                self.fields[f"push_{kind}"] = forms.BooleanField(required=False, initial=now.push)
        for name in ("quiet_from", "quiet_until", "digest_hour", "digest_weekday"):
            self.initial[name] = getattr(times, name)

    def clean(self) -> dict[str, Any]:
        """Quiet hours have two ends, and some time between them."""
        data = super().clean() or self.cleaned_data
        begin, end = data.get("quiet_from"), data.get("quiet_until")
        if "quiet_from" in data and "quiet_until" in data:
            if begin is not None and end is None:
                self.add_error("quiet_until", _("Say until when, or leave both times empty."))
            elif begin is None and end is not None:
                self.add_error("quiet_from", _("Say from when, or leave both times empty."))
            elif begin is not None and begin == end:
                self.add_error("quiet_until", _("Choose two different times."))
        return data

    @property
    def groups(self) -> Iterator[tuple[StrOrPromise, list[Row]]]:
        """The rows as the page shows them."""
        for name, kinds in GROUPS:
            yield name, [self._row(kind) for kind in kinds]

    def _row(self, kind: NoticeKind) -> Row:
        if TOLD[kind].essential:
            return Row(kind.value, kind.label, n=self.came.get(kind, 0))
        mail = self[f"mail_{kind}"]
        chosen = mail.value()
        return Row(
            kind.value,
            kind.label,
            mail,
            tuple(
                Choice(f"{mail.auto_id}_{place}", value, label, value == chosen)
                for place, (value, label) in enumerate(Mail.choices)
            ),
            self[f"portal_{kind}"],
            self[f"push_{kind}"] if self.with_devices else None,
            self.came.get(kind, 0),
        )

    @property
    def wishes(self) -> dict[str, Wish]:
        """The cleaned answers as ``preferences.set_preferences`` takes them."""
        data = self.cleaned_data
        return {
            kind: Wish(
                in_portal=data[f"portal_{kind}"],
                mail=Mail(data[f"mail_{kind}"]),
                push=data[f"push_{kind}"] if self.with_devices else self.wished(kind).push,
            )
            for kind in CHOOSABLE
        }

    @property
    def clock(self) -> Clock:
        data = self.cleaned_data
        return Clock(
            quiet_from=data["quiet_from"],
            quiet_until=data["quiet_until"],
            digest_hour=data["digest_hour"],
            digest_weekday=data["digest_weekday"],
        )


class PauseForm(forms.Form):
    """Until when nothing is mailed; an empty day means until the person goes on."""

    mark_optional = False
    prefix = "pause"
    until = forms.DateField(
        label=_("Mails come again on"),
        required=False,
        help_text=_("Empty means: not before you end the pause yourself."),
        widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Enter a day, like 2027-01-31.")},
    )
