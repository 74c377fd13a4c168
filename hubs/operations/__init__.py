"""Changes to hubs: their profiles, their people, two of them becoming one."""

from hubs.operations.members import (
    accept_invitation,
    give_role,
    invite,
    show_membership,
    take_role,
)
from hubs.operations.merging import merge_hubs
from hubs.operations.profile import (
    add_claim,
    add_reference,
    change_claim,
    change_profile,
    confirm,
    create_hub,
    own_statement,
    prefer,
    remove_claim,
    restore,
)

__all__ = [
    "accept_invitation",
    "add_claim",
    "add_reference",
    "change_claim",
    "change_profile",
    "confirm",
    "create_hub",
    "give_role",
    "invite",
    "merge_hubs",
    "own_statement",
    "prefer",
    "remove_claim",
    "restore",
    "show_membership",
    "take_role",
]
