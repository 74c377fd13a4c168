"""The synthesis of a month as everybody reads it: the page, its versions, its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from catalogue.linked_data import as_script
from community import syntheses
from community.models import MonthlyTheme, SynthesisVersion
from community.printing import synthesis as printing
from community.synthesis_files import linked_data, markdown
from core.text import base_language
from events.presentation import in_english

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

JSON = "application/ld+json; charset=utf-8"


def find_theme(request: HttpRequest, slug: str) -> MonthlyTheme:
    themes = MonthlyTheme.objects.visible_to(request.user).prefetch_related("facilitators")
    return get_object_or_404(themes, slug=slug)


def versions_of(theme: MonthlyTheme) -> QuerySet[SynthesisVersion]:
    rows = SynthesisVersion.objects.filter(synthesis__theme=theme)
    return rows.select_related("published_by__profile", "published_by__member").order_by("-number")


def _find(theme: MonthlyTheme, number: int | None) -> SynthesisVersion:
    """One version, or the one readers see."""
    rows = versions_of(theme)
    found = (rows if number is None else rows.filter(number=number)).first()
    if found is None:
        raise Http404
    return found


@require_safe
def synthesis(request: HttpRequest, slug: str) -> HttpResponse:
    """What the month led to."""
    theme = find_theme(request, slug)
    if not versions_of(theme).exists():
        if request.user.has_perm("community.keep", theme):
            return redirect("community:synthesis-edit", slug=slug)
        raise Http404
    return _page(request, theme, None)


@require_safe
def synthesis_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version as it was published, less what was taken back since."""
    return _page(request, find_theme(request, slug), number)


def _page(request: HttpRequest, theme: MonthlyTheme, number: int | None) -> HttpResponse:
    version = _find(theme, number)
    versions = list(versions_of(theme).defer("content"))
    reading = syntheses.read_version(version, theme, request.user)
    context = {
        "theme": theme,
        "reading": reading,
        "versions": versions,
        "newest": versions[0].number,
        "is_newest": version.number == versions[0].number,
        "keeps": request.user.has_perm("community.keep", theme),
        # For search engines, which are nobody: somebody signed in may see more names.
        "linked_data": "" if request.user.is_authenticated else as_script(linked_data(reading)),
        "en": in_english(),
    }
    return render(request, "community/synthesis/synthesis.html", context)


@require_safe
def synthesis_changes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What a version changed against the one before it, or against another (``?with=``)."""
    theme = find_theme(request, slug)
    version = _find(theme, number)
    asked = request.GET.get("with", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 6 else number - 1
    older = get_object_or_404(versions_of(theme), number=min(before, number)) if before else None
    if older is None or older.pk == version.pk:
        raise Http404
    context = {
        "theme": theme,
        "version": version,
        "older": older,
        "changes": syntheses.changes_between(older.content, version.content),
        "en": in_english(),
    }
    return render(request, "community/synthesis/changes.html", context)


@require_safe
def synthesis_export(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The synthesis as a file: PDF, Markdown, JSON-LD. A file travels, so it holds what everybody
    may read, whoever takes it."""
    if form not in {"pdf", "md", "json"}:
        raise Http404
    theme = find_theme(request, slug)
    asked = request.GET.get("version", "")
    version = _find(theme, int(asked) if asked.isdecimal() and len(asked) < 6 else None)
    reading = syntheses.read_version(version, theme, AnonymousUser())
    if form == "pdf":
        content, kind = printing.synthesis(reading), "application/pdf"
    elif form == "md":
        content, kind = markdown(reading).encode(), "text/markdown; charset=utf-8"
    else:
        content, kind = as_script(linked_data(reading)).encode(), JSON
    response = HttpResponse(content, content_type=kind)
    name = f"{theme.slug}-v{version.number}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Language"] = base_language(request.LANGUAGE_CODE)
    return response
