"""The formats of reference managers: how entries are written, whatever is cited.

Names of people are given as they stand in a record: what is a family name cannot be known for
all the world's names, so none is taken apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_SPACES = re.compile(r"\s+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")

#: What has a meaning to TeX. Braces must stay balanced, so they are named, not escaped.
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "_": r"\_",
        "%": r"\%",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)

CONTENT_TYPES = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}


def one_line(text: str) -> str:
    """Without line breaks and control characters, which have a meaning in these formats."""
    return _SPACES.sub(" ", _CONTROLS.sub(" ", text)).strip()


def tex(text: str) -> str:
    return text.translate(_TEX)


def bibtex_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """An entry for BibTeX and BibLaTeX, in UTF-8; empty fields are left out. Values are TeX."""
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@" + kind + "{" + key + ",\n" + ",\n".join(lines) + "\n}\n"


def ris_entry(fields: Iterable[tuple[str, str]]) -> str:
    """An entry in the RIS format: a tag and a value on each line, ended by CR LF."""
    rows = [(tag, value) for tag, value in fields if value]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in [*rows, ("ER", "")])


def csl_list(items: Iterable[Mapping[str, Any]]) -> str:
    """A list of items in CSL-JSON, without what is empty."""
    filled = [{name: value for name, value in item.items() if value} for item in items]
    return json.dumps(filled, ensure_ascii=False, indent=1) + "\n"
