"""Pages for trying the portal on one's own machine: accounts by role, and the mails it wrote.

Only in the development profile, where mails land in a folder instead of a mailbox. Anywhere
else these pages do not exist.
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from hubportal.demo_accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, codes

if TYPE_CHECKING:
    from collections.abc import Callable

#: Between two mails in one file, and the end of each, as Django's file backend writes them.
RULE = b"\n" + b"-" * 79 + b"\n"
NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{1,20}\.log")
SHOWN = 100
TOO_LARGE = 1024 * 1024


def in_development(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Anywhere but in development the page is not there, even if its address is routed."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.HUB_PROFILE != "development":
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(require_GET(guarded))


@in_development
def accounts(request: HttpRequest) -> HttpResponse:
    """The demonstration accounts, with what is needed to sign in as each of them."""
    people = {
        user.email: user
        for user in User.objects.filter(email__in=[demo.email for demo in DEMO_ACCOUNTS])
    }
    rows = [
        {"demo": demo, "codes": codes(people[demo.email])}
        for demo in DEMO_ACCOUNTS
        if demo.email in people
    ]
    return render(request, "demo/accounts.html", {"rows": rows, "password": DEMO_PASSWORD})


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of the folder: its plain text, and its HTML form where it has one."""

    name: str
    #: Its place in the file, from the last one.
    place: int
    subject: str
    sender: str
    to: str
    sent_at: dt.datetime
    text: str
    html: str


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH or settings.VAR / "mail")


def _names(folder: Path) -> list[str]:
    """Files the mail backend wrote, newest first: their names begin with the time."""
    if not folder.is_dir():
        return []
    found = (path.name for path in folder.iterdir() if NAME.fullmatch(path.name))
    return sorted(found, reverse=True)


def _mails(folder: Path, name: str) -> list[Mail]:
    """The mails in one file, the last one first. What cannot be read is left out."""
    path = folder / name
    if not path.is_file() or path.is_symlink() or path.stat().st_size > TOO_LARGE:
        return []
    text = path.read_bytes().replace(b"\r\n", b"\n")
    raw = [one for part in text.split(RULE) if (one := part.strip(b"\n"))]
    return [_mail(name, place, one, path) for place, one in enumerate(reversed(raw))]


def _form(message: EmailMessage, sort: str, otherwise: str) -> str:
    """One form of a mail, or something else where it cannot be read."""
    body = message.get_body(preferencelist=(sort,))
    try:
        return str(body.get_content()) if body else ""
    except (LookupError, UnicodeError):
        return otherwise


def _mail(name: str, place: int, raw: bytes, path: Path) -> Mail:
    message: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
    try:
        sent_at = parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        sent_at = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
    return Mail(
        name=name,
        place=place,
        subject=str(message["Subject"] or ""),
        sender=str(message["From"] or ""),
        to=str(message["To"] or ""),
        sent_at=timezone.localtime(sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=dt.UTC)),
        text=_form(message, "plain", raw.decode("utf-8", "replace")).replace("\r\n", "\n").strip(),
        html=_form(message, "html", ""),
    )


@in_development
def mailbox(request: HttpRequest) -> HttpResponse:
    """Every mail the portal wrote on this machine, newest first."""
    folder = _folder()
    names = _names(folder)
    mails = [mail for name in names[:SHOWN] for mail in _mails(folder, name)]
    return render(
        request, "demo/mailbox.html", {"mails": mails, "more": max(0, len(names) - SHOWN)}
    )


@in_development
def message(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as text."""
    return render(request, "demo/message.html", {"mails": _found(name)})


@in_development
def message_look(request: HttpRequest, name: str, place: int) -> HttpResponse:
    """The HTML form of one mail as mail programs show it. It is no page of the portal: it runs no
    script, fetches nothing, and stands in an origin of its own, so that it reads no cookie."""
    found = [mail.html for mail in _found(name) if mail.place == place and mail.html]
    if not found:
        raise Http404
    response = HttpResponse(found[0])
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; sandbox"
    )
    return response


def _found(name: str) -> list[Mail]:
    """The mails of one file. The name is compared with the folder's own list, never opened as
    given."""
    folder = _folder()
    mails = _mails(folder, name) if name in _names(folder) else []
    if not mails:
        raise Http404
    return mails
