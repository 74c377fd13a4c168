"""Addresses of the pages, what a browser sends, and what stands on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from assessment.models import Assessment
from core.text import plain

DIMENSION = "identify"
CODES = tuple(f"{DIMENSION}-{level}-{n}" for level in (1, 2, 3, 4) for n in (1, 2, 3))


def url(name: str, assessment: Assessment, *more: str) -> str:
    return reverse(f"assessment:{name}", args=[assessment.hub.slug, assessment.uid, *more])


def hub_url(name: str, hub: Any, *more: str) -> str:
    return reverse(f"assessment:{name}", args=[hub.slug, *more])


def words(response: Any) -> str:
    """What the page says, without marks and with single spaces."""
    html = response.content.decode()
    return re.sub(r"\s+", " ", plain(html[html.index("<main") : html.index("</main>")]))


def sent(answers: Mapping[str, str], base: int = 0, action: str = "continue", **proofs: str) -> Any:
    """What the form of a dimension sends: ``{code: "yes"}``."""
    data = {f"holds-{code}": said for code, said in answers.items()}
    data |= {f"proof-{code.replace('_', '-')}": text for code, text in proofs.items()}
    return data | {"base": str(base), "action": action}


def all_of(dimension: str, said: str) -> dict[str, str]:
    return {f"{dimension}-{level}-{n}": said for level in (1, 2, 3, 4) for n in (1, 2, 3)}


def checked(response: Any, name: str) -> str:
    """The radio button that is chosen in a group; "" for none."""
    html = response.content.decode()
    for tag in re.findall(rf'<input type="radio" name="{name}"[^>]*>', html):
        if " checked" in tag:
            return re.search(r'value="([^"]*)"', tag)[1]  # type: ignore[index]
    return ""
