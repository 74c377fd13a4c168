"""Mails as a mail program shows them: narrow, in both colour schemes, in both directions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import AccountMail, Profile, User
from accounts.operations import owe_mail
from community.choices import Attention
from community.operations import discussing
from notifications import digesting, noticing
from notifications.kinds import Mail
from notifications.mailing import compose
from notifications.models import Delivery
from tests.community.factories import make_discussion, make_member, make_post

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LETTER = f"""Decided: {"w" * 300} بئر عميقة

The record keeps its label. Two things are asked of you:

- Say who measured it, see https://x.test/{"long/" * 60}
- Give the year.

{"w" * 5000}

بئر عميقة

{settings.PORTAL_URL}/s/1/
"""


def html_of(message: Any) -> str:
    assert isinstance(message, EmailMultiAlternatives)
    ((content, _mimetype),) = message.alternatives
    return str(content)


@pytest.fixture(params=["en", "ar"])
def mails(request: pytest.FixtureRequest, settings: Any) -> dict[str, str]:
    """One mail of each sort in one language."""
    settings.CONTACT_EMAIL = "desk@portal.test"
    reader = make_member(handle="reader")
    Profile.objects.filter(user=reader).update(interface_language=request.param)
    reader = User.objects.get(pk=reader.pk)
    with transaction.atomic():
        write_letter(reader, kind=NoticeKind.CASE, letter=LetterText.of(LETTER, "/s/1/"))
    for title in ("Who pays for the pump", "بئر عميقة", "w" * 150):
        discussion = make_discussion(title=title)
        noticing.tell_owed()
        discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
        make_post(discussion, body="<p>We asked the users. They pay by the bucket.</p>")
        make_post(discussion, body="<p>They pay by the bucket, @reader</p>")
    noticing.tell_owed()
    day = timezone.now() + dt.timedelta(days=1)
    digesting.owe_digest(reader.pk, Mail.DAILY, day, now=timezone.now())
    found = {row.kind or row.sort: row for row in Delivery.objects.filter(user=reader)}
    row = owe_mail(
        to=reader.email,
        purpose="test",
        subject="KXW-4PB is your code",
        body="Enter this code:\n\nKXW-4PB\n\nIt is good for 15 minutes.\n",
        asked_by_anyone=False,
    )
    mails = {name: html_of(compose(found[name])) for name in ("case", "mention", "daily")}
    return mails | {"code": html_of(AccountMail.objects.get(pk=row.pk).compose())}


def test_every_mail_can_be_read_on_a_phone_by_day_and_by_night(
    page: Page, mails: dict[str, str]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found: dict[str, list[str]] = {}
    for name, html in mails.items():
        page.set_viewport_size({"width": 390, "height": 800})
        page.set_content(html)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            told = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
            faults = [
                f"{rule['id']}: {node['target']}"
                for rule in told.response["violations"]
                for node in rule["nodes"][:3]
            ]
            for width in (320, 390, 700):
                page.set_viewport_size({"width": width, "height": 800})
                if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                    faults.append(f"scrolls sideways at {width}")
            if faults:
                found[f"{name} {scheme}"] = faults
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == "rgb(15, 21, 18)", "the dark colours do not reach the page"
        assert page.locator("img, svg, picture, script, table").count() == 0
    assert found == {}
    assert asked == []
