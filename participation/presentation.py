"""What pages about participation need to print their texts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

#: How moves are called in a history.
VERBS = {
    "set_admission": _("Registration changed"),
    "approve_registration": _("Approved"),
    "give_place": _("Has a place"),
    "decline_registration": _("Declined"),
    "withdraw_registration": _("Withdrew"),
    "ask_again": _("Asked again"),
    "register_again": _("Registered again"),
    "add_category": _("Kind of participant added"),
    "change_category": _("Kind of participant changed"),
    "remove_category": _("Kind of participant removed"),
    "mark_attendance": _("Noted who took part"),
    "answer_question": _("Question answered"),
    "set_question_aside": _("Question set aside"),
    "reopen_question": _("Question opened again"),
    "take_question_back": _("Question taken back"),
    "add_paper": _("Paper added"),
    "add_paper_version": _("New version"),
    "change_paper": _("Paper changed"),
    "withdraw_paper": _("Paper withdrawn"),
    "restore_paper": _("Paper brought back"),
    "move_paper": _("Papers put in another order"),
    "add_conclusion": _("Conclusion added"),
    "change_conclusion": _("Conclusion changed"),
    "move_conclusion": _("Conclusions put in another order"),
    "remove_conclusion": _("Conclusion removed"),
    "write_call": _("Call for case stories changed"),
    "arrange_webinar": _("Webinar arranged"),
    "repeat_webinar": _("Webinar repeated"),
    "cancel_webinar": _("Webinar cancelled"),
    "mark_webinar_held": _("Webinar took place"),
    "export_participants": _("Exported the participants"),
    "print_badges": _("Printed the badges"),
    "read_participants": _("Opened the list of participants"),
}
