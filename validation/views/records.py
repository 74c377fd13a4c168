"""The public records of labels: pages to read, files for programs, checks, challenges.

Every file here is the same for everybody and in every language, may be kept and compared
(``ETag``), and may be read by pages of other sites.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import content_disposition_header, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.content import Content
from catalogue.models import StoredFile, Version
from catalogue.operations import store_file
from catalogue.reading import closed_since, is_closed
from core import uploads
from core.errors import DomainError
from validation import choices as c
from validation import presentation, signing, verifying
from validation.forms.records import ChallengeForm, VerifyForm
from validation.models import Challenge, Record
from validation.operations import challenging
from validation.presentation import Shown
from validation.qr import qr_svg
from validation.terms import TERMS

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

PER_PAGE = 25
LINKED_DATA = "application/ld+json"
JSON = "application/json"
#: How long, in seconds, files may be kept before asking whether they are still the same.
KEEP = {"record": 3600, "status": 60, "keys": 3600, "qr": 86400}

_REFERENCE = re.compile(r"(?:[Vv]-?)?0*([0-9]{1,9})")


# --- Finding one ----------------------------------------------------------------------------


def find(reference: str, records: QuerySet[Record] | None = None) -> Record:
    """The record of this number, or 404. Records of withdrawn solutions are found too: their
    addresses say so."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise Http404
    found = presentation.with_document(Record.objects.all()) if records is None else records
    return get_object_or_404(found, number=int(match[1]))


def moved_from(request: HttpRequest, record: Record, reference: str) -> HttpResponse | None:
    """To the one spelling of the address: ``/records/v-1/`` goes to ``/records/V-0001/``."""
    match = request.resolver_match
    if reference == record.reference or match is None:
        return None
    path = reverse(match.view_name, kwargs={**match.kwargs, "reference": record.reference})
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{path}?{query}" if query else path, permanent=True)


# --- Pages ----------------------------------------------------------------------------------


@require_safe
def record(request: HttpRequest, reference: str) -> HttpResponse:
    """One record: what was signed, and what became of it since."""
    found = find(reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    shown = Shown(found)
    if shown.is_withdrawn:
        return render(request, "validation/records/withdrawn.html", {"shown": shown}, status=410)
    current = found.solution.public_version
    return render(
        request,
        "validation/records/record.html",
        {
            "shown": shown,
            "current_number": current.number if current else None,
            "later": _later(found) if shown.state == c.RecordState.SUPERSEDED else None,
            "qr": qr_svg(shown.permanent_url),
            "now": timezone.now(),
        },
    )


def _later(record: Record) -> Record | None:
    """The record that took the place of this one."""
    later = Record.objects.filter(solution=record.solution_id, number__gt=record.number)
    return later.defer("document").order_by("number").first()


@require_safe
def records(request: HttpRequest) -> HttpResponse:
    """All records, newest first, those that ended too."""
    public = Record.objects.public()
    counts = dict(public.order_by().values_list("state").annotate(n=Count("pk")))
    state = request.GET.get("state", "")
    state = state if state in c.RecordState.values else ""
    total = counts.get(state, 0) if state else sum(counts.values())
    page = Paginator(range(total), PER_PAGE).get_page(request.GET.get("page"))
    chosen = public.filter(state=state) if state else public
    first = max(page.start_index() - 1, 0)
    rows = presentation.for_rows(chosen).order_by("-number")[first : first + PER_PAGE]
    address = reverse("validation:records")
    tabs = [(_("All"), address, not state, sum(counts.values()))] + [
        (name, f"{address}?state={code}", code == state, counts[code])
        for code, name in presentation.STATES.items()
        if counts.get(code)
    ]
    return render(
        request,
        "validation/records/list.html",
        {
            "rows": [RecordRow(row) for row in rows] if total else [],
            "tabs": tabs,
            "state": state,
            "page_obj": page,
            "total": total,
        },
    )


class RecordRow:
    """One record in the list, from what ``presentation.for_rows`` read."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.state = presentation.state_of(record)
        self.since = presentation.state_since(record)
        self.issued_on = presentation.day_of(record.issued_at)

    @property
    def is_in_force(self) -> bool:
        return self.state == c.RecordState.IN_FORCE

    @property
    def level(self) -> str:
        return str(self.record.label) if self.is_in_force else str(self.state)

    @property
    def title_attrs(self) -> str:
        return presentation.language_attrs(getattr(self.record, "language", "") or "")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """What the words of the JSON-LD mean: each has its own address here."""
    return render(request, "validation/records/terms.html", {"groups": TERMS})


# --- Files for programs ---------------------------------------------------------------------


def _file(
    request: HttpRequest,
    *,
    etag: str,
    keep: int,
    content_type: str,
    body: Any,
    name: str = "",
) -> HttpResponseBase:
    """A public file: not sent again to whoever has it, readable by pages of other sites.

    ``body`` is called only if the file has to be sent.
    """
    quoted = etag if etag.startswith("W/") else quote_etag(etag)
    response = get_conditional_response(request, etag=quoted)
    if response is None:
        response = HttpResponse(body(), content_type=content_type)
        if name:
            response["Content-Disposition"] = (
                content_disposition_header(as_attachment="download" in request.GET, filename=name)
                or "inline"
            )
    response["ETag"] = quoted
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=keep)
    return response


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)


def _gone(record: Record) -> HttpResponse:
    """What programs are told of the record of a withdrawn solution. The list of states still
    names it."""
    response = HttpResponse(
        _text({"error": "withdrawn", "number": record.reference}), content_type=JSON, status=410
    )
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def record_json(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The signed record itself."""
    found = find(reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    if Shown(found).is_withdrawn:
        return _gone(found)
    return _file(
        request,
        etag=_digest(found.document["proof"]["signature"]),
        keep=KEEP["record"],
        content_type=LINKED_DATA,
        body=lambda: _text(found.document),
        name=f"{found.reference}.json",
    )


@require_safe
def bundle(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Record, frozen version and list of states: all that a check offline needs."""
    found = find(reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    if Shown(found).is_withdrawn:
        return _gone(found)
    content = public_content(found)
    at, stamp = timezone.now(), _status_stamp()

    def body() -> str:
        version = {} if content is None else {"frozen_version": content}
        return _text({"record": found.document, **version, "status": status_document(at)})

    return _file(
        request,
        etag=f'W/"{_digest(found.document["proof"]["signature"], stamp, content is None)}"',
        keep=KEEP["status"],
        content_type=JSON,
        body=body,
        name=f"{found.reference}-bundle.json",
    )


def public_content(record: Record) -> Content | None:
    """The frozen text that was judged; None if a source that stood open in it was restricted
    since. With the source taken out it would not be that text any more."""
    version = Version.objects.only("content").get(pk=record.version_id)
    private = (
        Version.objects.filter(pk=record.solution.public_version_id)
        .values_list("private_content", flat=True)
        .first()
    )
    closed = closed_since(private)
    if any(is_closed(row, closed) for row in version.content["evidence"]):
        return None
    return dict(version.content)


@require_safe
def status(request: HttpRequest) -> HttpResponseBase:
    """What became of every record ever issued, signed."""
    return _file(
        request,
        etag=f'W/"{_status_stamp()}"',
        keep=KEEP["status"],
        content_type=JSON,
        body=lambda: _text(status_document(timezone.now())),
        name="status.json",
    )


def status_document(at: datetime) -> signing.Document:
    """The signed list of states. Days, no times: the moment of a decision could tell whose
    it was."""
    today = presentation.day_of(at)
    columns = ("number", "state", "state_since", "public_note", "expires_on")
    rows = Record.objects.order_by("number").only(*columns)
    return signing.status_list(
        (
            {
                "number": row.reference,
                "state": presentation.state_of(row, today),
                "since": f"{presentation.state_since(row, today).isoformat()}T00:00:00Z",
                "note": row.public_note,
            }
            for row in rows
        ),
        at,
    )


def _status_stamp() -> str:
    """Changes with any state, and every hour, so that no list is kept for longer."""
    known = Record.objects.aggregate(n=Count("pk"), last=Max("state_since"))
    hour = timezone.now().strftime("%Y-%m-%dT%H")
    return _digest(known["n"], known["last"], hour, signing.key_id(signing.public_key()))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


@require_safe
def keys(request: HttpRequest) -> HttpResponseBase:
    """The public keys this portal stands by. To be compared with a second place."""
    now = signing.key_id(signing.public_key())
    document = {
        "issuer": settings.PORTAL_URL,
        "keys": [
            {
                "key_id": name,
                "algorithm": signing.ALGORITHM,
                "public_key": signing.to_base64(key),
                "signs_now": name == now,
            }
            for name, key in signing.known_keys().items()
        ],
    }
    text = _text(document)
    return _file(
        request,
        etag=_digest(text),
        keep=KEEP["keys"],
        content_type=JSON,
        body=lambda: text,
    )


@require_safe
def qr(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The code that leads to the record, for posters and reports."""
    found = find(reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    address = str(found.document["id"])
    return _file(
        request,
        etag=_digest(address, found.reference),
        keep=KEEP["qr"],
        content_type="image/svg+xml",
        body=lambda: qr_svg(address),
        name=f"{found.reference}.svg",
    )


# --- Checking -------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Check a record that somebody holds, or one of ours by its number. Nothing is kept."""
    number = request.GET.get("number", "")[:40]
    if request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        if "file" in getattr(request, "too_large", ()):
            form.full_clean()
            form.add_error("file", _("This file is far over the limit."))
    elif number:
        form = VerifyForm({"number": number})
    else:
        form = VerifyForm()
    checked = None
    if form.is_bound and form.is_valid():
        checked = _check_given(form) if form.raw_given else _check_number(form)
    return render(
        request,
        "validation/records/verify.html",
        {
            "form": form,
            "checked": checked,
            "keys": signing.known_keys(),
            "current_key": signing.to_base64(signing.public_key()),
            "now": timezone.now(),
        },
    )


class Checked:
    """A verdict with what this portal knows besides."""

    def __init__(
        self, verdict: verifying.Verdict, *, own: Record | None, is_same: bool | None
    ) -> None:
        self.verdict = verdict
        self.own = own
        #: Whether our own copy says exactly the same; None where there is nothing to compare.
        self.is_same = is_same

    @property
    def tone(self) -> str:
        if self.is_same is False:
            return "stop"
        if self.verdict.is_valid:
            return "ok"
        return "wait" if self.verdict.is_genuine else "stop"

    @property
    def record(self) -> signing.Document | None:
        return self.verdict.record

    @property
    def checks(self) -> list[tuple[str, str, verifying.Check]]:
        """Kind of mark, word, check."""
        marks = {
            verifying.Result.PASSED: "done",
            verifying.Result.FAILED: "miss",
            verifying.Result.OPEN: "none",
        }
        return [
            (marks[check.result], str(check.result.label), check) for check in self.verdict.checks
        ]

    @property
    def is_public(self) -> bool:
        return self.own is not None and not Shown(self.own).is_withdrawn


def _check_given(form: VerifyForm) -> Checked:
    """What was handed in, by our keys and by what we know today."""
    raw = form.raw or b""
    at = timezone.now()
    try:
        given = verifying.read(raw)
    except DomainError:
        return Checked(
            verifying.verify(raw, keys=signing.known_keys(), at=at), own=None, is_same=None
        )
    held = given.get("record", given) if isinstance(given, dict) else None
    own = _own(held)
    enclosed = isinstance(given, dict) and "frozen_version" in given
    verdict = verifying.verify(
        given,
        keys=signing.known_keys(),
        at=at,
        version=None if enclosed or own is None else public_content(own),
        status=status_document(at),
    )
    is_same = own.document == held if own is not None and verdict.is_genuine else None
    return Checked(verdict, own=own if verdict.is_genuine else None, is_same=is_same)


def _own(held: Any) -> Record | None:
    """Our own copy of the record somebody holds, by its number."""
    number = held.get("number") if isinstance(held, dict) else None
    match = _REFERENCE.fullmatch(number) if isinstance(number, str) else None
    if match is None:
        return None
    found = presentation.with_document(Record.objects.all()).filter(number=int(match[1])).first()
    return None if found is None or Shown(found).is_withdrawn else found


def _check_number(form: VerifyForm) -> Checked | None:
    typed = form.cleaned_data["number"].strip()
    match = _REFERENCE.fullmatch(typed)
    found = None
    if match is not None:
        known = presentation.with_document(Record.objects.all())
        found = known.filter(number=int(match[1])).first()
    if found is None:
        form.add_error("number", _("This portal has issued no record of this number."))
        return None
    if Shown(found).is_withdrawn:
        form.add_error("number", _("The solution of this record was withdrawn."))
        return None
    at = timezone.now()
    verdict = verifying.verify(
        found.document,
        keys=signing.known_keys(),
        at=at,
        version=public_content(found),
        status=status_document(at),
    )
    return Checked(verdict, own=found, is_same=None)


# --- Doubting -------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def challenge(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what is wrong with a label, and show it; then: what happens next."""
    found = find(reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    shown = Shown(found)
    if shown.is_withdrawn:
        return render(request, "validation/records/withdrawn.html", {"shown": shown}, status=410)
    if uid := request.GET.get("sent"):
        mine = Challenge.objects.filter(record=found, raised_by=request.user)
        sent = get_object_or_404(mine, uid=uid)
        return render(request, "validation/records/challenged.html", {"shown": shown, "sent": sent})
    form = ChallengeForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        record=found,
        user=request.user,
    )
    if request.method == "POST":
        raised = _raise(request, found, form)
        if raised is not None:
            path = reverse("validation:record-challenge", args=[found.reference])
            return redirect(f"{path}?sent={raised.uid}")
    context = {
        "shown": shown,
        "form": form,
        "days": found.criteria_set.content["periods"]["challenge_days"],
    }
    return render(request, "validation/records/challenge.html", context)


def _raise(request: HttpRequest, record: Record, form: ChallengeForm) -> Challenge | None:
    """The challenge, or None with the reasons in the form. A file that was deposited is kept
    with the form, so that it need not be chosen again."""
    form.full_clean()
    stored = _deposit(request, form)
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return challenging.raise_challenge(
            record,
            by=request.user,
            form_key=data["form_key"],
            text=data["text"],
            criterion=data["criterion"],
            url=data["url"],
            file=stored,
        )
    except DomainError as refusal:
        named = {name: texts for name, texts in refusal.fields.items() if name in form.fields}
        for name, texts in named.items():
            for text in texts:
                form.add_error(name, text)
        if not named:
            form.add_error(None, str(refusal))
        return None


def _deposit(request: HttpRequest, form: ChallengeForm) -> StoredFile | None:
    upload = request.FILES.get("upload")
    if "upload" in getattr(request, "too_large", ()):
        form.add_error("upload", uploads.too_large())
        return None
    if upload is None:
        return form.stored
    try:
        with transaction.atomic():
            stored = store_file(upload, by=request.user)
    except ValidationError as refusal:
        form.add_error("upload", refusal)
        return None
    form.data = form.data.copy()
    form.data["file"] = str(stored.pk)
    return stored
