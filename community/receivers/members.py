"""The directory follows what members show; an account that closes takes its membership along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.dispatch import receiver

from accounts.signals import access_changed, account_closed, personal_data, profile_changed
from community import finding
from community.models import Departure, Sanction
from community.operations.membership import end_membership
from community.personal import SECTIONS, Rows
from community.signals import chapter_joined, member_changed, member_joined, sanctioned


@receiver(
    [profile_changed, access_changed, chapter_joined], dispatch_uid="directory-follows-people"
)
def follow_person(user: Any, **_: Any) -> None:
    finding.note(user.pk)


@receiver([member_joined, member_changed], dispatch_uid="directory-follows-members")
def follow_member(member: Any, **_: Any) -> None:
    finding.note(member.user_id)


@receiver(sanctioned, dispatch_uid="directory-follows-sanctions")
def follow_sanction(sanction: Sanction, **_: Any) -> None:
    finding.note(sanction.user_id)


@receiver(account_closed, dispatch_uid="membership-ends-with-the-account")
def end_with_account(user: Any, **_: Any) -> None:
    end_membership(user)
    Departure.objects.filter(user=user).delete()


def _section(name: str, section: Callable[[Any], Rows]) -> None:
    @receiver(personal_data, dispatch_uid=f"community-{name}-of-a-person", weak=False)
    def kept(user: Any, **_: Any) -> tuple[str, Rows]:
        return f"community_{name}", section(user)


for _name, _rows in SECTIONS.items():
    _section(_name, _rows)
