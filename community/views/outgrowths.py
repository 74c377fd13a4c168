"""Making a lesson, a reference or a catalogue draft of a discussion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from community.forms.synthesis import LessonForm, ReferenceForm, SolutionForm
from community.models import Discussion, LivingLab
from community.operations import outgrowing
from community.operations.outgrowing import LESSON, REFERENCE, SOLUTION
from community.views.synthesis_writing import REFUSED, refuse
from core.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

TITLES = {
    LESSON: gettext_lazy("Make a lesson of a lab"),
    REFERENCE: gettext_lazy("Put a reference into the library"),
    SOLUTION: gettext_lazy("Begin a catalogue draft"),
}
TOLD = {
    LESSON: gettext_lazy("One sentence that a lab learned, with the posts it was told in."),
    REFERENCE: gettext_lazy("A work that somebody named here, for everybody to find."),
    SOLUTION: gettext_lazy(
        "A private draft that takes up what these posts say. Their authors are credited by the name"
        " everybody may read. They cannot edit it unless you invite them."
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outgrow(request: HttpRequest, uid: str, what: str) -> HttpResponse:
    """Choose posts and make one record of them. ``?post=`` chooses one beforehand."""
    if what not in TITLES:
        raise Http404
    seen = Discussion.objects.visible_to(request.user).select_related("theme")
    discussion = get_object_or_404(seen, uid=uid)
    if what not in outgrowing.ways_for(discussion, request.user):
        raise PermissionDenied
    start = [part[:12].replace("\0", "") for part in request.GET.getlist("post")[:20]]
    how: dict[str, Any] = {
        "choosable": outgrowing.choosable(discussion, request.user),
        "start": start,
    }
    data = request.POST if request.method == "POST" else None
    if what == LESSON:
        labs = _labs(request, discussion)
        form: Any = LessonForm(data, labs=labs, **how)
    elif what == REFERENCE:
        form = ReferenceForm(data, **how)
    else:
        form = SolutionForm(data, discussion=discussion, **how)
    if form.is_bound and form.is_valid():
        try:
            make = getattr(outgrowing, f"grow_{what}")
            outgrowth = make(discussion, by=request.user, **form.values())
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal)
        else:
            if outgrowth.solution is not None:
                messages.success(request, _("The draft is begun. Nobody else sees it yet."))
                return redirect("catalogue:work", uid=outgrowth.solution.uid)
            messages.success(request, _("Done. The discussion shows what grew out of it."))
            return redirect(f"{reverse('community:discussion', args=[uid])}#outgrowths")
    context = {
        "discussion": discussion,
        "what": what,
        "title": TITLES[what],
        "told": TOLD[what],
        "form": form,
    }
    status = REFUSED if form.is_bound else 200
    return render(request, "community/synthesis/outgrow.html", context, status=status)


def _labs(request: HttpRequest, discussion: Discussion) -> list[LivingLab]:
    """The labs this person may write a lesson for; the one that is talked about comes first."""
    rows = LivingLab.objects.visible_to(request.user).order_by("name", "pk")
    kept = [lab for lab in rows if request.user.has_perm("community.keep", lab)]
    return sorted(kept, key=lambda lab: lab.pk != discussion.lab_id)
