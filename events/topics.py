"""What statements about events can be about, in the order of an event's page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from claims.topics import Section, Shape, Topic

SECTIONS = (
    Section(
        "names",
        _("What it is called"),
        (
            Topic("name", _("Name"), one=True),
            Topic("other_name", _("Other name"), hint=_("As a source writes it.")),
            Topic("theme", _("Theme"), one=True),
        ),
    ),
    Section(
        "time",
        _("When and where it was"),
        (
            Topic("held", _("Held"), Shape.DATE, one=True),
            Topic("days", _("Length"), Shape.NUMBER, one=True, unit="days"),
            Topic("venue", _("Venue")),
            Topic("zone", _("Time zone")),
        ),
    ),
    Section(
        "attendance",
        _("Who came"),
        (
            Topic("participants", _("Participants"), Shape.NUMBER, one=True, unit="people"),
            Topic("countries", _("Countries"), Shape.NUMBER, one=True, unit="countries"),
            Topic("speakers", _("Speakers"), Shape.NUMBER, one=True, unit="people"),
            Topic("exhibitors", _("Exhibitors"), Shape.NUMBER, one=True),
            Topic("delegations", _("Who was there")),
        ),
    ),
    Section(
        "format",
        _("How it was held"),
        (
            Topic("sessions", _("Sessions"), Shape.NUMBER, one=True),
            Topic("format", _("Format")),
            Topic("content", _("What it was about")),
        ),
    ),
    Section("outcome", _("What came of it"), (Topic("outcome", _("Outcome")),)),
)

TOPICS: dict[str, Topic] = {topic.code: topic for section in SECTIONS for topic in section.topics}
