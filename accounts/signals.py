"""What the accounts ask and tell the layers above."""

from __future__ import annotations

from django.dispatch import Signal

#: "May this person use the moderators' desk?" Arguments: user. Receivers answer yes or no.
desk_roles = Signal()

#: "What do you keep about this person?" Arguments: user. Receivers answer with a pair of
#: section name and a list of plain dictionaries, for the file of a person's own data.
personal_data = Signal()

#: "This person has closed their account." Arguments: user. Sent inside the transaction; what
#: they wrote stays, their roles end.
account_closed = Signal()

#: "What this person shows of themselves, or to whom, has changed." Arguments: user.
profile_changed = Signal()

#: "This person was let in or kept out." Arguments: user.
access_changed = Signal()

#: Somebody is to be told something. Arguments: to, kind (``NoticeKind``), letter (``LetterText``),
#: key ("" or what names the fact and the reader), discreet (whether the time of day is secret).
letter_written = Signal()
