"""What pages about events need to print their texts."""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

#: How moves are called in a history.
VERBS = {
    "add_event": _("Added"),
    "add_record": _("Added"),
    "change_record": _("Changed"),
    "remove_record": _("Taken out"),
    "add_people": _("Added people"),
    "import_programme": _("Took over a programme"),
    "update_commitment": _("Filed an update"),
    "claim_person": _("Asked to be seen as this person"),
    "agree_person_claim": _("Agreed"),
    "refuse_person_claim": _("Not agreed"),
    "withdraw_person_claim": _("Taken back"),
    "link_person": _("Linked with a member"),
    "unlink_person": _("Link with a member taken back"),
}


def in_english() -> SafeString:
    """The attribute for texts of the record, which are English, on pages that are not."""
    english = (get_language() or "en").startswith("en")
    return SafeString("" if english else ' lang="en"')
