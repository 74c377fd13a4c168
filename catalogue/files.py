"""Who may open a deposited file. A file is as open as the records that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from catalogue.choices import Access, Publication
from catalogue.content import Content
from catalogue.models import Evidence, Solution, StoredFile, Version
from catalogue.reading import closed_since, sources_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User

#: What the portal has encoded itself and may therefore show inside a page.
INLINE_TYPES = {"image/jpeg", "image/png", "image/webp"}


def access_to(stored: StoredFile, *, user: User | AnonymousUser) -> str | None:
    """``open`` for everybody, ``restricted`` for this person because of their part in a
    record, None for not at all."""
    key = str(stored.pk)
    solutions = Solution.objects.select_related("public_version")
    near = solutions.filter(pk__in=Evidence.objects.filter(file=stored).values("solution"))
    answers = {solution.pk: _access_by(solution, key, user) for solution in near}
    if not any(answers.values()):
        # A file taken out of the working copy is still part of what was frozen.
        far = solutions.filter(pk__in=_versions_naming(key).values("solution"))
        answers |= {
            solution.pk: _access_by(solution, key, user) for solution in far.exclude(pk__in=answers)
        }
    found = set(answers.values())
    return next((kind for kind in (Access.OPEN, Access.RESTRICTED) if kind in found), None)


def _access_by(solution: Solution, key: str, user: User | AnonymousUser) -> str | None:
    if solution.publication == Publication.PUBLIC and _is_open(solution, key):
        return Access.OPEN
    if user.has_perm("catalogue.view_working_copy", solution):
        return Access.RESTRICTED
    # A panel judges what was frozen, not what the team has deposited since.
    frozen = _versions_naming(key).filter(solution=solution)
    if user.has_perm("catalogue.view_restricted_evidence", solution) and frozen.exists():
        return Access.RESTRICTED
    return None


def _is_open(solution: Solution, key: str) -> bool:
    """Open in what readers see now; or in an older version and not restricted since."""
    current = solution.public_version
    if current is None:
        return False
    if key in _open_keys(current.content):
        return True
    if key in closed_since(current.private_content):
        return False
    older = _versions_naming(key).filter(solution=solution, published_at__isnull=False)
    return any(key in _open_keys(version.content) for version in older)


def _open_keys(content: Content) -> set[str]:
    rows = (row for row in content["evidence"] if row["access"] == Access.OPEN)
    return {value for row in rows for value in sources_of(row)}


def _versions_naming(key: str) -> QuerySet[Version]:
    """Versions in whose frozen content this key stands, found by its text: only needed for
    files that were replaced."""
    return Version.objects.annotate(
        said=Cast("content", TextField()), kept=Cast("private_content", TextField())
    ).filter(Q(said__contains=key) | Q(kept__contains=key))
