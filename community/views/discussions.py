"""The page of a discussion, and what readers and members do on it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.differences import pieces_of
from community.choices import Attention, DiscussionState, PostState
from community.discussed import (
    FETCHED,
    KINDS,
    crumbs_of,
    fetched_with,
    find_place,
    is_outside,
    key_of,
    name_of,
    takes_discussions,
)
from community.forms.discussions import ChangeForm, ReplyForm, TopicForm
from community.models import Discussion, Draft, Outgrowth, Poll, Post, silenced_by
from community.models.discussions import PLACES
from community.operations import discussing
from community.paging import LARGEST, PER_LONG_PAGE, PER_PAGE
from community.threads import Thread, address_of, addresses_in, body_html, place_in, posts_of
from community.views.entering import has_to_join, to_join
from core.errors import DomainError
from core.prepared import Prepared
from core.richtext import MAX_TYPED, clean, from_text, rich
from core.text import plain

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.forms import Form
    from django.http import HttpRequest

    from accounts.models import User

#: So much of the post that is answered stands in the field for the quotation at first.
EXCERPT = 220
#: Earlier texts of one post on a page.
VERSIONS = 20
UNPROCESSABLE = 422
#: Where in the session a text waits for somebody who signs in again, and how much of it.
PUT_BY, MOST_PUT_BY = "unsent", 30_000


# --- Finding ---------------------------------------------------------------------------------


def find_discussion(request: HttpRequest, uid: str) -> Discussion:
    """A discussion this person reads, with its place, or 404; and whether it has polls, and
    whether anything grew out of it."""
    where = _where(uid).raw
    if not where:
        raise Http404
    within = next(name for name, key in zip(PLACES, where[0], strict=True) if key is not None)
    if not request.user.is_authenticated:
        found = _open_to_all(within)(uid).rows()
        if not found:
            raise Http404
        return found[0]
    drafts = Draft.objects.filter(user=request.user, key=f"reply:{uid}")
    seen = _with_place(request.user, within).annotate(has_draft=Exists(drafts))
    return get_object_or_404(seen, uid=uid)


#: In which place a discussion is: asked first, for it makes the second question much shorter.
_where: Prepared[Any] = Prepared(
    lambda uid: Discussion.objects.filter(uid=uid).order_by().values_list(*PLACES), str
)


def _with_place(user: User | AnonymousUser, within: str) -> QuerySet[Discussion]:
    seen = Discussion.objects.visible_to(user, within=within)
    return seen.select_related(fetched_with(within)).annotate(
        has_polls=Exists(Poll.objects.filter(discussion=OuterRef("pk"))),
        has_grown=Exists(Outgrowth.objects.filter(discussion=OuterRef("pk"))),
    )


@cache
def _open_to_all(within: str) -> Prepared[Discussion]:
    return Prepared(lambda uid: _with_place(AnonymousUser(), within).filter(uid=uid), str)


def find_post(request: HttpRequest, uid: str) -> Post:
    """A post this person may read at least the place of, or 404."""
    row = get_object_or_404(Post.objects.only("uid", "discussion_id"), uid=uid)
    seen = Discussion.objects.visible_to(request.user).select_related(*FETCHED)
    discussion = get_object_or_404(seen, pk=row.discussion_id)
    moderates = request.user.has_perm("community.moderate", discussion)
    found = get_object_or_404(posts_of(discussion, request.user, moderates=moderates), pk=row.pk)
    found.discussion = discussion
    return found


def own_post(request: HttpRequest, uid: str) -> Post:
    """A post of one's own: 404 if it is not seen, 403 if somebody else wrote it."""
    found = find_post(request, uid)
    if not request.user.has_perm("community.own_post", found):
        raise PermissionDenied
    return found


def _number(value: str | None) -> int:
    """A number of a post as an address gives it; what is none counts as nought."""
    text = value or ""
    return min(int(text), LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def typed(request: HttpRequest, name: str = "body") -> str:
    """What was typed in a rich field, as HTML, whatever is wrong with it."""
    text = request.POST.get(name, "")[:MAX_TYPED].replace("\x00", "")
    if request.POST.get(f"{name}-format") == "html":
        return clean(text)
    return from_text(text.encode("utf-8", "ignore").decode())


def _put_by(request: HttpRequest, key: str) -> None:
    """Keep in the session what somebody typed whose own session had ended, until they are back."""
    request.session[PUT_BY] = {
        "key": key,
        "title": request.POST.get("title", "").replace("\x00", "")[:160],
        "body": typed(request)[:MOST_PUT_BY],
    }


def _put_by_for(request: HttpRequest, key: str) -> dict[str, str]:
    """What was put by for this form, if anything was."""
    kept: dict[str, str] = request.session.get(PUT_BY) or {}
    return kept if kept.get("key") == key else {}


def _forget_put_by(request: HttpRequest) -> None:
    request.session.pop(PUT_BY, None)


# --- Reading -----------------------------------------------------------------------------------


@require_safe
def discussion(request: HttpRequest, uid: str) -> HttpResponse:
    """A page of the posts. Of a merged discussion the one it went into."""
    found = find_discussion(request, uid)
    if found.state == DiscussionState.MERGED:
        return _to_the_other(request, found)
    return _thread_page(request, found)


def _to_the_other(request: HttpRequest, found: Discussion) -> HttpResponse:
    """For ever to where it went, if this person reads what is there."""
    while found.merged_into_id is not None:
        seen = Discussion.objects.visible_to(request.user)
        found = get_object_or_404(seen, pk=found.merged_into_id)
    return HttpResponsePermanentRedirect(found.get_absolute_url())


def _thread_page(
    request: HttpRequest,
    found: Discussion,
    *,
    form: ReplyForm | None = None,
    answered: Post | None = None,
    preview: str | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    user, query = request.user, request.GET
    is_member = not has_to_join(request)
    silenced = silenced_by(user)
    may_write = is_member and silenced is None and found.takes_posts()
    after, before = _number(query.get("after")), _number(query.get("before"))
    is_long = "all" in query
    if at := _number(query.get("at")):
        after, before = place_in(at, PER_LONG_PAGE if is_long else PER_PAGE), 0
    if "last" in query or form is not None:
        after, before = 0, LARGEST
    thread = Thread.of(
        found, user, after=after, before=before, is_member=is_member, may_write=may_write,
        moderates=user.has_perm("community.moderate", found), is_long=is_long,
    )  # fmt: skip
    draft = None
    if user.is_authenticated and (status != 200 or getattr(found, "has_draft", False)):
        draft = Draft.objects.filter(user=user, key=f"reply:{found.uid}").first()
    if may_write and form is None:
        answered = _answered(found, query.get("reply", ""))
        put_by = _put_by_for(request, f"reply:{found.uid}")
        form = _reply_form(answered, draft.body if draft else put_by.get("body", ""))
    new, first_new = thread.unread()
    context = {
        "discussion": found,
        "crumbs": crumbs_of(found),
        "kind": KINDS[found.place_name].label,
        "place_name": name_of(found.place),
        "thread": thread,
        "new": new,
        "first_new": thread.link_to(first_new),
        "form": form if may_write else None,
        "answered": answered,
        "quoted": form is not None and "quote" in form.fields,
        "draft": draft,
        "preview": rich(preview) if preview else "",
        "refused": refused,
        "silenced": silenced,
        "is_member": is_member,
        "open": found.takes_posts(),
        "attention": thread.reading.attention if thread.reading else Attention.NORMAL,
        "back": f"{found.get_absolute_url()}?last",
        "stay": _stay(after, before, is_long=is_long),
        "long": "all&" if is_long else "",
    }
    return render(request, "community/discussions/discussion.html", context, status=status)


def _stay(after: int, before: int, *, is_long: bool) -> str:
    """What keeps a link on this page of the discussion."""
    long = "all&" if is_long else ""
    if before == LARGEST:
        return f"{long}last&"
    return long + (f"before={before}&" if before else f"after={after}&" if after else "")


def _answered(found: Discussion, uid: str) -> Post | None:
    """The post of this discussion somebody answers, if others can read it; else none."""
    if not uid:
        return None
    return Post.objects.shown().filter(uid=uid, discussion=found).first()


def _reply_form(answered: Post | None, body: str) -> ReplyForm:
    initial: dict[str, Any] = {"body": body}
    if answered is not None:
        words = " ".join(plain(answered.body).split())
        initial |= {"reply_to": answered.uid, "quote": Truncator(words).chars(EXCERPT)}
    return ReplyForm(initial=initial, quotes=answered is not None)


@require_safe
def post(request: HttpRequest, uid: str) -> HttpResponse:
    """A post's own address: to the page of its discussion it stands on now."""
    return redirect(address_of(find_post(request, uid)))


# --- Writing -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: HttpRequest, uid: str) -> HttpResponse:
    """Answer, look at the answer first, or keep it for later.

    Whoever had to sign in or join first comes back with GET, and finds the form.
    """
    found = find_discussion(request, uid)
    here = found.get_absolute_url()
    if request.method != "POST":
        return redirect(f"{here}?last#reply")
    user, key = request.user, f"reply:{found.uid}"
    if not user.is_authenticated:
        _put_by(request, key)
        return redirect_to_login(f"{here}?last")
    action = request.POST.get("action", "")
    if action == "draft":
        discussing.keep_draft(by=user, key=key, body=typed(request))
        messages.info(request, _("Your text is kept. Only you see it."))
        return redirect(f"{here}?last#reply")
    if has_to_join(request):
        discussing.keep_draft(by=user, key=key, body=typed(request))
        return to_join(f"{here}?last")
    answered = _answered(found, request.POST.get("reply_to", ""))
    form = ReplyForm(request.POST, quotes="quote" in request.POST)
    if silenced_by(user) is not None:
        discussing.keep_draft(by=user, key=key, body=typed(request))
        return _thread_page(request, found, form=form, status=403)
    if not form.is_valid():
        return _thread_page(request, found, form=form, answered=answered, status=UNPROCESSABLE)
    told = form.cleaned_data
    if action == "preview":
        return _thread_page(request, found, form=form, answered=answered, preview=told["body"])
    try:
        written = discussing.write_post(
            found, by=user, body=told["body"], form_key=told["form_key"], reply_to=answered,
            quote=told.get("quote", ""), noticed=form.noticed(),
        )  # fmt: skip
    except DomainError as refusal:
        discussing.keep_draft(by=user, key=key, body=told["body"])
        form.add_error(None, str(refusal))
        return _thread_page(
            request, find_discussion(request, uid), form=form, answered=answered,
            refused=str(refusal), status=UNPROCESSABLE,
        )  # fmt: skip
    except ValidationError as refusal:
        _add_errors(form, refusal)
        return _thread_page(request, found, form=form, answered=answered, status=UNPROCESSABLE)
    _forget_put_by(request)
    if written.state == PostState.HELD:
        messages.info(request, _("A moderator reads your post before others do. You see it below."))
    return redirect(address_of(written))


def _add_errors(form: Form, refusal: ValidationError) -> None:
    """Each refusal at its field, or above them all where the form has no such field."""
    for name, told in refusal.message_dict.items():
        form.add_error(name if name in form.fields else None, told)


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, place: str, key: str) -> HttpResponse:
    """Begin a discussion about something."""
    user = request.user
    record = find_place(place, key, user)
    here = reverse("community:discussion-new", args=[place, key_of(record)])
    draft_key = f"new:{place}:{record.pk}"
    if not user.is_authenticated:
        if request.method == "POST":
            _put_by(request, draft_key)
        return redirect_to_login(here)
    keeps = request.method == "POST" and request.POST.get("action") == "draft"
    if request.method == "POST" and (keeps or has_to_join(request)):
        _keep_topic(request, draft_key)
    if keeps:
        messages.info(request, _("Your text is kept. Only you see it."))
        return redirect(here)
    if has_to_join(request):
        return to_join(here)
    if is_outside(user, record):
        raise PermissionDenied
    if place == "article":
        there = Discussion.objects.visible_to(user).exclude(state=DiscussionState.MERGED)
        if (one := there.filter(article=record).first()) is not None:
            return redirect(f"{one.get_absolute_url()}?last#reply")
    return _begin_page(request, place, record, here=here, draft_key=draft_key)


def _begin_page(
    request: HttpRequest, place: str, record: Any, *, here: str, draft_key: str
) -> HttpResponse:
    user, data = request.user, request.POST if request.method == "POST" else None
    silenced, is_open = silenced_by(user), takes_discussions(record)
    draft = Draft.objects.filter(user=user, key=draft_key).first()
    initial = (
        {"title": draft.title, "body": draft.body} if draft else _put_by_for(request, draft_key)
    )
    form = TopicForm(data, initial=initial)
    status, preview = 200, ""
    if data is not None:
        status = UNPROCESSABLE
        if silenced is not None or not is_open:
            _keep_topic(request, draft_key)
            status = 403 if silenced else UNPROCESSABLE
        elif form.is_valid() and data.get("action") == "preview":
            preview, status = rich(form.cleaned_data["body"]), 200
        elif form.is_valid() and (found := _begun(request, form, record, draft_key)):
            return redirect(found)
    kind = KINDS[place]
    context = {
        "kind": kind.label,
        "place": record,
        "place_name": name_of(record),
        "crumbs": [
            str(kind.section_label), reverse(kind.section),
            name_of(record), record.get_absolute_url(),
        ],
        "here": here,
        "form": form,
        "preview": preview,
        "draft": draft,
        "draft_key": draft_key,
        "silenced": silenced,
        "open": is_open,
    }  # fmt: skip
    return render(request, "community/discussions/begin.html", context, status=status)


def _begun(request: HttpRequest, form: TopicForm, record: Any, draft_key: str) -> Discussion | None:
    """The new discussion; if it was refused, the form says why and the text is kept."""
    try:
        found = discussing.begin_discussion(
            by=request.user, place=record, noticed=form.noticed(), **form.cleaned_data
        )
    except DomainError as refusal:
        _keep_topic(request, draft_key)
        form.add_error(None, str(refusal))
    except ValidationError as refusal:
        _add_errors(form, refusal)
    else:
        discussing.keep_draft(by=request.user, key=draft_key)
        _forget_put_by(request)
        return found
    return None


def _keep_topic(request: HttpRequest, key: str) -> None:
    title = request.POST.get("title", "").replace("\x00", "").strip()
    discussing.keep_draft(by=request.user, key=key, title=title, body=typed(request))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_edit(request: HttpRequest, uid: str) -> HttpResponse:
    """Change one's own post. Was it changed elsewhere meanwhile, both texts are shown."""
    found, user = own_post(request, uid), request.user
    key = f"edit:{found.uid}"
    draft = Draft.objects.filter(user=user, key=key).first()
    silenced = silenced_by(user)
    may_change = (
        silenced is None
        and user.has_perm("community.take_part")
        and found.state in {PostState.SHOWN, PostState.HELD}
        and found.discussion.takes_posts()
    )
    initial = {"body": draft.body if draft else found.body, "base": found.revision}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=initial)
    preview, stale, status = "", False, 200
    if request.method == "POST":
        status = UNPROCESSABLE
        action = request.POST.get("action")
        if action == "draft" or not may_change:
            discussing.keep_draft(by=user, key=key, body=typed(request))
            status = 403
        if action == "draft":
            messages.info(request, _("Your text is kept. Only you see it."))
            return redirect("community:post-edit", uid=found.uid)
        if may_change and form.is_valid():
            told = form.cleaned_data
            if action == "preview":
                preview, status = rich(told["body"]), 200
            else:
                try:
                    changed = discussing.change_post(found, by=user, **told)
                except DomainError as refusal:
                    discussing.keep_draft(by=user, key=key, body=told["body"])
                    stale = refusal.code == "stale"
                    found = own_post(request, uid)
                    if stale:
                        # Saving again means it: the form is made from what stands there now.
                        again = request.POST.copy()
                        again["base"] = str(found.revision)
                        form = ChangeForm(again)
                        form.is_valid()
                    form.add_error(None, str(refusal))
                except ValidationError as refusal:
                    _add_errors(form, refusal)
                else:
                    if changed.state == PostState.HELD:
                        messages.info(
                            request, _("A moderator reads your change before others see the post.")
                        )
                    return redirect(address_of(changed, found.discussion))
    context = {
        "post": found,
        "discussion": found.discussion,
        "crumbs": crumbs_of(found.discussion),
        "form": form if may_change else None,
        "draft": draft,
        "draft_key": key,
        "kept": typed(request) if request.method == "POST" and not may_change else "",
        "silenced": silenced,
        "preview": preview,
        "stale": stale,
        "present": body_html(found) if stale else "",
        "pieces": pieces_of(plain(found.body), plain(typed(request))) if stale else (),
    }
    return render(request, "community/discussions/edit.html", context, status=status)


@require_safe
def post_history(request: HttpRequest, uid: str) -> HttpResponse:
    """What a post said before, the latest change first, for everybody who reads the post."""
    found = find_post(request, uid)
    user = request.user
    if not found.text_for(user, moderates=user.has_perm("community.moderate", found.discussion)):
        raise Http404
    page = Paginator(found.revisions.order_by("-number"), VERSIONS).get_page(
        request.GET.get("page")
    )
    later = found.body
    if page.number > 1:
        later = found.revisions.get(number=page.object_list[0].number + 1).body
    changes = []
    for row in page:
        changes.append((row, pieces_of(plain(row.body), plain(later))))
        later = row.body
    context = {
        "post": found,
        "discussion": found.discussion,
        "crumbs": crumbs_of(found.discussion),
        "html": body_html(found, addresses_in(found)),
        "changes": changes,
        "page_obj": page,
        "post_url": address_of(found),
    }
    return render(request, "community/discussions/history.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    """Take one's own post back. Asked once; its place stays."""
    found = own_post(request, uid)
    if request.method == "POST":
        try:
            discussing.move_post(found, "withdraw_post", by=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Your post is withdrawn."))
        seen = Discussion.objects.visible_to(request.user).filter(pk=found.discussion_id)
        return redirect(address_of(found) if seen.exists() else found.discussion.place)
    context = {
        "post": found,
        "discussion": found.discussion,
        "crumbs": crumbs_of(found.discussion),
        "html": body_html(found),
        "post_url": address_of(found),
    }
    return render(request, "community/discussions/withdraw.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def post_useful(request: HttpRequest, uid: str) -> HttpResponse:
    """Say that a post is useful, or take it back. With GET nothing happens, as after signing in."""
    found = find_post(request, uid)
    back = address_of(found)
    if request.method != "POST":
        return redirect(back)
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("community:post", args=[uid]))
    if has_to_join(request):
        return to_join(reverse("community:post", args=[uid]))
    try:
        discussing.mark_useful(
            found, by=request.user, useful=request.POST.get("useful", "yes") != "no"
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(back)


# --- Where a reader stands ---------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attention(request: HttpRequest, uid: str) -> HttpResponse:
    """Follow a discussion, mute it, or neither."""
    found = find_discussion(request, uid)
    if request.method == "POST":
        wanted = request.POST.get("attention", "")
        if wanted not in Attention.values:
            return HttpResponse(status=400)
        discussing.pay_attention(found, by=request.user, attention=wanted)
        if request.POST.get("back") == "mine":
            return redirect("community:my-discussions")
    return redirect(found)


@require_POST
def read(request: HttpRequest, uid: str) -> HttpResponse:
    """Remember how far somebody has read: the page's script says so, or a button."""
    found = find_discussion(request, uid)
    if not request.user.is_authenticated:
        return redirect_to_login(found.get_absolute_url())
    discussing.read_up_to(found, by=request.user, number=_number(request.POST.get("number")))
    if request.headers.get("Accept", "").startswith("application/json"):
        return HttpResponse(status=204)
    return redirect(f"{found.get_absolute_url()}?last")
