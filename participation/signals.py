"""Facts about participation, told to the apps above inside the transaction they happen in."""

from __future__ import annotations

from django.dispatch import Signal

#: Somebody asked for a place; its state says what became of it. Arguments: registration.
registered = Signal()

#: The organisers let somebody in who had asked; its state says whether to a place or into the
#: line. Arguments: registration, by.
approved = Signal()

#: A place became free and went to somebody who stood in line. Arguments: registration.
place_passed_on = Signal()

#: A registration was approved, declined, placed or withdrawn. Arguments: registration, verb, by.
registration_moved = Signal()

#: What people with a place need to know changed: its hours, its join link. Arguments: event, what
#: ("link", "hours", "cancelled"), by, and reason, where there is one.
arrangements_changed = Signal()

#: An event that people registered for begins soon, or is over. Arguments: event, what ("reminder",
#: "feedback"), moment (when it begins or ended), name (of the moment among those of the event).
moment_came = Signal()

#: An event has its first recording to watch. Arguments: paper, by.
recording_added = Signal()

#: A question was answered or set aside. Arguments: question, verb, by.
question_moved = Signal()

#: A paper has a new version. Arguments: version, by.
paper_added = Signal()

#: Everybody may open a paper that only people with a place could. Arguments: paper, by.
paper_opened = Signal()
