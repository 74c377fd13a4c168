"""Whether the links of evidence open, asked in a way that cannot be turned against us.

A link is typed by a stranger, so the request must not reach what only this machine can reach.
Names are resolved first; *every* address a name has must be an ordinary public one; the
connection goes to exactly the address that was checked, so a name cannot change its answer
in between. That holds again for every redirect. No more than the head of the answer is read.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.utils.translation import gettext as _

from catalogue.choices import LinkState

SECONDS = 5.0
HOPS = 5
HEAD_BYTES = 16 * 1024
PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers that many servers give to machines only; a person finds out with one click.
SHY = frozenset({401, 403, 405, 406, 429, 451, 503, 999})
AGENT = "KnowledgeHubPortal/1.0 (link check)"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

#: Ranges that carry another address inside; what counts is the one inside.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
#: Not marked as special by the standard library, and never a public web server.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
                 "168.63.129.16/32", "fec0::/10", "100::/64", "2001:db8::/32", "5f00::/16")
)  # fmt: skip


class Refused(Exception):
    """The address may not be asked. The message is for the person who typed it."""


class Later(Exception):
    """Nothing can be said now: this machine has no way out, or no name server."""


class Failed(Exception):
    """The address was asked and does not open; the message says how."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer: what is needed to go on or to stop."""

    status: int
    location: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    state: str
    note: str = ""


class Ask(Protocol):
    def __call__(self, url: SplitResult, address: str, *, seconds: float) -> Answer:
        """Ask one address for the head of its answer."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system sees them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in {socket.EAI_AGAIN, getattr(socket, "EAI_FAIL", None)}:
            raise Later from None
        raise Failed(_("There is no such host.")) from None
    except (UnicodeError, ValueError):
        raise Refused(_("This is not the address of a web page.")) from None
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def is_public(text: str) -> bool:
    """Whether an IP address is an ordinary public one, also when it hides another inside."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(address)
    if inner is not None:
        return is_public(str(inner))
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address.version == net.version and address in net for net in _NEVER)
    )


def _inside(address: Address) -> Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return ipaddress.IPv4Address(0)  # nobody serves pages there
    number = int(address)
    if any(address in net for net in _NAT64) or number < 1 << 32:
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def checked(url: str) -> tuple[SplitResult, str, int]:
    """The parts of an address that may be asked, with host and port; else ``Refused``."""
    strange = Refused(_("This is not the address of a web page."))
    if len(url) > 2000 or any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in url):
        raise strange
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise strange from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not host:
        raise strange
    if parts.username is not None or parts.password is not None:
        raise Refused(_("The address carries a name or a password."))
    if (port or PORTS[scheme]) != PORTS[scheme]:
        raise Refused(_("The address names an unusual port."))
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        raise strange from None
    return parts, host, PORTS[scheme]


def check(url: str, *, resolve: Resolve = resolve, ask: Ask | None = None) -> Verdict:
    """Follow a link to its end. Raises ``Later`` when nothing can be said now."""
    ask = ask or ask_over_network
    deadline = time.monotonic() + SECONDS
    try:
        for _hop in range(HOPS + 1):
            answer = _one(url, resolve, ask, deadline)
            if answer.status not in REDIRECTS or not answer.location:
                return _verdict(answer.status)
            url = _next(url, answer.location)
    except Refused as refusal:
        return Verdict(LinkState.REFUSED, str(refusal))
    except Failed as failure:
        return Verdict(LinkState.BROKEN, str(failure))
    return Verdict(LinkState.BROKEN, _("It leads from one address to the next without end."))


def _next(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Refused(_("It leads to what is not the address of a web page.")) from None


def _one(url: str, resolve: Resolve, ask: Ask, deadline: float) -> Answer:
    parts, host, port = checked(url)
    addresses = resolve(host, port)
    if not addresses:
        raise Failed(_("There is no such host."))
    if not all(map(is_public, addresses)):
        raise Refused(_("The address leads into a private network."))
    left = deadline - time.monotonic()
    if left <= 0:
        raise Failed(_("No answer within five seconds."))
    netloc = f"[{host}]" if ":" in host else host
    return ask(parts._replace(netloc=netloc), addresses[0], seconds=left)


def _verdict(status: int) -> Verdict:
    if 200 <= status < 300:
        return Verdict(LinkState.OPENS)
    if status in SHY:
        text = _("The server answered %(status)d: it may turn machines away. Open it by hand.")
        return Verdict(LinkState.BROKEN, text % {"status": status})
    return Verdict(LinkState.BROKEN, _("The server answered %(status)d.") % {"status": status})


# --- The one place that opens a connection -------------------------------------------------


def ask_over_network(url: SplitResult, address: str, *, seconds: float) -> Answer:
    """Connect to that very address, ask for the page, read no more than the head."""
    deadline = time.monotonic() + seconds
    host = url.hostname or ""
    port = PORTS[url.scheme.lower()]
    try:
        with socket.create_connection((address, port), timeout=seconds) as plain:
            if port == PORTS["http"]:
                return _exchange(plain, url, deadline)
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=host) as safe:
                return _exchange(safe, url, deadline)
    except ssl.SSLCertVerificationError:
        raise Failed(_("Its certificate is not valid.")) from None
    except TimeoutError:
        raise Failed(_("No answer within five seconds.")) from None
    except OSError as error:
        if error.errno in {101, 113}:  # no network, no route: this machine's fault, not the link's
            raise Later from None
        raise Failed(_("The connection was refused or broke off.")) from None


def _exchange(connection: socket.socket, url: SplitResult, deadline: float) -> Answer:
    path = quote(url.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(url.query, safe="/%:@!$&'()*+,;=~-._?[]") if url.query else ""
    connection.sendall(
        f"GET {path}{query} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: {AGENT}\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n".encode("ascii")
    )
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(4096)
        if not piece:
            break
        head += piece
    return read_head(head)


def read_head(head: bytes) -> Answer:
    """Status and location of an answer."""
    lines = head.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if not words[0].startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        raise Failed(_("What answers there is no web server."))
    location = ""
    for line in lines[1:]:
        name, _colon, value = line.partition(":")
        if name.strip().lower() == "location":
            location = value.strip().encode("latin-1").decode("utf-8", "replace")
    return Answer(int(words[1]), location)
