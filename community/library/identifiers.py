"""The forms in which works are compared: identifiers, addresses, titles, names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from core.text import fold, form, tokens

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_NOT_ISBN = re.compile(r"[\s\-\u2010-\u2013]+")
_ISBN = re.compile(r"(?:\d{13}|\d{9}[\dX])")
LONGEST_TITLE_KEY = 200
LONGEST_ADDRESS_KEY = 300


def doi_of(text: str) -> str:
    """The bare DOI in lower case, out of an address, a label or itself; "" if there is none."""
    found = _DOI.search(text.strip())
    return found[0].rstrip(".,;)]}").lower()[:200] if found else ""


def isbn_of(text: str) -> str:
    """The first ISBN as thirteen digits; "" for one whose check digit is wrong."""
    for part in re.split(r"[,;/]| (?=97[89])", text.upper()):
        digits = _NOT_ISBN.sub("", part.replace("ISBN", "").lstrip(": "))
        if found := _ISBN.match(digits):
            number = found[0]
            if len(number) == 13 and _check_13(number[:12]) == number[12]:
                return number
            if len(number) == 10 and _check_10(number[:9]) == number[9]:
                return f"978{number[:9]}{_check_13(f'978{number[:9]}')}"
    return ""


def _check_13(digits: str) -> str:
    return str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10)


def _check_10(digits: str) -> str:
    rest = -sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
    return "X" if rest == 10 else str(rest)


def address_key(url: str) -> str:
    """An address without what changes nothing: protocol, www, a slash at the end, a fragment."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    host = (parts.netloc.rpartition("@")[2]).lower().removeprefix("www.")
    if not host or "." not in host:
        return ""
    path = parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    # The front page of a site says nothing of the work.
    return f"{host}{path}{query}"[:LONGEST_ADDRESS_KEY] if path or query else ""


def title_key(title: str) -> str:
    """The words of a title without case, accents, punctuation and spaces between them."""
    return "".join(form(word) for word in tokens(title))[:LONGEST_TITLE_KEY]


def names_of(authors: str) -> list[str]:
    """Authors as they are listed one by one."""
    return [name for part in authors.split(";") if (name := part.strip())]


def surnames(authors: str) -> set[str]:
    """Words of the names that tell people apart, folded."""
    return {fold(word) for word in tokens(authors) if len(word) > 2} - {"and", "others", "the"}
