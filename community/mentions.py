"""Members named in a text by their short name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from core.text import plain

#: So many members can be mentioned in one post; further names are plain words.
MOST = 20

_NAMED = re.compile(r"(?<![\w@.])@([a-zA-Z][a-zA-Z0-9-]{1,28}[a-zA-Z0-9])(?![\w@])")
#: In cleaned HTML a "<" begins a tag and nothing else.
_TAG = re.compile(r"(<[^>]*>)")


def named_in(html: str) -> list[str]:
    """Short names in the order they first appear, lower-case, each once, at most ``MOST``."""
    found: dict[str, None] = {}
    for match in _NAMED.finditer(plain(html)):
        found.setdefault(match[1].lower())
        if len(found) == MOST:
            break
    return list(found)


def linked(html: str, addresses: Mapping[str, str]) -> str:
    """Cleaned HTML in which the short names of ``addresses`` lead to their members.

    Only text between tags is touched, and none inside a link.
    """
    if not addresses or "@" not in html:
        return html

    def link(match: re.Match[str]) -> str:
        address = addresses.get(match[1].lower())
        return f'<a href="{escape(address)}">{match[0]}</a>' if address else match[0]

    found, in_link = [], False
    for part in _TAG.split(html):
        if part.startswith("<"):
            in_link = part.startswith("<a ") or (in_link and part != "</a>")
            found.append(part)
        else:
            found.append(part if in_link else _NAMED.sub(link, part))
    return "".join(found)
