"""What happens to saved searches when people leave, or ask what is kept of them."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from notifications import searching


@receiver(account_closed, dispatch_uid="searches-end-with-the-account")
def let_searches_go(user: Any, **_: Any) -> None:
    searching.forget(user)


@receiver(personal_data, dispatch_uid="searches-of-a-person")
def searches_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    return "saved_searches", searching.kept_of(user)
