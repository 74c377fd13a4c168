"""What a member contributed, and certificates of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from community import printing
from community.forms.recognition import CertificateForm
from community.models import Certificate, Member, member_of
from community.operations import recognising
from community.people import seen_as
from community.recognition import recognitions_of
from core.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest


def _page(
    request: HttpRequest, member: Member, form: CertificateForm | None, status: int = 200
) -> HttpResponse:
    is_own = request.user == member.user
    context: dict[str, Any] = {
        "member": member,
        "seen": seen_as(member.user, request.user),
        "is_own": is_own,
        "rows": recognitions_of(member.user, request.user),
        "form": form if is_own else None,
        "certificates": member.user.certificates.all() if is_own else (),
    }
    return render(request, "community/recognition/recognition.html", context, status=status)


@require_safe
def recognition(request: HttpRequest, handle: str) -> HttpResponse:
    """What a member gave to others, if they show it; always for themselves."""
    rows = Member.objects.active().select_related("user__profile", "user__member")
    member = get_object_or_404(rows, handle__iexact=handle)
    is_own = request.user == member.user
    if not is_own and not member.shows_recognition:
        raise Http404
    form = CertificateForm(user=member.user) if is_own else None
    return _page(request, member, form)


@login_required
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """Make the certificate of a year."""
    member = member_of(request.user)
    if member is None:
        return redirect("community:join")
    form = CertificateForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, member, form, status=422)
    try:
        row = recognising.issue_certificate(by=request.user, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error("year", str(refusal))
        return _page(request, member, form, status=422)
    return redirect(row)


@never_cache
@require_safe
def certificate(request: HttpRequest, uid: str) -> HttpResponse:
    """What a certificate says, for whoever was shown it. Only the paper names this address."""
    row = get_object_or_404(Certificate.objects.filter(user__is_active=True), uid=uid)
    context = {"certificate": row, "is_own": row.user_id == request.user.pk}
    answer = render(request, "community/recognition/certificate.html", context)
    answer["X-Robots-Tag"] = "noindex"
    return answer


@login_required
@require_safe
def paper(request: HttpRequest, uid: str) -> HttpResponse:
    """The certificate as PDF, for the member alone."""
    row = get_object_or_404(Certificate, uid=uid, user=request.user)
    answer = HttpResponse(printing.certificate(row), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="certificate-{row.year}.pdf"'
    return answer


@login_required
@require_POST
def take_back(request: HttpRequest, uid: str) -> HttpResponse:
    row = get_object_or_404(Certificate, uid=uid, user=request.user)
    recognising.take_back(row, by=request.user)
    messages.success(request, _("The certificate is taken back. Its address says nothing now."))
    member = member_of(request.user)
    return redirect("community:recognition", member.handle) if member else redirect("home")
