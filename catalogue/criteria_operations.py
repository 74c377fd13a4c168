"""Changes to criteria sets: drafting, saving and putting in force, each one call and atomic."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import criteria
from catalogue.criteria import Content, Problem
from catalogue.models import CriteriaSet, CriteriaState
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from hubs.models import Hub

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

#: How the history calls what happens here.
VERBS: dict[str, StrOrPromise] = {
    "draft_criteria": gettext_lazy("Drafted"),
    "change_criteria": gettext_lazy("Draft changed"),
    "put_in_force": gettext_lazy("Put in force"),
    "retire": gettext_lazy("Replaced"),
    "end_with_hub": gettext_lazy("Ended with its hub"),
    "hand_over_criteria": gettext_lazy("Handed over to the hub that stays"),
}

VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")


# --- Drafting ----------------------------------------------------------------------------


def draft_set(from_set: CriteriaSet, *, by: User, version: str) -> CriteriaSet:
    """A draft of the next edition of a shared set, beginning as a copy of this one."""
    if from_set.hub_id is not None:
        raise DomainError(_("Draft the additions of a hub from its own page."), code="hub")
    return draft_family(
        family=from_set.family,
        name=from_set.name,
        version=version,
        content=from_set.content,
        by=by,
    )


@transaction.atomic
def draft_family(
    *, family: str, name: str, version: str, content: Content, by: User
) -> CriteriaSet:
    """A draft of a shared set from any content: the first of a family, or the next."""
    version = _checked_version(version)
    draft = CriteriaSet(family=family, version=version, name=name, created_by=by)
    _may(by, "draft", draft)
    if Hub.objects.filter(slug=family).exists():
        raise DomainError(
            _("A hub has the address “%(name)s”. Choose another name for the family.")
            % {"name": family},
            code="family",
            fields={"family": [_("This address belongs to a hub.")]},
        )
    _write(draft, content)
    AuditHead.hold()
    _save_as_new(draft)
    AuditEntry.record(by=by, verb="draft_criteria", target=draft, version=version)
    return draft


@transaction.atomic
def draft_additions(hub: Hub, *, by: User) -> CriteriaSet:
    """A draft of what a hub adds to the common set, beginning with what it adds now.

    Asked again while there is a draft, it is that draft.
    """
    base = criteria.in_force(fresh=True)
    draft = CriteriaSet(family=base.family, hub=hub, base=base, name=base.name, created_by=by)
    _may(by, "draft", draft)
    # One at a time: on PostgreSQL the second of two requests waits here.
    AuditHead.hold()
    Hub.objects.select_for_update().get(pk=hub.pk)
    own = CriteriaSet.objects.filter(family=base.family, hub=hub)
    earlier = own.filter(state=CriteriaState.DRAFT).first()
    if earlier is not None:
        return earlier
    present = own.in_force().first()
    _tighten(draft, base, present.additions if present else {})
    _save_as_new(draft)
    AuditEntry.record(by=by, verb="draft_criteria", target=draft, version=draft.version)
    return draft


def save_draft(
    draft: CriteriaSet, *, by: User, content: Content, version: str, name: str, seen: str
) -> None:
    """Write a draft of a shared set. What keeps it from coming in force may stay for now.

    ``seen`` is the fingerprint the draft had when the form was opened: whoever saves second
    is told, and overwrites nobody.
    """
    _may(by, "draft", draft)
    if draft.hub_id is not None:
        raise DomainError(_("The set of a hub is changed by its additions."), code="hub")
    draft.version, draft.name = _checked_version(version), name
    _write(draft, content)
    _save(draft, by=by, seen=seen)


def save_additions(
    draft: CriteriaSet, *, by: User, additions: Mapping[str, Any], seen: str
) -> None:
    """Write what a hub adds, on the shared set that is in force now."""
    _may(by, "draft", draft)
    if draft.hub is None:
        raise DomainError(_("Only a hub’s set has additions."), code="no-hub")
    base = CriteriaSet.objects.in_force().filter(family=draft.family, hub=None).first()
    _tighten(draft, base or criteria.in_force(fresh=True), additions)
    _save(draft, by=by, seen=seen)


def problems_of(criteria_set: CriteriaSet) -> list[Problem]:
    """Everything that keeps a draft from being put in force."""
    if criteria_set.base is None:
        return criteria.well_formed(criteria_set.content)
    base = criteria_set.base.content
    return [
        *criteria.additions_fit(base, criteria_set.additions),
        *criteria.tightens(base, criteria_set.content),
    ]


def _listed(criteria_set: CriteriaSet, problems: list[Problem]) -> str:
    """Problems in one line, each with its place."""
    return " ".join(criteria.in_words(criteria_set.content, problem) for problem in problems)


def _may(by: User, what: str, criteria_set: CriteriaSet) -> None:
    if not by.has_perm(f"catalogue.{what}_criteria_set", criteria_set):
        raise PermissionDenied


def _checked_version(version: str) -> str:
    version = version.strip()
    if not VERSION.fullmatch(version):
        text = _("Numbers with dots between them, like 1.1.")
        raise DomainError(text, code="version", fields={"version": [text]})
    return version


def _write(draft: CriteriaSet, content: Content) -> None:
    """Give the draft its content, headed by what the row itself says."""
    head: Content = {"set": draft.family, "version": draft.version, "name": draft.name}
    if draft.hub is not None and draft.base is not None:
        head |= {"hub": draft.hub.slug, "base": draft.base.version}
    draft.content = {**content, **head}
    draft.content_hash = criteria.fingerprint(draft.content)


def _tighten(draft: CriteriaSet, base: CriteriaSet, additions: Mapping[str, Any]) -> None:
    """Rest the draft of a hub on this shared set. Editions are numbered after their base."""
    if draft.base_id != base.pk or not draft.version:
        draft.base, draft.name = base, base.name
        taken = CriteriaSet.objects.filter(family=base.family, hub=draft.hub_id, base=base)
        draft.version = f"{base.version}-{taken.count() + 1}"
    draft.additions = dict(additions)
    _write(draft, criteria.apply_additions(base.content, additions))


def _save_as_new(draft: CriteriaSet) -> None:
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        raise _version_taken(draft) from None


def _version_taken(draft: CriteriaSet) -> DomainError:
    text = _("There is an edition %(version)s already.") % {"version": draft.version}
    return DomainError(text, code="version", fields={"version": [text]})


def _save(draft: CriteriaSet, *, by: User, seen: str) -> None:
    columns = ("version", "name", "base", "additions", "content", "content_hash")
    try:
        with transaction.atomic():
            AuditHead.hold()
            won = CriteriaSet.objects.filter(
                pk=draft.pk, state=CriteriaState.DRAFT, content_hash=seen
            ).update(**{column: getattr(draft, column) for column in columns})
            if won:
                AuditEntry.record(
                    by=by, verb="change_criteria", target=draft, hash=draft.content_hash
                )
    except IntegrityError:
        raise _version_taken(draft) from None
    if not won:
        if not CriteriaSet.objects.filter(pk=draft.pk, state=CriteriaState.DRAFT).exists():
            raise DomainError(
                _("This edition is published and is not changed any more. Draft the next one."),
                code="wrong-state",
            )
        raise DomainError(_("Somebody else saved this draft while you were writing."), code="stale")


# --- Putting in force --------------------------------------------------------------------


@transaction.atomic
def put_in_force(draft: CriteriaSet, *, by: User, note: str, seen: str = "") -> None:
    """From now on submissions are judged by this set; what was submitted keeps its own.

    The edition in force until now is replaced. With a shared set, what each hub adds is
    laid on the new edition at the same moment; if one of them no longer fits, nothing
    happens and the refusal names the hubs. ``seen`` is the fingerprint of what the person
    looked at: a draft that was saved since is not put in force.
    """
    _may(by, "put_in_force", draft)
    if not note.strip():
        text = _("Say why, in a sentence or two.")
        raise DomainError(text, code="reason", fields={"reason": [text]})
    family = CriteriaSet.objects.filter(family=draft.family)
    # After the audit the shared set is held, whichever set is put in force: who comes second
    # waits here (PostgreSQL) or at the beginning of the transaction (SQLite).
    AuditHead.hold()
    shared = family.in_force().filter(hub=None).select_for_update().first()
    fresh = family.select_related("hub", "base").get(pk=draft.pk)
    if seen and fresh.content_hash != seen:
        raise DomainError(
            _("Somebody changed this draft since you looked at it. Look again."), code="stale"
        )
    if fresh.base_id is not None and (shared is None or fresh.base_id != shared.pk):
        raise DomainError(
            _("Another edition of the shared set is in force now. Save the draft again, on it."),
            code="base",
        )
    problems = problems_of(fresh) if fresh.is_draft else []
    if problems:
        fields: dict[str, list[str]] = {}
        for problem in problems:
            fields.setdefault(problem.field, []).append(problem.message)
        raise DomainError(
            _("This draft cannot be put in force yet: %(problems)s")
            % {"problems": _listed(fresh, problems)},
            code="problems",
            fields=fields,
        )
    _replace(fresh, by=by, note=note)
    if fresh.hub_id is None:
        _carry_over(fresh, by=by, note=note)
    draft.refresh_from_db()
    criteria.forget()
    transaction.on_commit(criteria.forget)


def _replace(fresh: CriteriaSet, *, by: User, note: str) -> None:
    """Retire the edition in force, if there is one, and put this one in its place."""
    now = timezone.now()
    former = (
        CriteriaSet.objects.in_force()
        .select_related("hub")
        .filter(family=fresh.family, hub=fresh.hub_id)
        .first()
    )
    try:
        with transaction.atomic():
            if former is not None and fresh.is_draft:
                former._make("retire", by=by, note=note, retired_at=now)
            fresh._make("put_in_force", by=by, note=note, in_force_from=now)
    except IntegrityError:
        raise DomainError(
            _("Someone else put an edition in force at the same moment. Load it again and look."),
            code="stale",
        ) from None


def _carry_over(shared: CriteriaSet, *, by: User, note: str) -> None:
    """Lay the additions of every hub on the new shared set, or refuse and name the hubs."""
    amiss = []
    for former in (
        CriteriaSet.objects.in_force()
        .filter(family=shared.family, hub__isnull=False)
        .select_related("hub")
        .order_by("hub__name", "pk")
    ):
        draft = CriteriaSet(family=shared.family, hub=former.hub, created_by=by)
        _tighten(draft, shared, former.additions)
        problems = problems_of(draft)
        if problems:
            amiss.append(f"{former.hub}: {_listed(draft, problems)}")
            continue
        _save_as_new(draft)
        _replace(draft, by=by, note=note)
    if amiss:
        raise DomainError(
            _("What these hubs add does not fit the new edition. %(hubs)s")
            % {"hubs": " ".join(amiss)},
            code="hubs",
        )


# --- When a hub becomes part of another --------------------------------------------------


def codes_added_by(hub: Hub | None) -> set[str]:
    """Codes of the criteria that a hub, or one that became part of it, has in any edition."""
    editions = CriteriaSet.objects.filter(Q(hub=hub) | Q(hub__merged_into=hub), hub__isnull=False)
    added = editions.values_list("additions", flat=True)
    return {row["code"] for additions in added for row in additions.get("criteria", [])}


def hand_over(gone: Hub, kept: Hub, *, by: User) -> None:
    """End the edition in force of the hub that goes, and give its drafts to the one that stays.
    Call in the transaction of the merging."""
    own = CriteriaSet.objects.filter(hub=gone).select_related("hub", "base")
    for edition in own.in_force():
        edition._make("end_with_hub", by=by, retired_at=timezone.now())
    for draft in own.filter(state=CriteriaState.DRAFT):
        base = draft.base
        if base is None:  # the database lets no set of a hub stand alone
            continue
        draft.additions = _recoded(draft, codes_added_by(kept))
        draft.hub, draft.version = kept, _free_version(draft, kept)
        _write(draft, criteria.apply_additions(base.content, draft.additions))
        draft.save(update_fields=["hub", "version", "additions", "content", "content_hash"])
        AuditEntry.record(by=by, verb="hand_over_criteria", target=draft, gone=gone.pk)
    criteria.forget()
    transaction.on_commit(criteria.forget)


def _recoded(draft: CriteriaSet, used: set[str]) -> dict[str, Any]:
    """What a draft adds, under codes that mean nothing else in the hub it comes to."""
    rows = draft.additions.get("criteria", [])
    taken = used | {row["code"] for row in rows} | set(draft.rows())
    free = (code for n in count(1) if (code := f"H{n}") not in taken)
    renamed = [{**row, "code": next(free)} if row["code"] in used else row for row in rows]
    return {**draft.additions, "criteria": renamed} if rows else draft.additions


def _free_version(draft: CriteriaSet, hub: Hub) -> str:
    stem = draft.version.rpartition("-")[0] or draft.version
    taken = set(
        CriteriaSet.objects.filter(family=draft.family, hub=hub).values_list("version", flat=True)
    )
    return next(name for n in count(1) if (name := f"{stem}-{n}") not in taken)
