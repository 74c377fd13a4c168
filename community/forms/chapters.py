"""What coordinators write about a chapter and its people."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import zone_choices
from accounts.models import Language, User
from community.choices import ChapterStatus
from community.models import Chapter
from community.operations.chapters import FIELDS, state_of
from core import walltime
from core.fields import LimitedField, LongField, PickField
from events.models import Event
from hubs.forms.fields import LanguagesField
from hubs.models import Hub

#: Where the name of an event stands in the address of any of its pages.
PAGE = re.compile(r"/events/([-\w]+)")


class ChapterForm(forms.Form):
    """What a chapter says of itself. ``base`` is the state the form was made from."""

    base = forms.CharField(widget=forms.HiddenInput)
    summary = LongField(
        label=gettext_lazy("Summary in one or two sentences"), max_length=500, required=False
    )
    region = LimitedField(
        label=gettext_lazy("Region"),
        max_length=120,
        error_messages={"required": gettext_lazy("Say which region the chapter is for.")},
    )
    status = PickField(label=gettext_lazy("Status"), choices=ChapterStatus.choices)
    lead = LimitedField(label=gettext_lazy("Lead organisation"), max_length=200, required=False)
    lead_hub = PickField(
        label=gettext_lazy("Hub of the lead organisation"),
        required=False,
        help_text=gettext_lazy("Its page is linked from the chapter."),
    )
    languages = LanguagesField(
        label=gettext_lazy("Languages"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Names with commas between them, like English, Français."),
    )
    zone = PickField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("Meetings are shown on its clocks, beside the reader’s."),
    )

    def __init__(self, *args: Any, chapter: Chapter, by: User, **kwargs: Any) -> None:
        kwargs.setdefault("initial", self.told_by(chapter))
        super().__init__(*args, **kwargs)
        self.hubs = {str(hub.pk): hub for hub in Hub.objects.visible_to(by).order_by("name", "pk")}
        self._offer(
            "lead_hub", [("", _("None")), *((pk, hub.name) for pk, hub in self.hubs.items())]
        )
        zones = zone_choices()
        offered = {name for _area, rows in zones if not isinstance(rows, str) for name, _n in rows}
        if (
            chapter.zone
            and chapter.zone not in {"UTC", *offered}
            and chapter.zone in walltime.zones()
        ):
            zones = [(chapter.zone, chapter.zone), *zones]
        self._offer("zone", [("", _("None")), *zones])

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def told_by(chapter: Chapter) -> dict[str, Any]:
        told = {name: getattr(chapter, name) for name in FIELDS}
        return told | {
            "lead_hub": str(chapter.lead_hub_id or ""),
            "languages": [language.pk for language in chapter.languages.all()],
            "base": state_of(chapter),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["lead_hub"] = self.hubs.get(data.get("lead_hub", ""))
        data["languages"] = list(Language.objects.filter(pk__in=data.get("languages", [])))
        return data

    def refuse(self, refusal: ValidationError) -> None:
        """Say at the fields what the record refused."""
        if hasattr(refusal, "error_dict"):
            for name, errors in refusal.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, refusal)


class ReasonForm(forms.Form):
    """A reason that the person it is about reads."""

    mark_optional = False
    reason = LongField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy(
            "The person reads it in a letter. It is kept in the record of acts."
        ),
        error_messages={"required": gettext_lazy("Say why; the person reads it.")},
    )


class ChapterEventForm(forms.Form):
    """Which event belongs to the chapter: by the address of its page."""

    mark_optional = False
    event = LimitedField(
        label=gettext_lazy("Address of the event’s page"),
        max_length=500,
        help_text=gettext_lazy("Copy it from the page of the webinar or meeting on this portal."),
        error_messages={"required": gettext_lazy("Enter the address of the event’s page.")},
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_event(self) -> Event:
        typed = self.cleaned_data["event"].strip()
        found = PAGE.search(typed)
        slug = found[1] if found else typed.strip("/")
        event = Event.objects.visible_to(self.by).filter(slug=slug).first()
        if event is None:
            raise ValidationError(
                _("There is no event at this address. Open its page and copy the address.")
            )
        return event
