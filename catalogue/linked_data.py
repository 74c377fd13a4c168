"""A record as linked data (schema.org, JSON-LD), for search engines and other catalogues."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from catalogue.citations import FORMATS, Citation, Format, citation_of, permanent_url
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


class Imprint:
    """How one frozen version is cited and described to machines, worked out where it is drawn."""

    def __init__(self, solution: Solution, version: Version) -> None:
        self._solution, self._version = solution, version

    @cached_property
    def kept_as(self) -> tuple[Any, ...]:
        """All that it depends on, but for the page's language."""
        solution, version = self._solution, self._version
        return (
            settings.PORTAL_NAME,
            settings.PORTAL_URL,
            solution.number,
            solution.publication,
            solution.published_at,
            solution.withdrawn_at,
            version.number,
            version.content_hash,
            version.published_at,
            version.created_at,
            reference.reading(),
        )

    @property
    def reference(self) -> str:
        return self._solution.reference

    @property
    def number(self) -> int:
        """Of the version."""
        return self._version.number

    @property
    def published_at(self) -> datetime | None:
        """When the version was published."""
        return self._version.published_at

    @property
    def first_published_at(self) -> datetime | None:
        """When the first one was."""
        return self._solution.published_at

    @property
    def formats(self) -> dict[str, Format]:
        """The files with its citation, by their ending."""
        return FORMATS

    @cached_property
    def citation(self) -> Citation:
        return citation_of(self._solution, self._version)

    @cached_property
    def linked_data(self) -> SafeString:
        content = self._version.content
        return as_script(linked_data(self._solution, self._version, content, self.citation))

    @cached_property
    def canonical(self) -> str:
        """The address that stays."""
        return permanent_url(self._solution)
