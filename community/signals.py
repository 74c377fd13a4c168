"""Facts about the community, told to the apps above inside the transaction they happen in."""

from __future__ import annotations

from django.dispatch import Signal

#: Somebody joined the community. Arguments: member.
member_joined = Signal()

#: A member chose another short name, or what of them is listed and shown. Arguments: member.
member_changed = Signal()

#: Somebody left the community, or closed their account. Arguments: user.
member_left = Signal()

#: A member was warned, checked, suspended or banned, or that was lifted. Arguments: sanction, verb,
#: by.
sanctioned = Signal()

#: A discussion began. Its first post is told by ``post_shown``. Arguments: discussion, by.
discussion_begun = Signal()

#: A discussion was locked, opened, hidden, restored, merged. Arguments: discussion, verb, by.
discussion_moved = Signal()

#: A post can be read by others for the first time: written by a known member, or released.
#: Arguments: post, mentioned (the primary keys of the people it mentions).
post_shown = Signal()

#: A post was released, hidden, restored, withdrawn. Arguments: post, verb, by.
post_moved = Signal()

#: A post was picked as an insight. Arguments: insight, by.
insight_picked = Signal()

#: The synthesis of a theme was published. Arguments: version, by.
synthesis_published = Signal()

#: A blog post was submitted, returned, accepted, published, withdrawn. Arguments: article, verb,
#: by.
article_moved = Signal()

#: A lab has a new journal entry or lesson, or a report of a trial was shown. Arguments: lab, what
#: ("entry", "lesson", "report"), record, by.
lab_news = Signal()

#: A report of a trial was shown, hidden, withdrawn or sent again. Arguments: report, verb, by.
report_moved = Signal()

#: A flag was raised or settled. Arguments: flag, by.
flag_raised = Signal()
flag_settled = Signal()

#: A moderator decided something, or an appeal against it was decided. Arguments: decision, by.
decided = Signal()
appeal_decided = Signal()

#: Somebody asked to join a chapter, was let in, or left. Arguments: chapter, user, role, by.
chapter_joined = Signal()

#: An entry of the library was listed, refused or taken back; or two became one (verb
#: "merge_reference"). Arguments: item, verb, by.
library_item_moved = Signal()
