"""What is said to ask a poll, and to vote."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import zone_choices
from community.models import Poll
from community.operations.polling import FEWEST, MOST
from core import walltime
from core.fields import LimitedField, LongField, PickField, PicksField

#: The longest text of one answer.
LONGEST = 160


class PollForm(forms.Form):
    """A question, its answers line by line, and until when it is open on whose clocks."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    question = LimitedField(
        label=gettext_lazy("Question"),
        max_length=200,
        error_messages={"required": gettext_lazy("Write the question.")},
    )
    answers = LongField(
        label=gettext_lazy("Answers to choose from"),
        max_length=MOST * (LONGEST + 1),
        help_text=gettext_lazy("Two to ten, each on a line of its own."),
        widget=forms.Textarea(attrs={"rows": 6, "data-count": "no"}),
        error_messages={
            "required": gettext_lazy("Write at least two answers, each on a line of its own.")
        },
    )
    several = forms.BooleanField(
        label=gettext_lazy("People may choose several answers"), required=False
    )
    day = forms.DateField(
        label=gettext_lazy("Open until: day"),
        widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Choose the day."),
            "invalid": gettext_lazy("Enter a day, like 16 May 2027."),
        },
    )
    hour = forms.TimeField(
        label=gettext_lazy("Hour"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-date"}, format="%H:%M"),
        error_messages={
            "required": gettext_lazy("Say at what hour."),
            "invalid": gettext_lazy("Enter an hour from 00:00 to 23:59, like 14:30."),
        },
    )
    zone = PickField(
        label=gettext_lazy("Time zone of this hour"),
        help_text=gettext_lazy("Everybody reads the time on their own clocks."),
        error_messages={"required": gettext_lazy("Choose the time zone of this hour.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        own = timezone.get_current_timezone_name()
        kwargs.setdefault(
            "initial",
            {
                "form_key": uuid.uuid4(),
                "day": timezone.localdate() + dt.timedelta(days=7),
                "hour": dt.time(18),
                "zone": own,
            },
        )
        super().__init__(*args, **kwargs)
        choices = zone_choices()
        offered = {
            name for _area, rows in choices if not isinstance(rows, str) for name, _n in rows
        }
        if own not in {"UTC", *offered} and own in walltime.zones():
            choices = [(own, own), *choices]
        self.fields["zone"].choices = choices  # type: ignore[attr-defined]

    def clean_answers(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["answers"].splitlines()]
        found = [line for line in lines if line]
        if not FEWEST <= len(found) <= MOST:
            raise ValidationError(
                _("Write %(fewest)d to %(most)d answers, each on a line of its own. It has %(n)d.")
                % {"fewest": FEWEST, "most": MOST, "n": len(found)}
            )
        if len({line.casefold() for line in found}) < len(found):
            raise ValidationError(_("One answer stands there twice. Take one away."))
        if any(len(line) > LONGEST for line in found):
            raise ValidationError(
                _("Shorten each answer to %(most)d characters.") % {"most": LONGEST}
            )
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if {"day", "hour", "zone"} <= set(data):
            try:
                wall = dt.datetime.combine(data["day"], data["hour"])
                data["closes_at"] = walltime.instant(wall, data["zone"])
            except ValidationError as refusal:
                twice = getattr(refusal, "code", "") == "ambiguous"
                self.add_error(
                    "hour",
                    _("This hour comes twice on that day: the clocks are put back. Choose another.")
                    if twice
                    else refusal,
                )
            except (OverflowError, ValueError):
                self.add_error("day", _("Choose a day within three months."))
        return data

    def asked(self) -> dict[str, Any]:
        """What the operation takes."""
        names = ("form_key", "question", "answers", "several", "closes_at")
        return {name: self.cleaned_data[name] for name in names}

    def refuse(self, refusal: ValidationError) -> None:
        """Say at the fields what the operation refused."""
        if not hasattr(refusal, "error_dict"):
            self.add_error(None, refusal)
            return
        for name, errors in refusal.error_dict.items():
            place = {"closes_at": "day", "text": "answers"}.get(name, name)
            self.add_error(place if place in self.fields else None, errors)


class VoteForm(forms.Form):
    """One answer, or several."""

    mark_optional = False

    def __init__(self, *args: Any, poll: Poll, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(option.pk), option.text) for option in poll.options.all()]
        told = {"required": _("Choose an answer.")}
        field: Any
        if poll.several:
            field = PicksField(label=poll.question, choices=choices, error_messages=told)
        else:
            field = PickField(
                label=poll.question,
                choices=choices,
                widget=forms.RadioSelect,
                error_messages=told,
            )
        self.fields["answer"] = field

    def chosen(self) -> list[int]:
        found = self.cleaned_data["answer"]
        return [int(pk) for pk in ([found] if isinstance(found, str) else found)]
