"""Changes to self-assessments, road maps and editions: each one call, atomic, in the audit.

Levels, answers and reasons never go into the audit: it is read by people who may not see them.
An administrator is judged by the roles they hold in the hub, like everybody.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from assessment import letters, scoring
from assessment.models import (
    SHEETS,
    TOP_LEVEL,
    Assessment,
    Dimension,
    Framework,
    RoadStep,
    Sheet,
    Statement,
    StepUpdate,
)
from assessment.scoring import Asked, Spread
from assessment.signals import assessment_moved, assessment_published
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from hubs.models import Hub, Membership
from hubs.operations.profile import hold

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: How the history calls what happens here.
VERBS: dict[str, StrOrPromise] = {
    "open_assessment": gettext_lazy("Self-assessment opened"),
    "replace_person": gettext_lazy("Named somebody else to answer"),
    "free_place": gettext_lazy("A place to answer became free"),
    "finish_sheet": gettext_lazy("Finished their answers"),
    "reopen_sheet": gettext_lazy("Took their answers up again"),
    "compare": gettext_lazy("Answers compared"),
    "agree": gettext_lazy("Answers agreed"),
    "give_way": gettext_lazy("Given up, since two hubs became one"),
    "share": gettext_lazy("Sharing changed"),
    "take_steps": gettext_lazy("Steps taken up"),
    "add_step": gettext_lazy("Step added"),
    "change_step": gettext_lazy("Step changed"),
    "finish": gettext_lazy("Finished"),
    "drop": gettext_lazy("Given up"),
    "note_progress": gettext_lazy("Progress noted"),
    "replace": gettext_lazy("Replaced"),
    "draft_framework": gettext_lazy("Drafted"),
    "change_framework": gettext_lazy("Draft changed"),
}

MOST_PROOF = 500
MOST_SUMMARY = 2000
#: Three statements on each level of each dimension, as the specification has it.
DIMENSIONS = 6
PER_LEVEL = 3
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}")

Given = Mapping[str, Mapping[str, Any]]


# --- The edition in force ----------------------------------------------------------------------


def in_force() -> Framework | None:
    """The edition new assessments are answered on; None before the first was loaded."""
    return Framework.objects.filter(state=Framework.State.IN_FORCE).first()


def statements_of(framework: Framework) -> list[Statement]:
    """All statements in their order, each with its dimension. Two queries."""
    dimensions = Dimension.objects.filter(framework=framework).prefetch_related(
        Prefetch("statements", Statement.objects.order_by("level", "position", "pk"))
    )
    found = []
    for dimension in dimensions.order_by("position", "pk"):
        for statement in dimension.statements.all():
            statement.dimension = dimension
            found.append(statement)
    return found


def asked_of(framework: Framework) -> list[Asked]:
    """The statements as ``scoring`` needs them. One query."""
    rows = Statement.objects.filter(dimension__framework=framework).order_by(
        "dimension__position", "level", "position", "pk"
    )
    return [Asked(*row) for row in rows.values_list("code", "dimension__code", "level", "effort")]


# --- Opening, and the two people ---------------------------------------------------------------


@transaction.atomic
def open_assessment(hub: Hub, *, by: User, people: Sequence[tuple[User, str]]) -> Assessment:
    """Ask two members of different units to answer apart. A hub has one open at a time."""
    _may(by, "open_assessment", hub)
    row = hold(hub)
    if len(people) != SHEETS or len({person.pk for person, _unit in people}) != SHEETS:
        raise DomainError(_("Name two different people."), code="two-people")
    units = [_checked_unit(unit) for _person, unit in people]
    _refuse_same_unit(*units)
    for person, _unit in people:
        _refuse_stranger(row, person)
    framework = in_force()
    if framework is None:
        raise DomainError(
            _("No edition of the self-assessment is in force yet."), code="no-framework"
        )
    try:
        with transaction.atomic():
            assessment = Assessment.objects.create(hub=row, framework=framework, opened_by=by)
    except IntegrityError:
        raise DomainError(
            _("A self-assessment of this hub is open already. Finish it, or give it up first."),
            code="open-already",
        ) from None
    for (person, _unit), unit in zip(people, units, strict=True):
        Sheet.objects.create(assessment=assessment, person=person, unit=unit)
    AuditEntry.record(
        by=by, verb="open_assessment", target=assessment,
        edition=framework.version, people=[person.pk for person, _unit in people],
    )  # fmt: skip
    assessment_moved.send(Assessment, assessment=assessment, verb="open", by=by)
    return assessment


@transaction.atomic
def replace_person(sheet: Sheet, *, by: User, person: User, unit: str) -> Sheet:
    """Ask somebody else in place of who has not finished. What the one before wrote goes: it
    was theirs. Naming the same person again only changes the unit."""
    assessment, fresh, other = _hold_sheet(sheet)
    _may(by, "open_assessment", assessment)
    _refuse_moved_on(assessment, Assessment.State.ANSWERING)
    if fresh.done_at is not None:
        raise DomainError(_("This person has finished; their answers stay."), code="finished")
    if person.pk == other.person_id:
        raise DomainError(_("Name two different people."), code="two-people")
    _refuse_stranger(assessment.hub, person)
    unit = _checked_unit(unit)
    _refuse_same_unit(unit, other.unit)
    is_asked = person.pk != fresh.person_id
    if is_asked:
        fresh.person, fresh.answers, fresh.changed = person, {}, {}
    fresh.unit = unit
    fresh.revision += 1
    fresh.save(update_fields=["person", "unit", "answers", "changed", "revision"])
    if is_asked:
        letters.asked(fresh, by=by)
    AuditEntry.record(by=by, verb="replace_person", target=assessment, member=person.pk)
    return fresh


def free_places(*, by: Any, person: User, hub: Hub | None = None) -> None:
    """Take from a person who leaves what they had not finished: their place to answer becomes
    free and what they wrote there goes, their open steps are nobody's. In one hub, or all.

    Call inside a transaction that holds the audit.
    """
    sheets = Sheet.objects.waiting_for(person).select_related("assessment__hub")
    steps = RoadStep.objects.open().filter(owner=person)
    if hub is not None:
        sheets, steps = sheets.filter(assessment__hub=hub), steps.filter(hub=hub)
    for sheet in sheets:
        sheet.person, sheet.answers, sheet.changed = None, {}, {}
        sheet.revision += 1
        sheet.save(update_fields=["person", "answers", "changed", "revision"])
        AuditEntry.record(by=by, verb="free_place", target=sheet.assessment)
    steps.update(owner=None)


# --- Answering apart ---------------------------------------------------------------------------


@transaction.atomic
def save_answers(sheet: Sheet, *, by: User, answers: Given, base: int) -> Sheet:
    """Write some of one's own answers: ``{code: {"holds": True | False | None, "proof": str}}``.

    ``base`` is the revision of the sheet when the form was opened. What another window of the
    same person changed since is not overwritten: the call is refused as "stale".
    """
    assessment = _lock(sheet.assessment_id)
    fresh = assessment.sheets.get(pk=sheet.pk)
    _refuse_not_own(fresh, by)
    _refuse_moved_on(assessment, Assessment.State.ANSWERING)
    if fresh.done_at is not None:
        raise DomainError(
            _("You have finished your answers. Take them up again to change one."), code="finished"
        )
    if _write_answers(fresh, assessment.framework, answers, base):
        fresh.save(update_fields=["answers", "changed", "revision"])
    return fresh


@transaction.atomic
def finish_sheet(sheet: Sheet, *, by: User) -> None:
    """Say that one's answers are complete. With the second sheet the two are compared: what
    both say alike becomes the first state of the agreed answers."""
    assessment, fresh, other = _hold_sheet(sheet)
    _refuse_not_own(fresh, by)
    _refuse_moved_on(assessment, Assessment.State.ANSWERING)
    if fresh.done_at is not None:
        return
    asked = asked_of(assessment.framework)
    _refuse_unanswered(asked, fresh.answers)
    fresh.done_at = timezone.now()
    fresh.save(update_fields=["done_at"])
    AuditEntry.record(by=by, verb="finish_sheet", target=assessment)
    if other.done_at is not None:
        assessment.answers = _alike(asked, other.answers, fresh.answers)
        assessment.save(update_fields=["answers"])
        assessment.compare(by=by)


@transaction.atomic
def reopen_sheet(sheet: Sheet, *, by: User) -> None:
    """Take one's finished answers up again, as long as the other person has not finished."""
    assessment, fresh, _other = _hold_sheet(sheet)
    _refuse_not_own(fresh, by)
    if assessment.state != Assessment.State.ANSWERING:
        raise DomainError(
            _("Both have finished, so the answers stay as they are. Agree on what differs."),
            code="wrong-state",
        )
    if fresh.done_at is None:
        return
    fresh.done_at = None
    fresh.save(update_fields=["done_at"])
    AuditEntry.record(by=by, verb="reopen_sheet", target=assessment)


# --- Agreeing ----------------------------------------------------------------------------------


@transaction.atomic
def save_agreed(assessment: Assessment, *, by: User, answers: Given, base: int) -> Assessment:
    """Write some of the answers both agree on; ``base`` as in ``save_answers``."""
    fresh = _lock(assessment.pk)
    _may(by, "settle_assessment", fresh)
    _refuse_moved_on(fresh, Assessment.State.COMPARING)
    if _write_answers(fresh, fresh.framework, answers, base):
        fresh.save(update_fields=["answers", "changed", "revision"])
    return fresh


@transaction.atomic
def agree(assessment: Assessment, *, by: User, summary: str = "") -> Assessment:
    """Settle the answers: from now on they stay, with the levels that follow from them."""
    AuditHead.hold()
    fresh = _lock(assessment.pk)
    _may(by, "settle_assessment", fresh)
    _refuse_moved_on(fresh, Assessment.State.COMPARING)
    asked = asked_of(fresh.framework)
    _refuse_unanswered(asked, fresh.answers)
    summary = _checked(summary, "summary", MOST_SUMMARY, required=False)
    fresh.agree(by=by, summary=summary, levels=scoring.levels_of(asked, fresh.answers))
    return fresh


@transaction.atomic
def drop(assessment: Assessment, *, by: User, note: str) -> None:
    """Give an open assessment up, with a reason. What one person wrote stays closed to others."""
    AuditHead.hold()
    fresh = _lock(assessment.pk)
    _may(by, "open_assessment", fresh)
    fresh.drop(by=by, note=_checked(note, "note", MOST_PROOF))


@transaction.atomic
def share(
    assessment: Assessment,
    *,
    by: User,
    sharing: str,
    hubs: Iterable[Hub] = (),
    shares_road_map: bool = False,
    in_benchmark: bool = True,
) -> Assessment:
    """Say who may see an agreed assessment: only the hub, hubs it chose, or everybody."""
    AuditHead.hold()
    fresh = _lock(assessment.pk)
    _may(by, "share_assessment", fresh)
    _refuse_moved_on(fresh, Assessment.State.AGREED)
    chosen: list[Hub] = []
    if Assessment.Sharing(sharing) == Assessment.Sharing.CHOSEN:
        wanted = [hub.pk for hub in hubs]
        others = Hub.objects.visible_to(by).exclude(pk=fresh.hub_id)
        chosen = list(others.filter(pk__in=wanted).order_by("pk"))
        if not chosen:
            text = _("Choose at least one other hub.")
            raise DomainError(text, code="no-hubs", fields={"hubs": [text]})
    fresh.sharing = Assessment.Sharing(sharing)
    fresh.in_benchmark = in_benchmark
    fresh.shares_road_map = shares_road_map and fresh.sharing != Assessment.Sharing.PRIVATE
    fresh.save(update_fields=["sharing", "shares_road_map", "in_benchmark"])
    fresh.shared_with.set(chosen)
    AuditEntry.record(
        by=by, verb="share", target=fresh, sharing=str(fresh.sharing),
        hubs=[hub.pk for hub in chosen], road_map=fresh.shares_road_map,
        benchmark=in_benchmark,
    )  # fmt: skip
    if fresh.sharing == Assessment.Sharing.PUBLIC:
        assessment_published.send(Assessment, assessment=fresh, by=by)
    return fresh


# --- The road map ------------------------------------------------------------------------------


def suggestions(assessment: Assessment) -> list[Statement]:
    """The three cheapest next steps that the hub has not taken up. Three queries at most.

    A step that was done or dropped since the answers were agreed is not proposed again.
    """
    since = Q(created_at__gte=assessment.agreed_at) if assessment.agreed_at else Q()
    steps = RoadStep.objects.filter(hub=assessment.hub_id, statement__isnull=False)
    done = Q(done_at__gte=assessment.agreed_at) if assessment.agreed_at else Q()
    taken = steps.filter(Q(state__in=_OPEN_STEPS) | since | done)
    codes = scoring.next_steps(
        asked_of(assessment.framework),
        assessment.answers,
        taken=taken.values_list("statement__code", flat=True),
    )
    found = Statement.objects.filter(
        dimension__framework=assessment.framework_id, code__in=codes
    ).select_related("dimension")
    return sorted(found, key=lambda statement: codes.index(statement.code))


_OPEN_STEPS = (RoadStep.State.PLANNED, RoadStep.State.UNDER_WAY)


@transaction.atomic
def take_steps(assessment: Assessment, *, by: User, codes: Iterable[str]) -> list[RoadStep]:
    """Put steps of statements that do not hold on the hub's road map. One that is there already
    is left alone, so asking twice changes nothing. Returns the new ones."""
    hub = hold(assessment.hub)
    _may(by, "change_road_map", hub)
    fresh = _lock(assessment.pk)
    _refuse_moved_on(fresh, Assessment.State.AGREED)
    wanted = set(codes)
    statements = [each for each in statements_of(fresh.framework) if each.code in wanted]
    if len(statements) != len(wanted):
        raise DomainError(_("There is no such statement in this edition."), code="unknown")
    open_codes = set(hub.road_map.open().values_list("statement__code", flat=True))
    steps = [
        RoadStep.objects.create(hub=hub, assessment=fresh, statement=statement, text=statement.step)
        for statement in statements
        if statement.code not in open_codes and not scoring.holds(fresh.answers, statement.code)
    ]
    if steps:
        AuditEntry.record(
            by=by, verb="take_steps", target=fresh, steps=[step.uid for step in steps]
        )
    return steps


@transaction.atomic
def add_step(
    hub: Hub,
    *,
    by: User,
    text: str,
    owner: User | None = None,
    due_on: dt.date | None = None,
    statement: Statement | None = None,
) -> RoadStep:
    """Put a step on the hub's road map in the hub's own words."""
    row = hold(hub)
    _may(by, "change_road_map", row)
    text = _checked(text, "text", _longest(RoadStep, "text"))
    _refuse_strange_owner(row, owner)
    if (
        statement is not None
        and row.road_map.open().filter(statement__code=statement.code).exists()
    ):
        raise DomainError(_("This step is on the road map already."), code="on-road-map")
    step = RoadStep.objects.create(
        hub=row, text=text, owner=owner, due_on=due_on, statement=statement
    )
    AuditEntry.record(by=by, verb="add_step", target=step)
    return step


@transaction.atomic
def change_step(
    step: RoadStep, *, by: User, text: str, owner: User | None, due_on: dt.date | None
) -> RoadStep:
    """Change what an open step says, who does it and by when."""
    fresh = _hold_step(step)
    _may(by, "change_road_map", fresh)
    _refuse_closed(fresh)
    text = _checked(text, "text", _longest(RoadStep, "text"))
    if owner is not None and owner.pk != fresh.owner_id:
        _refuse_strange_owner(fresh.hub, owner)
    before = (fresh.text, fresh.owner_id, fresh.due_on)
    fresh.text, fresh.owner, fresh.due_on = text, owner, due_on
    after = (fresh.text, fresh.owner_id, fresh.due_on)
    names = ("text", "owner", "due_on")
    changed = [name for name, was, now in zip(names, before, after, strict=True) if was != now]
    if changed:
        fresh.save(update_fields=changed)
        AuditEntry.record(by=by, verb="change_step", target=fresh, fields=changed)
    return fresh


@transaction.atomic
def note_progress(step: RoadStep, *, by: User, progress: int, text: str) -> StepUpdate:
    """Say how far an open step has come and what happened. With the first progress it is under
    way."""
    fresh = _hold_step(step)
    _may(by, "note_progress", fresh)
    _refuse_closed(fresh)
    text = _checked(text, "text", _longest(StepUpdate, "text"))
    if not 0 <= progress <= 100:
        words = _("Enter a number from 0 to 100.")
        raise DomainError(words, code="progress", fields={"progress": [words]})
    if progress > 0 and fresh.state == RoadStep.State.PLANNED:
        fresh.begin(by=by)
    RoadStep.objects.filter(pk=fresh.pk).update(progress=progress)
    update = StepUpdate.objects.create(step=fresh, by=by, progress=progress, text=text)
    AuditEntry.record(by=by, verb="note_progress", target=fresh)
    return update


# --- Benchmark ---------------------------------------------------------------------------------


def peers(framework: Framework, kind: str | None = None) -> dict[str, Spread | None]:
    """For each dimension, how hubs of that kind (None: of all kinds) lie: the latest agreed
    assessment of each listed hub that takes part. None where fewer than five hubs do."""
    agreed = Assessment.objects.filter(state=Assessment.State.AGREED, framework=framework)
    latest = agreed.filter(hub=OuterRef("hub")).order_by("-agreed_at", "-pk").values("pk")[:1]
    chosen = agreed.filter(
        pk=Subquery(latest), in_benchmark=True, hub__is_listed=True, hub__merged_into=None
    )
    if kind is not None:
        chosen = chosen.filter(hub__kind=kind)
    levels = list(chosen.order_by().values_list("levels", flat=True))
    codes = framework.dimensions.order_by("position", "pk").values_list("code", flat=True)
    return {code: scoring.benchmark(levels, code) for code in codes}


# --- Editions ----------------------------------------------------------------------------------


@transaction.atomic
def draft_framework(source: Framework, *, by: User, version: str) -> Framework:
    """A draft of the next edition, beginning as a copy of this one."""
    _may_edit_editions(by)
    AuditHead.hold()
    version = version.strip()
    if not VERSION.fullmatch(version):
        text = _("Numbers with dots between them, like 1.1.")
        raise DomainError(text, code="version", fields={"version": [text]})
    try:
        with transaction.atomic():
            draft = Framework.objects.create(version=version, note=source.note)
    except IntegrityError:
        text = _("There is an edition %(version)s already.") % {"version": version}
        raise DomainError(text, code="version", fields={"version": [text]}) from None
    for statement_rows, dimension in _copies(source, draft):
        dimension.save(force_insert=True)
        Statement.objects.bulk_create(statement_rows)
    AuditEntry.record(by=by, verb="draft_framework", target=draft, source=source.version)
    return draft


def _copies(source: Framework, draft: Framework) -> Iterable[tuple[list[Statement], Dimension]]:
    """Unsaved copies of each dimension with its statements."""
    for dimension in Dimension.objects.filter(framework=source).prefetch_related("statements"):
        statements = list(dimension.statements.all())
        dimension.pk, dimension.framework = None, draft
        for statement in statements:
            statement.pk, statement.dimension = None, dimension
        yield statements, dimension


@transaction.atomic
def change_dimension(
    dimension: Dimension,
    *,
    by: User,
    texts: Mapping[str, str],
    statements: Mapping[str, Mapping[str, Any]],
    seen: str,
) -> None:
    """Write a dimension of a draft: its own texts, and by code what its statements say.

    ``seen`` is the fingerprint of the dimension when the form was opened: whoever saves second
    is told, and overwrites nobody. Which statements there are, on which level, stays.
    """
    _may_edit_editions(by)
    AuditHead.hold()
    framework = Framework.objects.select_for_update().get(pk=dimension.framework_id)
    if not framework.is_draft:
        raise DomainError(
            _("This edition was put in force and is not changed any more. Draft the next one."),
            code="wrong-state",
        )
    fresh = framework.dimensions.prefetch_related("statements").get(pk=dimension.pk)
    if fingerprint(fresh) != seen:
        raise DomainError(
            _(
                "Somebody else changed this while you were writing. Your text is still here:"
                " compare, then save again."
            ),
            code="stale",
        )
    rows = list(fresh.statements.all())
    _fill(fresh, texts, ("title", "short", "text"))
    for row in rows:
        _fill(row, statements.get(row.code, {}), ("text", "proof", "step", "effort"))
    fresh.save()
    Statement.objects.bulk_update(rows, ["text", "proof", "step", "effort", "translations"])
    AuditEntry.record(by=by, verb="change_framework", target=framework, dimension=fresh.code)


def _fill(row: Dimension | Statement, values: Mapping[str, Any], names: Sequence[str]) -> None:
    """Write what is given. A sentence that changed is translated no longer."""
    for name in names:
        if name in values and values[name] != getattr(row, name):
            setattr(row, name, values[name])
            row.translations = {
                language: {key: text for key, text in texts.items() if key != name}
                for language, texts in row.translations.items()
            }
    row.full_clean(exclude=["framework", "dimension"], validate_unique=False)


def fingerprint(dimension: Dimension) -> str:
    """By what a form knows whether the dimension is still what it showed."""
    said = [dimension.title, dimension.short, dimension.text]
    for row in dimension.statements.all():
        said += [row.code, row.text, row.proof, row.step, str(row.effort)]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def changes(framework: Framework, former: Framework | None) -> list[Statement]:
    """The statements of an edition that say something else in the former one, or are new."""
    before = {} if former is None else {row.code: _said(row) for row in statements_of(former)}
    return [row for row in statements_of(framework) if before.get(row.code) != _said(row)]


def _said(row: Statement) -> tuple[Any, ...]:
    return row.level, row.text, row.proof, row.step, row.effort


@transaction.atomic
def put_in_force(draft: Framework, *, by: User, note: str) -> Framework:
    """From now on assessments begin on this edition; those that began keep theirs. The edition
    in force until now is replaced."""
    _may_edit_editions(by)
    note = _checked(note, "reason", _MOST_REASON)
    AuditHead.hold()
    fresh = Framework.objects.select_for_update().get(pk=draft.pk)
    if fresh.is_draft:
        _refuse_incomplete(fresh)
        for former in Framework.objects.filter(state=Framework.State.IN_FORCE):
            former.replace(by=by, note=note)
    fresh.put_in_force(by=by, note=note)
    return fresh


_MOST_REASON = 4000


def _refuse_incomplete(framework: Framework) -> None:
    """Six dimensions, four levels, three statements each: else levels would not compare."""
    counted: dict[tuple[str, int], int] = {}
    for each in asked_of(framework):
        key = (each.dimension, each.level)
        counted[key] = counted.get(key, 0) + 1
    codes = list(framework.dimensions.values_list("code", flat=True))
    wanted = {(code, level) for code in codes for level in range(1, TOP_LEVEL + 1)}
    if len(codes) != DIMENSIONS or set(counted) != wanted or set(counted.values()) != {PER_LEVEL}:
        raise DomainError(
            _(
                "An edition has six dimensions with four levels of three statements each. This"
                " draft has not."
            ),
            code="incomplete",
        )


def _may_edit_editions(by: User) -> None:
    if not by.has_perm("assessment.change_framework"):
        raise PermissionDenied


# --- What the above share ----------------------------------------------------------------------


def _may(by: User, permission: str, obj: Any) -> None:
    """By predicates alone: an administrator is not above the privacy of a hub."""
    if not by.is_active or not rules.has_perm(f"assessment.{permission}", by, obj):
        raise PermissionDenied


def _lock(pk: int) -> Assessment:
    """The assessment for this transaction alone. One that records holds the audit before."""
    rows: QuerySet[Assessment] = Assessment.objects.select_related("hub", "framework")
    return rows.select_for_update(of=("self",)).get(pk=pk)


def _hold_sheet(sheet: Sheet) -> tuple[Assessment, Sheet, Sheet]:
    """The assessment for this transaction alone, with this sheet and the other one."""
    AuditHead.hold()
    assessment = _lock(sheet.assessment_id)
    sheets = {row.pk: row for row in assessment.sheets.all()}
    fresh = sheets.pop(sheet.pk)
    return assessment, fresh, next(iter(sheets.values()))


def _hold_step(step: RoadStep) -> RoadStep:
    AuditHead.hold()
    rows = RoadStep.objects.select_related("hub", "statement")
    return rows.select_for_update(of=("self",)).get(pk=step.pk)


def _refuse_moved_on(assessment: Assessment, state: str) -> None:
    if assessment.state != state:
        raise DomainError(
            _("The self-assessment has moved on since this page was opened. Load it again."),
            code="wrong-state",
        )


def _refuse_not_own(sheet: Sheet, by: User) -> None:
    """Only the person who was asked, as long as they belong to the hub."""
    _may(by, "answer_sheet", sheet)
    _may(by, "answer_assessment", sheet.assessment)


def _refuse_closed(step: RoadStep) -> None:
    if not step.is_open:
        raise DomainError(
            _("This step is closed. Take it up again to change it."), code="wrong-state"
        )


def _refuse_stranger(hub: Hub, person: User) -> None:
    if not Membership.objects.filter(hub=hub, user=person, user__is_active=True).exists():
        raise DomainError(
            _("%(person)s is not a member of this hub.") % {"person": person}, code="not-member"
        )


def _refuse_strange_owner(hub: Hub, owner: User | None) -> None:
    if owner is None:
        return
    try:
        _refuse_stranger(hub, owner)
    except DomainError as refusal:
        raise DomainError(
            str(refusal), code=refusal.code, fields={"owner": [str(refusal)]}
        ) from None


def _refuse_same_unit(one: str, other: str) -> None:
    if fold(one) == fold(other):
        raise DomainError(
            _("The two people belong to different units, so that two views meet."),
            code="same-unit",
        )


def _checked_unit(unit: str) -> str:
    return _checked(unit, "unit", _longest(Sheet, "unit"))


def _longest(model: Any, field: str) -> int:
    return int(model._meta.get_field(field).max_length)


def _checked(text: str, field: str, most: int, *, required: bool = True) -> str:
    """The text without spaces around it; or a refusal at its field."""
    text = text.strip()
    if required and not text:
        words = _("Write something here.")
    elif len(text) > most:
        words = _("Write at most %(n)d characters.") % {"n": most}
    else:
        return text
    raise DomainError(words, code=field, fields={field: [words]})


def _refuse_unanswered(asked: Sequence[Asked], answers: Given) -> None:
    """``fields`` of the refusal are the codes of the statements that have no answer."""
    missing = scoring.unanswered(asked, answers)
    if missing:
        text = _("Answer yes or no.")
        raise DomainError(
            _("Some statements have no answer yet."),
            code="unanswered",
            fields={code: [text] for code in missing},
        )


def _write_answers(kept: Sheet | Assessment, framework: Framework, given: Given, base: int) -> bool:
    """Bring answers into what is kept; whether anything differs. Refuses what is no answer, and
    what was changed elsewhere after ``base``."""
    known = {each.code for each in asked_of(framework)}
    new: dict[str, dict[str, Any]] = {}
    for code, answer in given.items():
        if code not in known:
            raise DomainError(_("There is no such statement in this edition."), code="unknown")
        value = _answer(code, answer)
        if value != kept.answers.get(code, {"holds": None, "proof": ""}):
            new[code] = value
    late = sorted(code for code in new if kept.changed.get(code, 0) > base)
    if late:
        text = _("This was answered elsewhere while you were writing. Compare, then save again.")
        raise DomainError(text, code="stale", fields={code: [text] for code in late})
    if new:
        kept.revision += 1
        kept.answers = {**kept.answers, **new}
        kept.changed = {**kept.changed, **dict.fromkeys(new, kept.revision)}
    return bool(new)


def _answer(code: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    said = answer.get("holds")
    if said is not None and not isinstance(said, bool):
        msg = f"{said!r} is neither yes nor no"
        raise ValueError(msg)
    proof = str(answer.get("proof") or "").strip()
    if len(proof) > MOST_PROOF:
        text = _("Write at most %(n)d characters.") % {"n": MOST_PROOF}
        raise DomainError(text, code="proof", fields={code: [text]})
    return {"holds": said, "proof": proof}


def _alike(asked: Iterable[Asked], one: Given, other: Given) -> dict[str, dict[str, Any]]:
    """What both said alike, with what either named as proof; the longer when both do not fit."""
    found = {}
    for each in asked:
        first, second = one[each.code], other[each.code]
        if first["holds"] != second["holds"]:
            continue
        proofs = list(dict.fromkeys(p for p in (first["proof"], second["proof"]) if p))
        proof = "; ".join(proofs)
        if len(proof) > MOST_PROOF:
            proof = max(proofs, key=len)
        found[each.code] = {"holds": first["holds"], "proof": proof}
    return found
