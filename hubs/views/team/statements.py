"""A hub's statements: the list, one statement's form, the shares of a year together."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims.models import Reference
from core.errors import DomainError
from hubs import operations, revisions
from hubs.checking import WHOLE, least, oddities, shares_of
from hubs.forms.rebasing import base_of, carried, show_theirs, touched
from hubs.forms.statements import (
    MixForm,
    ReasonForm,
    StatementForm,
    cited_by,
    in_words,
    values_of,
)
from hubs.models import Hub, HubClaim
from hubs.operations.stating import Source, save_mix, shares_from, state
from hubs.profile import claims_of
from hubs.teamspace import belongs, chapters_of
from hubs.topics import SHARE_CODES, SHARES, TOPICS
from hubs.views.team.finding import CHANGE, around, find

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from claims.topics import Topic


@login_required
@require_safe
def statements(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything stated, by topic, each with its source; rivals together."""
    hub = find(request, slug)
    claims = claims_of(hub)
    chapters = chapters_of(hub, claims)
    context = around(request, hub, "statements", chapters=chapters, count=len(claims))
    return render(request, "hubs/team/statements.html", context)


def list_url(hub: Hub, claim: HubClaim | None = None) -> str:
    """The list, at one statement."""
    url = reverse("hubs:team:statements", args=[hub.slug])
    return f"{url}#c-{claim.uid}" if claim else url


def find_claim(hub: Hub, uid: str) -> HubClaim:
    """A statement of this hub, or 404."""
    return get_object_or_404(hub.claims.select_related("reference", "contradiction"), uid=uid)


# --- One statement -----------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str, topic: str) -> HttpResponse:
    """State something on one topic."""
    hub = find(request, slug, to=CHANGE)
    about = TOPICS.get(topic)
    if about is None or not belongs(about, hub):
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = StatementForm(data, topic=about, hub=hub, cited=cited_by(hub))
    if data is not None and form.is_valid():
        saved = _stated(form, hub, by=request.user)
        if saved is not None:
            return _told(request, hub, saved)
    return _form_page(request, hub, form, about, beside=_beside(hub, about))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Change one statement. Whoever comes second sees what the first wrote, and keeps theirs."""
    hub = find(request, slug, to=CHANGE)
    claims = hub.claims.select_related("reference", "contradiction")
    claim = claims.filter(uid=uid).first()
    if claim is None:
        return _gone(request, hub, uid)
    cited, about = cited_by(hub), TOPICS.get(claim.topic)
    if about is None:
        raise Http404

    def form_of(data: Any = None) -> StatementForm:
        return StatementForm(data, topic=about, claim=claim, hub=hub, cited=cited)

    if request.method != "POST":
        return _form_page(request, hub, form_of(), about, claim=claim)
    base = base_of(request.POST)
    form = form_of(request.POST)
    if form.is_valid():
        try:
            saved = _stated(form, hub, by=request.user, claim=claim, base=base)
        except DomainError as refusal:
            if refusal.code == "gone":
                return _gone(request, hub, uid)
            hub = find(request, slug, to=CHANGE)
            again = _compared(form, form_of, claim, _opened_at(hub, form, uid, base))
            again.add_error(None, str(refusal))
            return _form_page(request, hub, again, about, claim=claim, status=409)
        if saved is not None:
            return _told(request, hub, saved)
    return _form_page(request, hub, form, about, claim=claim, base=base)


def _stated(
    form: StatementForm,
    hub: Hub,
    *,
    by: Any,
    claim: HubClaim | None = None,
    base: int | None = None,
) -> HubClaim | None:
    """Write what the form holds; None when it was refused at its fields. A refusal because of
    somebody else is for the caller."""
    values = form.values() if claim else {**form.values(), "topic": form.topic.code}
    try:
        return state(hub, by=by, values=values, source=form.said_by(), claim=claim, base=base)
    except ValidationError as refusal:
        form.refuse(refusal)
    except DomainError as refusal:
        if refusal.code in {"stale", "gone"}:
            raise
        form.add_error(None, str(refusal))
    return None


def _opened_at(hub: Hub, form: StatementForm, uid: str, base: int) -> dict[str, Any] | None:
    """What the form was opened with, from the revision it names."""
    earlier = hub.revisions.filter(number=base).first()
    content = revisions.part(earlier.document, f"claims.{uid}") if earlier else None
    if content is None:
        return None
    source = Reference.objects.filter(key=content["reference"]).first()
    return form.opened(content, source)


def _compared(
    form: StatementForm, form_of: Any, claim: HubClaim, opened: dict[str, Any] | None
) -> StatementForm:
    """The form again: own text kept, everything else as it is now, the other's text beside."""
    now = form.opened(values_of(claim), claim.reference)
    mine = touched(form, opened) if opened is not None else set(now)
    again = form_of(carried(form, mine, now))
    again.is_valid()
    before = opened or {}
    theirs = {name for name in mine if (now[name] or None) != (before.get(name) or None)}
    show_theirs(again, theirs, in_words(now, claim.reference))
    return again


def _gone(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """Somebody removed the statement while it was being changed: the text is not lost."""
    earlier = hub.revisions.filter(number=base_of(request.POST)).first()
    content = revisions.part(earlier.document, f"claims.{uid}") if earlier else None
    about = TOPICS.get(content["topic"]) if content else None
    if request.method != "POST" or about is None:
        raise Http404
    form = StatementForm(request.POST, topic=about, hub=hub, cited=cited_by(hub))
    form.is_valid()
    form.add_error(
        None,
        _("Somebody removed this statement meanwhile. Your text is still here: save to state it."),
    )
    return _form_page(request, hub, form, about, beside=_beside(hub, about), status=409)


def _beside(hub: Hub, topic: Topic) -> list[HubClaim]:
    """What is stated on a topic already, so that nobody writes it twice."""
    return list(hub.claims.filter(topic=topic.code).select_related("reference"))


def _told(request: HttpRequest, hub: Hub, claim: HubClaim) -> HttpResponse:
    """Back to the list; what looks odd is said, and was not refused."""
    messages.success(request, _("Saved."))
    for text in oddities(claim, hub.claims.all()):
        messages.warning(request, _("Look again: %(text)s") % {"text": text})
    return redirect(list_url(hub, claim))


def _form_page(
    request: HttpRequest,
    hub: Hub,
    form: StatementForm,
    topic: Topic,
    *,
    claim: HubClaim | None = None,
    base: int | None = None,
    status: int = 200,
    beside: list[HubClaim] | None = None,
) -> HttpResponse:
    odd = oddities(claim, hub.claims.all()) if claim and request.method != "POST" else []
    context = around(
        request,
        hub,
        "statements",
        form=form,
        topic=topic,
        claim=claim,
        base=hub.revision if base is None else base,
        beside=beside or [],
        oddities=odd,
        back=list_url(hub, claim),
    )
    return render(request, "hubs/team/statement.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Take a statement off the profile, with a reason."""
    hub = find(request, slug, to=CHANGE)
    claim = find_claim(hub, uid)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            operations.remove_claim(claim, by=request.user, note=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, _("The statement is removed. The history keeps it."))
            return redirect(list_url(hub))
    context = around(request, hub, "statements", form=form, claim=claim, back=list_url(hub, claim))
    return render(request, "hubs/team/remove.html", context)


@login_required
@require_POST
def prefer(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Show this statement before the others that answer the same question."""
    hub = find(request, slug, to=CHANGE)
    claim = find_claim(hub, uid)
    try:
        operations.prefer(claim, by=request.user)
    except (DomainError, ValidationError) as refusal:
        words = refusal.messages if isinstance(refusal, ValidationError) else [str(refusal)]
        messages.error(request, " ".join(words))
    else:
        messages.success(request, _("Readers see this statement first now."))
    return redirect(list_url(hub, claim))


# --- The financing mix -------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mix(request: HttpRequest, slug: str) -> HttpResponse:
    """All shares of one year as one source gives them. ``?of=`` names the first statement of a
    mix that is there; without it a new one is begun."""
    hub = find(request, slug, to=CHANGE)
    first = find_claim(hub, request.GET["of"]) if request.GET.get("of") else None
    if first is not None and first.topic not in SHARE_CODES:
        raise Http404
    year = first.as_of[:4] if first else ""
    present = shares_from(hub, year, first.reference) if first else {}
    form, base, status = _mix_form(request, hub, first, present), hub.revision, 200
    if form.is_bound and form.is_valid():
        try:
            save_mix(
                hub,
                by=request.user,
                year=year if first else form.cleaned_data["year"],
                shares=form.shares(present),
                source=Source(reference=first.reference) if first else form.said_by(),
                place=form.cleaned_data["place"],
                base=base_of(request.POST),
            )
        except ValidationError as refusal:
            form.refuse(refusal)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            status = 409
            _show_present(form, present)
        else:
            messages.success(request, _("Saved."))
            return redirect("hubs:team:mix", slug=slug)
    if form.is_bound and status == 200:
        base = base_of(request.POST)
    context = around(
        request, hub, "mix", form=form, base=base, first=first,
        shares=[form[topic.code] for topic in SHARES],
        ranges=[claim for claim in present.values() if not claim.is_exact],
        errors=_once(form), sets=_sets(hub),
    )  # fmt: skip
    return render(request, "hubs/team/mix.html", context, status=status)


def _mix_form(
    request: HttpRequest, hub: Hub, first: HubClaim | None, present: dict[str, HubClaim]
) -> MixForm:
    data = request.POST if request.method == "POST" else None
    initial = {code: claim.low for code, claim in present.items() if claim.is_exact}
    return MixForm(data, initial=initial, hub=hub, cited=cited_by(hub), is_new=first is None)


def _show_present(form: MixForm, present: dict[str, HubClaim]) -> None:
    """Say beside each share what it is now, where that is not what was typed."""
    now = {code: claim.text for code, claim in present.items()}
    differs = {
        topic.code
        for topic in SHARES
        if form.cleaned_data.get(topic.code)
        != (present[topic.code].low if topic.code in present else None)
    }
    show_theirs(form, differs, now)


def _once(form: MixForm) -> list[tuple[str, str]]:
    """The errors for the summary: one that stands at several fields is listed once."""
    if not form.is_bound:
        return []
    found = {str(text): "" for text in form.non_field_errors()}
    for bound in form:
        for text in bound.errors:
            found.setdefault(str(text), bound.id_for_label)
    return list(found.items())


@dataclass(frozen=True, slots=True)
class Mix:
    """The shares one source gives for one year."""

    year: str
    reference: Reference
    claims: list[HubClaim]
    is_shown: bool

    @property
    def total(self) -> Decimal:
        return sum((least(claim) for claim in self.claims), Decimal(0)).normalize()

    @property
    def rest(self) -> Decimal:
        return WHOLE - self.total


def _sets(hub: Hub) -> list[Mix]:
    """Every mix there is, the latest year first. One query."""
    claims = list(hub.claims.filter(topic__in=SHARE_CODES).select_related("reference"))
    shown = {claim.pk for members in shares_of(claims).values() for claim in members}
    found: dict[tuple[str, int], list[HubClaim]] = {}
    for claim in sorted(claims, key=lambda claim: SHARE_CODES.index(claim.topic)):
        if claim.has_number and not claim.label:
            found.setdefault((claim.as_of[:4], claim.reference_id), []).append(claim)
    mixes = [
        Mix(year, rows[0].reference, rows, any(row.pk in shown for row in rows))
        for (year, _reference), rows in found.items()
    ]
    return sorted(mixes, key=lambda mix: (mix.year, mix.is_shown), reverse=True)
