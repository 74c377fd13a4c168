"""Background work on accounts. The rows are the record; these tasks only hasten it."""

from __future__ import annotations

from celery import shared_task

from accounts import operations


@shared_task(ignore_result=True)
def deliver(*, mail_id: int) -> None:
    """Send one owed mail now. Lost or doubled, the sweep below puts it right."""
    operations.deliver_mail(mail_id=mail_id)


@shared_task(ignore_result=True)
def deliver_owed() -> None:
    """Send every mail that is due."""
    operations.deliver_owed_mails()
