"""Members who say that they are a person of the record, at the desk of portal moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from core.admin import DeskAdmin
from core.errors import DomainError
from events import operations
from events.forms.people import DecisionForm
from events.models import Contribution, PersonClaim

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from accounts.models import User

DECIDE = "events.decide_person_claim"
AGREE, REFUSE = "agree_person_claim", "refuse_person_claim"


@admin.register(PersonClaim)
class PersonClaimAdmin(DeskAdmin):
    """Each request with what the record and the account say, and the two answers."""

    list_display = ["person", "user", "state", "asked_at", "decided_by", "decided_at"]
    list_filter = ["state"]
    list_select_related = ["person", "user", "decided_by"]
    search_fields = ["person__name", "user__name", "user__email"]
    ordering = ["-asked_at", "-pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonClaim]:
        if not request.user.has_perm(DECIDE):
            return PersonClaim.objects.none()
        return PersonClaim.objects.select_related("person", "user__profile", "decided_by")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and request.user.has_perm(DECIDE)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Agree or not; what was typed stays when somebody else was faster."""
        claim = self.get_object(request, object_id)
        if claim is None:
            raise Http404
        if not self.has_view_permission(request, claim):
            raise PermissionDenied
        verb = request.POST.get("do", "") if request.method == "POST" else ""
        form = DecisionForm(
            request.POST if request.method == "POST" else None, needs_reason=verb == REFUSE
        )
        if request.method == "POST":
            if verb not in (AGREE, REFUSE):
                raise PermissionDenied
            if form.is_valid() and self._decide(request, claim, verb, form):
                return HttpResponseRedirect(request.path)
            claim.refresh_from_db()
        request.current_app = self.admin_site.name
        parts = Contribution.objects.filter(person=claim.person_id)
        context = {
            **self.admin_site.each_context(request),
            "title": str(claim),
            "opts": self.opts,
            "media": self.media,
            "claim": claim,
            "form": form,
            "moves": [
                (verb, claim.moves[verb].label)
                for verb in claim.moves_for(request.user)
                if verb in (AGREE, REFUSE) and claim.user_id != request.user.pk
            ],
            "is_own": claim.user_id == request.user.pk,
            "parts": parts.select_related("event", "session", "work").order_by("pk")[:20],
            "others": PersonClaim.objects.filter(person=claim.person_id)
            .exclude(pk=claim.pk)
            .select_related("user"),
            "history": self.audit_of(claim)[:50],
        }
        return TemplateResponse(request, "admin/events/personclaim.html", context)

    def _decide(
        self, request: HttpRequest, claim: PersonClaim, verb: str, form: DecisionForm
    ) -> bool:
        answer, by = form.cleaned_data["answer"], cast("User", request.user)
        try:
            if verb == AGREE:
                operations.agree_to_claim(claim, by=by, note=answer)
            else:
                claim.refuse_person_claim(by=by, note=answer)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            done = _("Done: %(move)s.") % {"move": claim.moves[verb].label}
            self.message_user(request, done, messages.SUCCESS)
            return True
        return False
