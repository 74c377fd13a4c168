"""A record as linked data (schema.org, JSON-LD), for search engines and other catalogues."""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from catalogue.citations import Citation
from catalogue.content import Content
from catalogue.models import Solution, Version
from catalogue.reading import LICENCE_URLS
from hubs import reference

#: What would end a script element early, or be read as markup, written as JSON escapes.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def linked_data(
    solution: Solution, version: Version, content: Content, citation: Citation
) -> dict[str, Any]:
    """The record as a schema.org ``CreativeWork``; what is not stated is left out."""
    published = version.published_at or version.created_at
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": citation.url,
        "url": citation.url,
        "identifier": solution.reference,
        "name": citation.title,
        "abstract": citation.summary,
        "inLanguage": content["language"],
        "version": str(version.number),
        "datePublished": solution.published_at and solution.published_at.date().isoformat(),
        "dateModified": published.date().isoformat(),
        "isAccessibleForFree": True,
        "license": LICENCE_URLS.get(content["licence"], ""),
        "creator": _organisation(content["owner_institution"]),
        "contributor": [
            {"@type": "Person", "name": row["name"]} for row in content["contributors"]
        ],
        "publisher": _organisation(citation.publisher),
        "spatialCoverage": [
            {
                "@type": "Country",
                "name": reference.country_name(code, "en"),
                "identifier": code,
            }
            for code in content["countries"]
        ],
        "about": [reference.sector_name(code, "en") for code in content["sectors"]]
        + [f"SDG {code}" for code in [*content["goals"], *content["targets"]]],
        "keywords": ", ".join(content["tags"]),
        "isBasedOn": content["adapted_from"] and content["adapted_from"]["title"],
        "citation": [row["title"] for row in content["evidence"]],
    }
    return {name: value for name, value in document.items() if value}


def _organisation(name: str) -> dict[str, str] | None:
    return {"@type": "Organization", "name": name} if name else None


def as_script(document: dict[str, Any]) -> SafeString:
    """JSON that may stand inside a script element, which this data block is not executed as."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308 (nothing in it can end the element)
