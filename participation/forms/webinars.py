"""What is said to arrange a webinar, to cancel it, and to repeat it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import zone_choices
from core import walltime
from core.fields import LimitedField, LongField, PickField
from events import speakers
from events.choices import ContributionRole
from events.editing.people import Part
from events.models import Event, Person, Session
from hubs.forms.fields import WebField
from hubs.models import Country, Hub, Membership
from participation.models import Admission
from participation.operations.webinars import HOURS, TOLD, WAY_IN, YEARS
from participation.times import offset_of

if TYPE_CHECKING:
    from accounts.models import User

DAY = gettext_lazy("Enter a day, like 16 May 2027.")
HOUR = gettext_lazy("Enter an hour from 00:00 to 23:59, like 14:30.")
WHOLE = gettext_lazy("Enter a whole number.")
MOST_PLACES = 100_000


class WebinarForm(forms.Form):
    """What it is about, when it is, and how people come to it."""

    name = LimitedField(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    summary = LongField(
        label=gettext_lazy("Summary in one or two sentences"), max_length=500, required=False
    )
    theme = LimitedField(label=gettext_lazy("Theme"), max_length=250, required=False)
    day = forms.DateField(
        label=gettext_lazy("Day"),
        widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Choose the day."), "invalid": DAY},
    )
    wall_starts = forms.TimeField(
        label=gettext_lazy("Begins"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-date"}, format="%H:%M"),
        error_messages={"required": gettext_lazy("Say when it begins."), "invalid": HOUR},
    )
    wall_ends = forms.TimeField(
        label=gettext_lazy("Ends"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-date"}, format="%H:%M"),
        error_messages={"required": gettext_lazy("Say when it ends."), "invalid": HOUR},
    )
    zone = PickField(
        label=gettext_lazy("Time zone of these hours"),
        help_text=gettext_lazy(
            "The place of the host. Everybody reads the time on their own clocks."
        ),
        error_messages={"required": gettext_lazy("Choose the time zone of these hours.")},
    )
    second_hour = PickField(
        label=gettext_lazy("Which of the two hours?"),
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("The clocks are put back on that day, and this hour comes twice."),
    )
    is_public = forms.BooleanField(
        label=gettext_lazy("Everybody may see this webinar"), required=False
    )
    is_open = forms.BooleanField(label=gettext_lazy("People can register"), required=False)
    places = forms.IntegerField(
        label=gettext_lazy("Places"),
        required=False,
        min_value=1,
        max_value=MOST_PLACES,
        widget=forms.NumberInput(attrs={"class": "w4"}),
        help_text=gettext_lazy("None: as many as come. When all are taken, people wait in line."),
        error_messages={
            "invalid": WHOLE,
            "min_value": gettext_lazy("Choose at least %(limit_value)s."),
            "max_value": gettext_lazy("Choose at most %(limit_value)s."),
        },
    )
    join_url = WebField(
        label=gettext_lazy("Join link"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Only people with a place see it."),
    )
    join_note = LongField(
        label=gettext_lazy("How to join"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("A dial-in number or a passcode. Only people with a place see it."),
    )

    def __init__(self, *args: Any, event: Event | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_which = False
        known = _zones(event.zone if event else "")
        self.fields["zone"].choices = [("", _("Choose")), *known]  # type: ignore[attr-defined]
        self.fields["second_hour"].choices = (  # type: ignore[attr-defined]
            ("first", _("The first of the two")),
            ("second", _("The second of the two")),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["second_hour"] = {"first": False, "second": True}.get(data.get("second_hour", ""))
        if not set(HOURS) & set(self.errors):
            self._check_hours(data)
        return data

    def _check_hours(self, data: dict[str, Any]) -> None:
        """Refuse at the field what no clock shows; ask which hour if one comes twice."""
        if data["day"].year not in YEARS:
            self.add_error("day", _("Choose a day between 1900 and 2100."))
            return
        self.asks_which = self._comes_twice(data)
        if not self.asks_which:
            data["second_hour"] = None
        try:
            Session(slug="webinar", **{name: data[name] for name in HOURS}).clean()
        except ValidationError as refusal:
            for name, errors in refusal.error_dict.items():
                for error in errors:
                    which = error.code == "ambiguous"
                    self.add_error("second_hour" if which else name, error)

    def _comes_twice(self, data: dict[str, Any]) -> bool:
        """Whether an hour comes twice; names the two by how far the clocks are from UTC."""
        for name in ("wall_starts", "wall_ends"):
            try:
                moments = walltime.both(dt.datetime.combine(data["day"], data[name]), data["zone"])
            except ValidationError:
                continue
            if moments[0] != moments[1]:
                offsets = [offset_of(walltime.wall(one, data["zone"])) for one in moments]
                self.fields["second_hour"].choices = (  # type: ignore[attr-defined]
                    (
                        "first",
                        _("The first, before the clocks are put back (%(offset)s)")
                        % {"offset": offsets[0]},
                    ),
                    ("second", _("The second, after it (%(offset)s)") % {"offset": offsets[1]}),
                )
                return True
        return False

    def refuse(self, refusal: ValidationError) -> None:
        """Put what an operation refused at the fields of this form."""
        if not hasattr(refusal, "error_dict"):
            self.add_error(None, refusal)
            return
        for name, errors in refusal.error_dict.items():
            own = {"slug": "name", "title": "name"}.get(name, name)
            place = own if own in self.fields and name != NON_FIELD_ERRORS else None
            for error in errors:
                self.add_error(place, error)

    def values(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class NewWebinarForm(WebinarForm):
    """The same, with whose webinar it is and who speaks."""

    hub = PickField(
        label=gettext_lazy("Hub"),
        required=False,
        help_text=gettext_lazy("Its editors keep the webinar."),
        error_messages={"required": gettext_lazy("Choose the hub.")},
    )
    speakers = LongField(
        label=gettext_lazy("Speakers"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "data-count": "no"}),
        help_text=gettext_lazy(
            "One on each line: name; title; organisation; country. You can add them later, too."
        ),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        first = {
            "form_key": uuid.uuid4(),
            "is_public": True,
            "is_open": True,
            "zone": timezone.get_current_timezone_name(),
        }
        self.hubs = {str(hub.pk): hub for hub in _hubs_of(user)}
        if len(self.hubs) == 1:
            first["hub"] = next(iter(self.hubs))
        super().__init__(*args, initial=first | kwargs.pop("initial", {}), **kwargs)
        self.parts: list[Part] = []
        hub = self.fields["hub"]
        hub.required = not user.is_staff
        none = _("No hub: portal moderators keep it") if user.is_staff else _("Choose")
        hub.choices = [  # type: ignore[attr-defined]
            ("", none),
            *((key, row.name) for key, row in self.hubs.items()),
        ]

    def clean_speakers(self) -> str:
        """Read the list with the words of the page of speakers; what is unsure is asked there."""
        text: str = self.cleaned_data["speakers"]
        if text:
            self.parts = self._parts(text)
        return text

    def _parts(self, text: str) -> list[Part]:
        reading, problems = speakers.read(text), []
        problems += reading.notes
        everybody = speakers.Directory()
        found: list[tuple[speakers.Line, int | None]] = []
        for line in reading.lines:
            match = everybody.whom(line.name, line.country)
            told = list(line.problems)
            if not told and not match.is_new and not match.is_certain:
                told.append(
                    _(
                        "“%(name)s” may be somebody of the record. Leave this line out and add it"
                        " on the page of speakers, where you can choose."
                    )
                    % {"name": line.name}
                )
            problems += [
                _("Line %(n)d: %(problem)s") % {"n": line.number, "problem": one} for one in told
            ]
            found.append((line, match.people[0] if match.is_certain else None))
        if problems:
            raise ValidationError(problems)
        people = Person.objects.in_bulk([pk for _line, pk in found if pk is not None])
        countries = Country.objects.in_bulk({line.country for line, _pk in found if line.country})
        return [
            Part(
                name=line.name,
                person=people[pk] if pk is not None else None,
                session=None,
                values={
                    "role": line.role or ContributionRole.SPEAKER,
                    "title": line.title,
                    "organisation": line.organisation,
                    "country": countries.get(line.country),
                    "topic": line.topic,
                },
            )
            for line, pk in found
        ]

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None):
            self.cleaned_data["form_key"] = uuid.uuid4()

    def arranged(self) -> dict[str, Any]:
        """For ``operations.webinars.arrange_webinar``."""
        return {
            "form_key": self.cleaned_data["form_key"],
            "hub": self.hubs.get(self.cleaned_data["hub"]),
            "told": self.values(TOLD),
            "hours": self.values(HOURS),
            "way_in": self.values(WAY_IN),
            "speakers": self.parts,
        }


class ChangeWebinarForm(WebinarForm):
    """The same of a webinar that is there, with the mark of what the form was opened on."""

    base = forms.CharField(widget=forms.HiddenInput, required=False)

    def take(self, base: str) -> None:
        """Whoever has seen that somebody else changed it may save again."""
        self.data = {**self.data.dict(), "base": base}  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """For ``operations.webinars.change_webinar``."""
        return {
            "told": self.values(TOLD),
            "hours": self.values(HOURS),
            "way_in": self.values(WAY_IN),
            "base": self.cleaned_data["base"],
        }


def opened_on(event: Event, session: Session | None, admission: Admission | None) -> dict[str, Any]:
    """What the form shows of a webinar that is there."""
    said: dict[str, Any] = {name: getattr(event, name) for name in TOLD}
    said |= {
        "day": event.starts if len(event.starts) == len("2027-03-04") else "",
        "zone": event.zone,
    }
    if session is not None:
        said |= {name: getattr(session, name) for name in HOURS if name != "second_hour"}
        said["second_hour"] = {False: "first", True: "second"}.get(session.second_hour, "")  # type: ignore[arg-type]
        said["zone"] = session.zone or event.zone
    if admission is not None:
        said |= {name: getattr(admission, name) for name in WAY_IN}
    return said


class CancelForm(forms.Form):
    """Why a webinar does not take place."""

    reason = LongField(
        label=gettext_lazy("Why does it not take place?"),
        max_length=1000,
        help_text=gettext_lazy("Everybody who wanted to come gets it in a letter."),
        error_messages={
            "required": gettext_lazy("Say why; everybody who wanted to come reads it.")
        },
    )


def _hubs_of(user: User) -> Any:
    """The hubs whose events this person keeps; all of them for portal moderators."""
    hubs = Hub.objects.filter(merged_into=None).order_by("name", "pk")
    if user.is_staff:
        return hubs
    return hubs.filter(
        pk__in=Membership.objects.filter(user=user, role__in=Membership.DESK).values("hub")
    )


def _zones(own: str) -> list[Any]:
    """Places to choose from; one whose zone goes by an old name keeps it."""
    known = zone_choices()
    listed = {code for _area, inside in known if not isinstance(inside, str) for code, _n in inside}
    return [*known, (own, own)] if own and own not in listed | {"UTC"} else known
