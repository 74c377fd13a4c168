"""The pages for trying the portal: useful in development, absent anywhere else."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from accounts.models import User
from hubportal.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, codes, ensure_demo_accounts
from hubs.models import Membership
from tests.factories import make_hub

pytestmark = pytest.mark.django_db
PAGES = [
    reverse("demo"),
    reverse("demo-mailbox"),
    reverse("demo-message", args=["20260101-080000-1.log"]),
    reverse("demo-message-look", args=["20260101-080000-1.log", 0]),
]


@pytest.fixture
def development(settings, tmp_path):
    settings.HUB_PROFILE = "development"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def write(
    folder,
    subject: str,
    body: str = "Text",
    name: str = "20260101-080000-1.log",
    html: str = "",
) -> None:
    message: EmailMessage = EmailMessage(subject, body, "portal@test.example", ["to@test.example"])
    if html:
        message = EmailMultiAlternatives(subject, body, "portal@test.example", ["to@test.example"])
        message.attach_alternative(html, "text/html")
    data = message.message().as_bytes() + b"\n" + b"-" * 79 + b"\n"
    with (folder / name).open("ab") as file:
        file.write(data)


@pytest.mark.parametrize("profile", ["production", "test"])
@pytest.mark.parametrize("page", PAGES)
def test_outside_development_these_pages_are_not_there(profile, page, settings, tmp_path) -> None:
    settings.EMAIL_FILE_PATH = tmp_path
    write(tmp_path, "Secret")
    settings.HUB_PROFILE = profile
    assert Client().get(page).status_code == 404


def test_in_production_no_demonstration_account_is_made(settings) -> None:
    settings.HUB_PROFILE = "production"
    with pytest.raises(ImproperlyConfigured):
        ensure_demo_accounts([])
    assert not User.objects.exists()


def test_each_role_has_an_account_that_works(development) -> None:
    cache.clear()
    hub = make_hub()
    people = ensure_demo_accounts([hub])
    assert ensure_demo_accounts([hub]) == people
    assert [account.role for account in DEMO_ACCOUNTS] == list(people)
    page = Client().get(reverse("demo")).content.decode()
    for demo in DEMO_ACCOUNTS:
        assert demo.email in page
        user = people[demo.role]
        assert EmailAddress.objects.get(user=user).verified
        client = Client()
        client.post(reverse("account_login"), {"login": demo.email, "password": DEMO_PASSWORD})
        found = codes(user)
        if found:
            client.post(reverse("mfa_authenticate"), {"code": found.now})
        assert get_user(client) == user
        assert client.get("/desk/").status_code == (200 if demo.second_factor else 302)
    roles = {m.user.email: m.role for m in Membership.objects.select_related("user")}
    assert roles == {demo.email: demo.hub_role for demo in DEMO_ACCOUNTS if demo.hub_role}


def test_the_codes_shown_are_those_of_the_moment() -> None:
    user = ensure_demo_accounts([])["moderator"]
    first, later = codes(user, at=1_800_000_010), codes(user, at=1_800_000_029)
    assert (first.now, first.following) == (later.now, later.following)
    assert (first.seconds_left, later.seconds_left) == (20, 1)
    assert codes(user, at=1_800_000_030).now == first.following


def test_mails_are_listed_newest_first_and_shown_as_text(development) -> None:
    write(development, "Older", name="20260101-080000-2.log")
    write(development, "Grüße <b>and</b> more", "<script>alert(1)</script>\nSecond line")
    write(development, "Newest", name="20260102-080000-1.log")
    page = Client().get(reverse("demo-mailbox"))
    assert [mail.subject for mail in page.context["mails"]] == [
        "Newest",
        "Older",
        "Grüße <b>and</b> more",
    ]
    shown = Client().get(reverse("demo-message", args=["20260101-080000-1.log"])).content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>Second line" in shown


def test_the_form_with_colours_is_shown_where_nothing_of_it_can_run(development) -> None:
    write(development, "Older", html="<p style='color:red'>Older</p><script>alert(1)</script>")
    write(development, "Newer")
    name = "20260101-080000-1.log"
    page = Client().get(reverse("demo-message", args=[name])).content.decode()
    links = [reverse("demo-message-look", args=[name, place]) for place in (0, 1, 2)]
    assert [link in page for link in links] == [False, True, False]
    assert [Client().get(link).status_code for link in links] == [404, 200, 404]
    look = Client().get(links[1])
    assert "<p style='color:red'>Older</p>" in look.content.decode()
    policy = look["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "sandbox"} <= set(policy)
    assert not any(part.startswith("script-src") for part in policy)


@pytest.mark.parametrize(
    "name",
    [
        "..%2F..%2Fsecret",
        "..",
        "secret",
        "20260101-080000-1.log%00.txt",
        "20260101-080000-9.log",
        "20260101-080000-7.log",
        "x" * 5000,
    ],
)
def test_no_other_file_can_be_read_through_the_mailbox(name, development) -> None:
    (development.parent / "secret").write_text("Subject: Secret")
    (development / "secret").write_text("Subject: Secret")
    (development / "20260101-080000-7.log").symlink_to(development.parent / "secret")
    answer = Client().get(f"/demo/mail/{name}/")
    assert answer.status_code in {400, 404}


def test_a_broken_or_huge_file_does_not_break_the_mailbox(development) -> None:
    (development / "20260101-080000-1.log").write_bytes(b"\xff\xfe\x00 no mail at all")
    (development / "20260101-080000-2.log").write_bytes(b"x" * (1024 * 1024 + 1))
    (development / "20260101-080000-3.log").write_bytes(
        b"Subject: =?utf-8?b?%%%?=\nDate: yesterday\nContent-Type: text/plain; charset=klingon\n\nx"
    )
    assert Client().get(reverse("demo-mailbox")).status_code == 200
    assert Client().get(reverse("demo-message", args=["20260101-080000-3.log"])).status_code == 200


def test_an_empty_portal_says_so(settings, tmp_path) -> None:
    settings.HUB_PROFILE = "development"
    settings.EMAIL_FILE_PATH = tmp_path / "nowhere"
    assert "No mail yet" in Client().get(reverse("demo-mailbox")).content.decode()
    assert "No demonstration accounts yet" in Client().get(reverse("demo")).content.decode()
