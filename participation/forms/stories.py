"""Calls for case stories: what organisers say of one, and what is needed to begin an answer."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalogue.forms.fields import language_choices
from catalogue.forms.pages import hub_label
from claims.models import new_uid
from core.fields import LimitedField, LongField, PickField
from core.text import base_language
from hubs import reference
from hubs.models import Hub, Membership
from participation.forms.closing import ClosingForm
from participation.models import StoryCall, zone_of

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import Event

#: What ``new_uid`` makes.
KEY = re.compile(r"[0-9a-z]{10}\Z", re.ASCII)
LONGEST_TITLE = 150
#: Years in which a call can close.
YEARS = range(2000, 2101)


class StoryCallForm(ClosingForm):
    """A call as its organisers write it. The last hour is that of the event's place."""

    title = LimitedField(label=gettext_lazy("Title"), max_length=200)
    text = LongField(
        label=gettext_lazy("What is asked for"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy(
            "Which stories, from whom, and what becomes of them. An empty line begins a new"
            " paragraph."
        ),
    )
    is_public = forms.BooleanField(
        label=gettext_lazy("Everybody can read the call and answer it"), required=False
    )
    key = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = ("title", "text", "day", "time", "is_public", "key")

    def __init__(self, *args: Any, event: Event, call: StoryCall | None = None, **kw: Any) -> None:
        self.zone = zone_of(event)
        super().__init__(*args, initial=self._opened(call), **kw)
        self.fields["day"].label = _("Last day")
        self.fields["day"].help_text = _("None: open until you close it.")
        self.fields["time"].help_text = _(
            "In %(zone)s. Without an hour, the call is open to the end of that day."
        ) % {"zone": self.zone}

    def _opened(self, call: StoryCall | None) -> dict[str, Any]:
        if call is None:
            return {"key": new_uid()}
        told = {name: getattr(call, name) for name in ("title", "text", "is_public")}
        return told | self.closing(call.closes_at)

    def clean_key(self) -> str:
        """A key somebody made up counts as none; the call is made all the same."""
        key = str(self.cleaned_data["key"])
        return key if KEY.match(key) else ""

    def clean_day(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["day"]
        if day is not None and day.year not in YEARS:
            raise ValidationError(
                _("Choose a year from %(first)d to %(last)d.")
                % {"first": YEARS[0], "last": YEARS[-1]}
            )
        return day

    def told(self) -> dict[str, Any]:
        """For ``operations.stories.write_call``."""
        return {name: self.cleaned_data[name] for name in ("title", "text", "closes_at")} | {
            "is_public": self.cleaned_data["is_public"]
        }


class BeginForm(forms.Form):
    """What is needed to begin a case story: a title, a language, and a hub if one has one."""

    title = LimitedField(
        label=gettext_lazy("Title of your story"),
        max_length=LONGEST_TITLE,
        help_text=gettext_lazy("You can change it later."),
    )
    language = PickField(label=gettext_lazy("Which language will you write in?"))
    hub = PickField(
        label=gettext_lazy("Which hub shall read it?"),
        required=False,
        help_text=gettext_lazy(
            "Its focal point reads what you send in. You can decide this later, before you send."
        ),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        hubs = Hub.objects.filter(pk__in=Membership.objects.filter(user=user).values("hub"))
        self.hubs = {str(hub.pk): hub for hub in hubs.order_by("name", "pk")}
        language = base_language(get_language() or "en")
        first = {
            "form_key": uuid.uuid4(),
            "language": language if language in reference.languages() else "en",
            "hub": next(iter(self.hubs)) if len(self.hubs) == 1 else "",
        }
        super().__init__(*args, initial=first, **kwargs)
        self.fields["language"].choices = language_choices(  # type: ignore[attr-defined]
            code for code, _name in settings.LANGUAGES
        )
        if self.hubs:
            self.fields["hub"].choices = [  # type: ignore[attr-defined]
                ("", _("None yet")),
                *((key, hub_label(hub)) for key, hub in self.hubs.items()),
            ]
        else:
            del self.fields["hub"]

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None):
            self.cleaned_data["form_key"] = uuid.uuid4()

    def told(self) -> dict[str, Any]:
        """For ``operations.stories.begin_story``."""
        data = self.cleaned_data
        return {
            "title": data["title"],
            "language": data["language"],
            "hub": self.hubs.get(data.get("hub", "")),
            "form_key": data["form_key"],
        }
