"""How people come to take part, as organisers set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from participation.forms.admission import AdmissionForm, CategoryForm
from participation.models import Admission, Category
from participation.operations import categories as kinds
from participation.operations import registering
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from events.models import Event


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def admission(request: HttpRequest, slug: str) -> HttpResponse:
    """Places, closing hour, approval, join link and letters."""
    event = find_organised(request, slug)
    form = AdmissionForm(
        request.POST if request.method == "POST" else None,
        event=event,
        admission=Admission.objects.filter(event=event).first(),
    )
    if form.is_bound and form.is_valid():
        try:
            registering.set_admission(event, by=request.user, **form.told())
        except ValidationError as refusal:
            form.refuse(refusal)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            if refusal.code == "stale":
                form.take()
        else:
            messages.success(request, _("Saved."))
            return redirect("participation:admission", slug=slug)
    context = around_organiser(
        request, event, "admission", form=form, kinds=list(event.categories.all())
    )
    return render(request, "participation/organise/admission.html", context)


# --- Kinds of participants --------------------------------------------------------------------


def _rows(event: Event, bound: CategoryForm | None, pk: int | None) -> list[dict[str, Any]]:
    """Each kind with its form; the one just refused keeps what was typed."""
    found = list(event.categories.annotate(used=Count("registrations")).order_by("position", "pk"))
    return [
        {
            "kind": row,
            "form": bound
            if bound is not None and row.pk == pk
            else CategoryForm(
                prefix=f"k{row.pk}",
                initial={"name": row.name, "needs_approval": row.needs_approval},
            ),
            "up": place - 1,
            "down": place + 1 if place < len(found) else 0,
        }
        for place, row in enumerate(found, start=1)
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def categories(request: HttpRequest, slug: str) -> HttpResponse:
    """What people can register as: add one, call it otherwise, order them, remove an unused one.

    Each button says what it does to which kind: ``change``, ``remove`` or ``move``, with the key.
    """
    event = find_organised(request, slug)
    added = CategoryForm(prefix="new")
    bound: CategoryForm | None = None
    pk: int | None = None
    if request.method == "POST":
        typed = request.POST.get("kind", "")
        pk = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
        if typed:
            kind = get_object_or_404(Category.objects.select_related("event"), event=event, pk=pk)
            bound = CategoryForm(request.POST, prefix=f"k{kind.pk}")
            done = _changed(request, kind, bound)
        else:
            added = CategoryForm(request.POST, prefix="new")
            done = _added(request, event, added)
        if done:
            return redirect("participation:categories", slug=slug)
    context = around_organiser(
        request,
        event,
        "admission",
        title=_("Kinds of participants"),
        rows=_rows(event, bound, pk),
        added=added,
        bound=bound,
        form=added if added.is_bound else bound,
    )
    return render(request, "participation/organise/categories.html", context)


def _added(request: HttpRequest, event: Event, form: CategoryForm) -> bool:
    if not form.is_valid():
        return False
    try:
        kinds.add_category(event, by=request.user, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error("name", refusal.message_dict.get("name", refusal.messages))
        return False
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Added: %(kind)s.") % {"kind": form.cleaned_data["name"]})
    return True


def _changed(request: HttpRequest, kind: Category, form: CategoryForm) -> bool:
    """One kind changed, moved or removed. Whether the page can be shown afresh."""
    try:
        if (place := request.POST.get("move", "")) and place.isascii() and place.isdigit():
            kinds.move_category(kind, by=request.user, to=int(place[:4]))
        elif request.POST.get("remove"):
            kinds.remove_category(kind, by=request.user)
            messages.success(request, _("Removed: %(kind)s.") % {"kind": kind})
        elif not form.is_valid():
            return False
        else:
            kinds.change_category(kind, by=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
    except ValidationError as refusal:
        form.add_error("name", refusal.message_dict.get("name", refusal.messages))
        return False
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return True
