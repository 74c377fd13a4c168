"""Who writes a record: its team, invitations, and the record in other languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.validators import EmailValidator
from django.http import Http404, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from catalogue import choices as c
from catalogue import fields as f
from catalogue import operations, writing
from catalogue.content import document_of, is_outdated
from catalogue.forms.fields import language_choices
from catalogue.forms.translation import TranslationForm
from catalogue.models import Contributor, Invitation, PageDraft, Solution
from catalogue.presentation import Answer, answer_of
from catalogue.views.page import MOST_KEPT, as_query, read_marks, written
from catalogue.views.work import find_work, pending_invitations, translation_lines
from core.errors import DomainError
from core.fields import LimitedField, PickField
from hubs import reference

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


# --- Team --------------------------------------------------------------------------------


class InviteForm(forms.Form):
    """An address and a part."""

    mark_optional = False
    email = LimitedField(
        label=gettext_lazy("Their e-mail address"),
        max_length=254,
        validators=[EmailValidator(gettext_lazy("Enter a whole address, like name@example.org."))],
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy("The one they sign in with here."),
        error_messages={"required": gettext_lazy("Enter an address, like name@example.org.")},
    )
    role = PickField(
        label=gettext_lazy("Their part in the record"),
        choices=c.ContributorRole.choices,
        initial=c.ContributorRole.AUTHOR,
        error_messages={"required": gettext_lazy("Choose their part.")},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, uid: str) -> HttpResponse:
    """Who writes, who is invited. An invitation looks the same whoever the address belongs to."""
    solution = find_work(request, uid)
    user = request.user
    manages = user.has_perm("catalogue.manage_team", solution)
    form = InviteForm()
    if request.method == "POST":
        if not manages:
            raise PermissionDenied
        form = InviteForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                operations.invite(solution, by=user, email=data["email"], role=data["role"])
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request,
                    _(
                        "If %(email)s has an account here, the invitation is on their page “My"
                        " work” now. Tell them to look."
                    )
                    % {"email": data["email"]},
                )
                return redirect("catalogue:work-team", uid=uid)
    context = {
        "solution": solution,
        "form": form,
        "manages": manages,
        "members": [row for row in solution.contributors.all() if row.user_id],
        "others": [row for row in solution.contributors.all() if not row.user_id],
        "invitations": list(Invitation.objects.waiting().filter(solution=solution))
        if manages
        else [],
    }
    return render(request, "catalogue/work/team.html", context)


@login_required
@require_POST
def leave(request: HttpRequest, uid: str, pk: int) -> HttpResponse:
    """End one account's part; the name stays in the record."""
    solution = find_work(request, uid)
    row = get_object_or_404(Contributor, pk=pk, solution=solution, user__isnull=False)
    mine = row.user_id == request.user.pk
    try:
        operations.leave_team(row, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("catalogue:work-team", uid=uid)
    if mine:
        messages.success(request, _("You have left the team. Your name stays in the record."))
        return redirect("dashboard")
    messages.success(
        request, _("%(name)s no longer writes here and stays named.") % {"name": row.name}
    )
    return redirect("catalogue:work-team", uid=uid)


@login_required
@require_POST
def withdraw_invitation(request: HttpRequest, uid: str, pk: int) -> HttpResponse:
    solution = find_work(request, uid)
    invitation = get_object_or_404(Invitation, pk=pk, solution=solution)
    operations.withdraw_invitation(invitation, by=request.user)
    messages.success(request, _("The invitation is taken back."))
    return redirect("catalogue:work-team", uid=uid)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Join a team, or say no. Only the person with that address finds it."""
    found = next((row for row in pending_invitations(request.user) if row.pk == pk), None)
    if found is None:
        raise Http404
    if request.method == "POST":
        accept = request.POST.get("answer") == "join"
        try:
            operations.answer_invitation(found, by=request.user, accept=accept)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("dashboard")
        if accept:
            messages.success(request, _("You are in the team now."))
            return redirect("catalogue:work", uid=found.solution.uid)
        messages.success(request, _("You have said no. Nobody is told why."))
        return redirect("dashboard")
    return render(request, "catalogue/work/invitation.html", {"invitation": found})


# --- Translations ------------------------------------------------------------------------


class LanguageForm(forms.Form):
    """Which language to begin."""

    mark_optional = False
    language = PickField(
        label=gettext_lazy("Another language"),
        error_messages={"required": gettext_lazy("Choose a language.")},
    )

    def __init__(self, *args: Any, solution: Solution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = {row.language_id for row in solution.translations.all()} | {solution.language_id}
        groups = language_choices(code for code, _name in settings.LANGUAGES)
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose one")),
            *((name, [row for row in rows if row[0] not in taken]) for name, rows in groups),
        ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def translations(request: HttpRequest, uid: str) -> HttpResponse:
    """The languages the record speaks, and one more to begin."""
    solution = find_work(request, uid, edit=True)
    form = LanguageForm(solution=solution)
    if request.method == "POST":
        form = LanguageForm(request.POST, solution=solution)
        if form.is_valid():
            language = form.cleaned_data["language"]
            return redirect("catalogue:work-translation", uid=uid, language=language)
    context = {
        "solution": solution,
        "form": form,
        "lines": translation_lines(solution, document_of(solution)),
    }
    return render(request, "catalogue/work/translations.html", context)


@dataclass(frozen=True, slots=True)
class Pair:
    """A text of the record and the field for its translation."""

    name: str
    source: Answer
    field: forms.BoundField
    theirs: Answer | None = None


def _target(solution: Solution, language: str) -> str:
    """A language this record can be translated into, or 404."""
    if language not in reference.languages() or language == solution.language_id:
        raise Http404
    return language


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def translation(request: HttpRequest, uid: str, language: str) -> HttpResponse:
    """Source and translation side by side. Saving says that it fits the source of today."""
    solution = find_work(request, uid, edit=True)
    language = _target(solution, language)
    row = next((t for t in solution.translations.all() if t.language_id == language), None)
    content = document_of(solution).content
    texts = dict(row.texts) if row else {}
    quality = row.quality if row else ""
    key = operations.translation_page(language)
    draft = PageDraft.objects.filter(solution=solution, user=request.user, page=key).first()

    def form_of(data: QueryDict | None = None) -> TranslationForm:
        return TranslationForm(
            data,
            content=content,
            texts=texts,
            quality=quality,
            language=reference.languages()[language],
        )

    conflicts: set[str] = set()
    if request.method == "POST":
        form = form_of(request.POST)
        opened = read_marks(request.POST)
        if form.is_valid():
            try:
                operations.save_translation(
                    solution,
                    by=request.user,
                    language=language,
                    texts=form.texts(),
                    quality=form.cleaned_data["quality"],
                    opened=opened,
                )
            except DomainError as refusal:
                conflicts = set(refusal.fields)
                fresh = find_work(request, uid, edit=True)
                saved = next(t for t in fresh.translations.all() if t.language_id == language)
                texts = dict(saved.texts)
                opened |= {name: writing.mark(texts.get(name, "")) for name in conflicts}
            else:
                messages.success(request, _("The translation is saved."))
                return redirect("catalogue:work-translations", uid=uid)
        _keep(request, solution, key, request.POST, opened)
        draft = None
    elif draft is not None:
        data = as_query(draft.data)
        form = form_of(data)
        form._errors = forms.utils.ErrorDict()
        opened = read_marks(data)
    else:
        form = form_of()
        opened = {item.name: writing.mark(texts.get(item.name, "")) for item in form.items}
    context = {
        "solution": solution,
        "language": reference.languages()[language],
        "source_language": reference.languages()[solution.language_id],
        "form": form,
        "pairs": [
            Pair(
                item.name,
                answer_of(item, content[item.name]),
                form[item.name],
                answer_of(item, texts.get(item.name, "")) if item.name in conflicts else None,
            )
            for item in form.items
        ],
        "opened": written(opened),
        "draft": draft,
        "conflicts": conflicts,
        "is_outdated": row is not None and is_outdated(content, language),
        "exists": row is not None,
        "kept_as": f"{request.user.pk}.{uid}.{key}",
        "scripts": ["js/richtext.js", "js/count.js", "js/autosave.js"],
    }
    status = 409 if conflicts else 200
    return render(request, "catalogue/work/translation.html", context, status=status)


def _keep(
    request: HttpRequest, solution: Solution, key: str, data: QueryDict, opened: dict[str, str]
) -> PageDraft | None:
    names = {item.name for item in f.FIELDS if item.translatable}
    wanted = names | {f"{name}-format" for name in names} | {"quality"}
    kept = {name: data.getlist(name) for name in data if name in wanted}
    if sum(len(text) for texts in kept.values() for text in texts) > MOST_KEPT:
        return None
    kept["opened"] = [written(opened)]
    return operations.keep_page(
        solution, by=request.user, page=key, data=kept, base=solution.revision
    )


@require_POST
def translation_autosave(request: HttpRequest, uid: str, language: str) -> JsonResponse:
    """Keep a translation while it is typed."""
    if not request.user.is_authenticated:
        return JsonResponse({"login": reverse("account_login")}, status=401)
    try:
        solution = find_work(request, uid, edit=True)
    except PermissionDenied:
        return JsonResponse({"error": _("You may no longer write here.")}, status=403)
    key = operations.translation_page(_target(solution, language))
    draft = _keep(request, solution, key, request.POST, read_marks(request.POST))
    if draft is None:
        text = _("This page holds more text than can be kept. Shorten it first.")
        return JsonResponse({"error": text}, status=413)
    now = timezone.localtime(draft.saved_at)
    return JsonResponse(
        {
            "saved_at": now.isoformat(timespec="seconds"),
            "message": _("Draft saved at %(time)s %(zone)s.")
            % {"time": f"{now:%H:%M}", "zone": now.tzname()},
            "lock": {"mine": True},
        }
    )


@login_required
@require_POST
def translation_discard(request: HttpRequest, uid: str, language: str) -> HttpResponse:
    """Throw unsaved text away, or take the whole translation out of the record."""
    solution = find_work(request, uid, edit=True)
    language = _target(solution, language)
    key = operations.translation_page(language)
    operations.drop_page(solution, by=request.user, page=key)
    if request.POST.get("what") == "translation":
        operations.drop_translation(solution, by=request.user, language=language)
        messages.success(
            request, _("The translation is taken out. Versions sent in before keep it.")
        )
        return redirect("catalogue:work-translations", uid=uid)
    return HttpResponseRedirect(reverse("catalogue:work-translation", args=[uid, language]))
