"""Joining, short names, what members decide about themselves, and leaving."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Audience, User
from accounts.operations import close_account, everything_about, set_active, update_profile
from community import finding, handles
from community.choices import Trust
from community.models import (
    ChapterMember,
    Departure,
    DirectoryEntry,
    Draft,
    FormerHandle,
    Member,
    Post,
    member_of,
)
from community.models.members import forget_member, likeness
from community.operations import joining
from community.operations import membership as keeping
from community.people import seen_as
from core.models import AuditEntry
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.desk import desk_client
from tests.factories import make_user, reference
from tests.people import browser

pytestmark = pytest.mark.django_db

JOIN = "/community/join/"


def joined(name: str = "", *, handle: str, is_listed: bool = False, **more: Any) -> User:
    user = make_user(name, **more)
    joining.join(by=user, handle=handle, is_listed=is_listed)
    return user


def refused(call: Any) -> tuple[str, str]:
    """At which field, and by which code."""
    with pytest.raises(ValidationError) as caught:
        call()
    ((field, (error, *_more)),) = caught.value.error_dict.items()
    return field, error.code or ""


def save(user: User, **values: Any) -> None:
    member = Member.objects.get(user=user)
    given = {
        "handle": member.handle,
        "is_listed": member.is_listed,
        "shows_recognition": member.shows_recognition,
    }
    keeping.change_membership(by=user, **(given | values))


# --- Short names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handle", "code"),
    [
        ("ana", "taken"),
        ("ANA", "taken"),
        ("@ana", "taken"),
        ("a-na", "alike"),
        ("a--na", "alike"),
        ("\u0430na", "shape"),
        ("an\u0430", "shape"),
        ("a\u0301na", "shape"),
        ("\uff41na", "shape"),
        ("an", "shape"),
        ("1ana", "shape"),
        ("ana\n", "taken"),
        ("ana b", "shape"),
        ("a" * 31, "shape"),
        ("a" * 10_000, "shape"),
        ("admin", "kept"),
        ("adm1n", ""),
        ("admin-2", "kept"),
        ("the-portal", "kept"),
        ("p0rtal", "kept"),
        ("rnoderator", "kept"),
        ("all", "kept"),
        ("a11", "kept"),
        ("staff7", "kept"),
        ("members", "kept"),
        ("administrative", ""),
        ("annika", ""),
    ],
)
def test_which_short_names_can_be_had(handle: str, code: str) -> None:
    joined(handle="ana")
    user = make_user()

    if code:
        assert refused(lambda: joining.join(by=user, handle=handle)) == ("handle", code)
        assert member_of(user) is None
    else:
        assert joining.join(by=user, handle=handle).handle == handle


@pytest.mark.parametrize(
    ("first", "second"), [("bram", "brarn"), ("wim", "vvim"), ("olga", "0lga"), ("lila", "li1a")]
)
def test_names_read_for_each_other_are_one(first: str, second: str) -> None:
    assert likeness(first) == likeness(second)


def test_the_database_refuses_look_alikes_by_itself() -> None:
    make_member(handle="ana-b")

    with pytest.raises(ValidationError):
        Member(user=make_user(), handle="anab").full_clean()


@pytest.mark.parametrize(
    ("name", "audience", "suggestion"),
    [
        ("Ana Belén Ruiz", Audience.PUBLIC, "ana-belen-ruiz"),
        ("Ana Belén Ruiz", Audience.MEMBERS, ""),
        ("Ana Belén Ruiz", Audience.NOBODY, ""),
        ("محمد علي", Audience.PUBLIC, ""),
        ("Admin", Audience.PUBLIC, "admin"),
        ("a" + "\u0301" * 149, Audience.PUBLIC, ""),
    ],
)
def test_a_name_is_suggested_only_where_everybody_may_see_it(
    name: str, audience: str, suggestion: str
) -> None:
    user = make_user(name)
    user.profile.name_audience = audience
    user.profile.save()

    found = handles.suggested(user)

    if suggestion and suggestion != "admin":
        assert found == suggestion
    else:
        assert found.startswith("member-")


def test_a_suggestion_is_one_that_can_be_had() -> None:
    joined(handle="ana-ruiz")
    user = make_user("Ana Ruiz")
    user.profile.name_audience = Audience.PUBLIC

    assert handles.suggested(user) == "ana-ruiz-2"


# --- Joining -------------------------------------------------------------------------------------


def test_joining_leads_on_to_what_one_came_for() -> None:
    user = make_user()
    client = browser(user)
    theirs = "/community/members/?sort=newest"

    page = client.get(JOIN, {"next": theirs})
    answer = client.post(
        JOIN, {"handle": "Ana-B", "is_listed": "on", "agrees": "on", "next": theirs}
    )

    assert "sort=newest" in page.content.decode()
    assert (answer.status_code, answer["Location"]) == (302, theirs)
    member = Member.objects.get(user=user)
    assert (member.handle, member.is_listed, member.conduct_version) == ("ana-b", True, 1)
    assert AuditEntry.of(user).filter(verb="join_community").count() == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "\t//evil.example",
        "/" + "a" * 600,
    ],
)
def test_joining_leads_to_no_other_site(elsewhere: str) -> None:
    client = browser(make_user())

    answer = client.post(JOIN, {"handle": "ana-b", "agrees": "on", "next": elsewhere})

    assert answer["Location"] == reverse("community:home")


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost() -> None:
    client = browser(make_user())

    answer = client.post(JOIN, {"handle": "portal", "next": "/community/"})

    page = answer.content.decode()
    assert Member.objects.count() == 0
    assert "This short name is kept for the portal. Choose another." in page
    assert "Members agree to the code of conduct." in page
    assert 'value="portal"' in page
    assert 'name="next" value="/community/"' in page


def test_joining_twice_is_once() -> None:
    user = joined(handle="ana")

    again = joining.join(by=user, handle="other")

    assert again.handle == "ana"
    assert browser(user).get(JOIN)["Location"] == reverse("community:member", args=["ana"])


def test_strangers_sign_in_first_and_suspended_people_join_nothing() -> None:
    assert browser().get(JOIN)["Location"].startswith("/accounts/")
    user = make_user(is_active=False)
    with pytest.raises(PermissionDenied):
        joining.join(by=user, handle="ana")


def test_a_new_version_of_the_code_is_put_to_members(monkeypatch: pytest.MonkeyPatch) -> None:
    user = joined(handle="ana")
    monkeypatch.setattr("community.operations.joining.VERSION", 2)
    monkeypatch.setattr("community.views.members.VERSION", 2)
    monkeypatch.setattr("community.models.members.VERSION", 2, raising=False)
    client = browser(user)

    page = client.get(JOIN, {"next": "/community/"})
    refusal = client.post(JOIN, {"next": "/community/"})
    answer = client.post(JOIN, {"agrees": "on", "next": "/community/"})

    assert "The code of conduct has changed" in page.content.decode()
    assert "Members agree to the code of conduct." in refusal.content.decode()
    assert answer["Location"] == "/community/"
    assert Member.objects.get(user=user).conduct_version == 2


def test_everybody_reads_the_code_of_conduct() -> None:
    page = browser().get("/community/conduct/").content.decode()

    assert "Disagree with ideas, respect people" in page


# --- One's own membership ------------------------------------------------------------------------


def test_an_old_short_name_leads_to_its_member_and_nobody_else_has_it() -> None:
    user, other = joined(handle="ana"), make_user()

    save(user, handle="ana-ruiz")

    client = browser()
    assert client.get("/community/members/ana/")["Location"] == "/community/members/ana-ruiz/"
    assert client.get("/community/members/ANA/")["Location"] == "/community/members/ana-ruiz/"
    assert client.get("/community/members/Ana-Ruiz/")["Location"] == "/community/members/ana-ruiz/"
    assert refused(lambda: joining.join(by=other, handle="a-na")) == ("handle", "former")


def test_an_old_short_name_is_free_after_a_year_and_leads_to_whoever_has_it_then() -> None:
    user = joined(handle="ana")
    save(user, handle="ana-ruiz")
    FormerHandle.objects.update(given_up_at=timezone.now() - dt.timedelta(days=366))

    joined(handle="ana")

    assert browser().get("/community/members/ana/").status_code == 200
    assert not FormerHandle.objects.exists()


def test_one_may_go_back_to_a_name_of_ones_own() -> None:
    user = joined(handle="ana")
    save(user, handle="bea")

    save(user, handle="ana")

    assert Member.objects.get(user=user).handle == "ana"
    assert list(FormerHandle.objects.values_list("handle", flat=True)) == ["bea"]


def test_a_short_name_is_changed_three_times_and_no_more() -> None:
    user = joined(handle="ana")
    for handle in ("bea", "cleo", "dora"):
        save(user, handle=handle)

    assert refused(lambda: save(user, handle="elsa"))[0] == "handle"
    page = browser(user).post("/community/membership/", {"handle": "elsa"}).content.decode()

    assert "You changed your short name three times within half a year." in page
    assert Member.objects.get(user=user).handle == "dora"


def test_the_page_of_ones_membership_saves_everything_at_once() -> None:
    user = joined(handle="ana", is_listed=True)
    client = browser(user)

    answer = client.post("/community/membership/", {"handle": "Bea", "is_listed": "on"})

    assert answer["Location"] == "/community/membership/"
    member = Member.objects.get(user=user)
    assert (member.handle, member.is_listed, member.shows_recognition) == ("bea", True, False)


@pytest.mark.parametrize("name", ["membership", "membership-leave"])
def test_who_is_no_member_joins_first(name: str) -> None:
    url = reverse(f"community:{name}")

    assert browser(make_user()).get(url)["Location"] == f"{JOIN}?next={quote(url, safe='')}"
    assert browser().get(url)["Location"].startswith("/accounts/")


# --- Leaving -------------------------------------------------------------------------------------


def at_home(user: User) -> None:
    """Somebody with a post, a chapter, a draft."""
    Member.objects.filter(user=user).update(trust=Trust.KNOWN)
    forget_member(user)
    discussion = make_discussion(by=user)
    make_post(discussion)
    ChapterMember.objects.create(chapter=make_chapter(), user=user)
    Draft.objects.create(user=user, key="new:theme:1", body="Half a thought")


def test_who_leaves_takes_everything_along_but_what_others_answered() -> None:
    user = joined("Ana Ruiz", handle="ana", is_listed=True)
    at_home(user)

    answer = browser(user).post("/community/membership/leave/", {"sure": "on"})

    user = User.objects.get(pk=user.pk)
    post = Post.objects.get(author=user)
    assert answer["Location"] == reverse("community:home")
    assert member_of(user) is None
    assert not ChapterMember.objects.exists()
    assert not Draft.objects.exists()
    assert not DirectoryEntry.objects.exists()
    assert seen_as(post.author, make_user()).name == "Former member"
    assert browser().get("/community/members/ana/").status_code == 404
    assert refused(lambda: joining.join(by=make_user(), handle="ana")) == ("handle", "former")


def test_leaving_needs_a_yes_and_is_done_once() -> None:
    user = joined(handle="ana")

    page = browser(user).post("/community/membership/leave/").content.decode()
    assert "Tick this if you want to leave." in page
    keeping.leave(by=user)
    keeping.leave(by=user)

    assert AuditEntry.of(user).filter(verb="leave_community").count() == 1


def test_who_joins_again_is_new_and_named_again() -> None:
    user = make_member(make_user("Ana Ruiz"), handle="ana")
    keeping.leave(by=user)
    forget_member(user)

    joining.join(by=user, handle="ruiz")

    user = User.objects.get(pk=user.pk)
    assert not Departure.objects.exists()
    assert (user.member.trust, seen_as(user, make_user()).name) == ("new", "Ana Ruiz")


def test_a_closed_account_takes_the_membership_along() -> None:
    user = joined("Ana Ruiz", handle="ana", is_listed=True)
    at_home(user)

    close_account(by=user, user=user)

    user = User.objects.get(pk=user.pk)
    former = FormerHandle.objects.get()
    assert not Member.objects.filter(user=user).exists()
    assert not DirectoryEntry.objects.exists()
    assert (former.handle, former.member) == ("ana", None)
    assert seen_as(Post.objects.get(author=user).author, make_user()).name == "Former member"
    assert not AuditEntry.objects.filter(target_label__contains="ana").exists()
    assert finding.astray() == ([], 0)


def test_the_file_of_ones_data_holds_all_of_it() -> None:
    user = joined(handle="ana")
    save(user, handle="bea")
    at_home(user)

    kept = everything_about(user)

    (membership,) = kept["community_membership"]
    assert membership["short_name"] == "bea"
    assert [row["short_name"] for row in membership["former_short_names"]] == ["ana"]
    assert [row["text"] for row in kept["community_drafts"]] == ["Half a thought"]
    assert len(kept["community_posts"]) == 1
    assert len(kept["community_chapters"]) == 1
    assert {name for name in kept if name.startswith("community_")} >= {
        f"community_{name}"
        for name in ("ballots", "flags", "marks", "reading", "trials", "conduct", "earlier_texts")
    }


# --- At the desk ---------------------------------------------------------------------------------


def test_moderators_look_members_up_and_change_nothing() -> None:
    user = joined("Ana Ruiz", handle="ana")
    save(user, handle="bea")
    staff = desk_client(make_user(is_staff=True))

    found = staff.get("/desk/community/member/", {"q": "ana"}).content.decode()
    url = f"/desk/community/member/{user.member.pk}/change/"
    page = staff.get(url)

    assert "@bea" in found
    assert page.status_code == 200
    assert 'name="handle"' not in page.content.decode()
    assert staff.post(url, {"handle": "x"}).status_code == 403
    assert staff.get(f"/desk/community/member/{user.member.pk}/history/").status_code == 200


# --- The check -----------------------------------------------------------------------------------


def test_the_check_finds_what_is_astray_and_mends_it(capsys: pytest.CaptureFixture[str]) -> None:
    reference()
    user = joined("Ana Ruiz", handle="ana", is_listed=True)
    User.objects.filter(pk=user.pk).update(name="Bea Ruiz")
    assert finding.astray()[0] == [user.pk]

    call_command("check_directory", "--mend")

    assert finding.astray() == ([], 0)
    assert DirectoryEntry.objects.get(audience="members").name_sort == "bea ruiz"
    assert "Repaired: 1 members, 0 counts." in capsys.readouterr().out


def test_people_kept_out_or_let_in_leave_the_directory_and_come_back() -> None:
    user, staff = joined(handle="ana", is_listed=True), make_user(is_staff=True)

    set_active(by=staff, user=user, active=False, note="Looks stolen.")
    assert not DirectoryEntry.objects.exists()
    set_active(by=staff, user=User.objects.get(pk=user.pk), active=True, note="Was not.")

    assert DirectoryEntry.objects.filter(audience="members").count() == 1
    assert finding.astray() == ([], 0)


def test_a_changed_profile_changes_the_directory_in_its_transaction() -> None:
    user = joined("Ana Ruiz", handle="ana", is_listed=True)

    update_profile(
        by=user,
        profile=user.profile,
        name="Ana Ruiz",
        values={"organisation": "Institute of Wells"},
        languages=[],
        audiences={"name": "public", "organisation": "public"},
    )

    words = DirectoryEntry.objects.get(audience="public").words
    assert set(words.values_list("word", flat=True)) == {"ana", "ruiz", "institute", "of", "wells"}
    assert finding.astray() == ([], 0)


WRITES = {
    "reply": lambda here: reverse("community:post-reply", args=[here.uid]),
    "discussion": lambda here: reverse("community:discussion-new", args=["theme", here.theme.slug]),
    "article": lambda _here: reverse("community:article-new"),
    "flag": lambda here: reverse("community:flag", args=["post", here.posts.get().uid]),
    "mark": lambda here: reverse("community:post-useful", args=[here.posts.get().uid]),
}


@pytest.mark.parametrize("page", WRITES)
def test_a_new_code_of_conduct_is_put_to_members_before_they_write_and_nothing_is_lost(
    page: str,
) -> None:
    discussion, member = make_discussion(open_theme()), make_member()
    Member.objects.filter(user=member).update(conduct_version=0)
    person = browser(member)

    answer = person.post(WRITES[page](discussion), {"body": "<p>What we saw.</p>", "title": "T"})

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{reverse('community:join')}?next=")
    assert Post.objects.filter(author=member).count() == 0
    if page in {"reply", "discussion"}:
        assert "What we saw." in Draft.objects.get(user=member).body
    person.post(answer["Location"], {"agrees": "on"})
    assert User.objects.get(pk=member.pk).has_perm("community.take_part")


def test_a_member_of_an_earlier_code_reads_is_told_and_is_refused_below_the_pages() -> None:
    discussion, member = make_discussion(open_theme()), make_member()
    Member.objects.filter(user=member).update(conduct_version=0)

    page = browser(member).get(discussion.get_absolute_url())

    assert "The code of conduct has changed." in page.content.decode()
    assert 'name="body"' not in page.content.decode()
    with pytest.raises(PermissionDenied):
        make_post(discussion, by=User.objects.get(pk=member.pk))
