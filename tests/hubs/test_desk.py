"""Hubs and their sources at the moderators' desk."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from claims.disagreements import disagreements
from claims.models import Contradiction, Reference, kinds
from core.models import AuditEntry
from hubs import operations
from hubs.models import Hub, HubClaim, HubRevision, Lesson, LessonHub, Membership
from tests.desk import desk_client
from tests.factories import make_hub, make_member, make_user, reference
from tests.hubs.test_merging import merge, state

pytestmark = pytest.mark.django_db

Role = Membership.Role
LIST = "/desk/hubs/hub/"
DISAGREE = "/desk/claims/contradiction/disagreements/"


@pytest.fixture
def hub() -> Hub:
    reference()
    return make_hub(slug="fund", name="Fund for Wells", acronym="FW", summary="Shares wells.")


@pytest.fixture
def moderator() -> Any:
    return make_user(is_staff=True)


def address(hub: Hub, page: str = "change") -> str:
    return f"{LIST}{hub.pk}/{page}/"


def posted(desk: Client, page: str) -> dict[str, Any]:
    """The form as the page gives it, ready to be sent."""
    form = desk.get(page).context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if bound.name == "sectors":
            value = [getattr(row, "pk", row) for row in value or []]
        if value in (None, False):
            continue
        data[bound.html_name] = "on" if value is True else value
    return data


def errors(page: Any) -> dict[str, list[str]]:
    return page.context["adminform"].form.errors


# --- The record ----------------------------------------------------------------------------


def test_a_hub_begins_with_a_source_for_its_names(hub, moderator):
    desk = desk_client(moderator)
    data = {
        "name": "Rain agency",
        "acronym": "RA",
        "kind": "national",
        "slug": "rain",
        "functions": ["train", "fund"],
        "is_listed": "on",
        "sectors": ["water"],
        "source_title": "Law on rain",
        "source_url": "https://laws.test.example/rain",
        "place": "article 1",
    }

    assert desk.post(f"{LIST}add/", {**data, "source_title": ""}).status_code == 200
    assert not Hub.objects.filter(slug="rain").exists()
    assert desk.post(f"{LIST}add/", data).status_code == 302

    made = Hub.objects.get(slug="rain")
    assert made.functions == ["train", "fund"]
    assert [sector.pk for sector in made.sectors.all()] == ["water"]
    assert [
        (claim.topic, claim.text, claim.place, claim.reference.citation)
        for claim in made.claims.select_related("reference")
    ] == [
        ("name", "Rain agency", "article 1", "Law on rain"),
        ("acronym", "RA", "article 1", "Law on rain"),
    ]
    assert made.revisions.get().by == moderator
    assert AuditEntry.of(made).get(verb="add").actor == moderator


@pytest.mark.parametrize("slug", ["compare", "lessons", "contradictions", "invitations", "common"])
def test_the_address_of_another_page_is_refused_at_the_field(hub, moderator, slug):
    desk = desk_client(moderator)
    data = {"name": "Other", "kind": "national", "slug": slug, "source_title": "A law"}

    page = desk.post(f"{LIST}add/", data)

    assert page.status_code == 200
    assert "is the address of another page" in str(errors(page)["slug"])
    assert page.context["adminform"].form["name"].value() == "Other"
    changed = desk.post(address(hub), {**posted(desk, address(hub)), "slug": slug})
    assert "is the address of another page" in str(errors(changed)["slug"])
    assert not Hub.objects.filter(slug=slug).exists()


def test_every_page_beside_the_hubs_has_a_reserved_address():
    from hubs import checking
    from hubs.urls import urlpatterns

    names = {str(entry.pattern).partition("/")[0] for entry in urlpatterns}
    pages = {name for name in names if re.fullmatch(r"[\w-]+", name)}
    assert pages <= checking.RESERVED


def test_a_change_is_a_revision_with_its_reason(hub, moderator):
    desk = desk_client(moderator)
    data = posted(desk, address(hub))

    assert desk.post(address(hub), {**data, "summary": "Drills.", "note": "New law."}).status_code

    hub.refresh_from_db()
    assert hub.summary == "Drills."
    revision = hub.revisions.get()
    assert (revision.note, revision.by) == ("New law.", moderator)
    entry = AuditEntry.of(hub).get(verb="change")
    assert (entry.note, entry.verb_in_words) == ("New law.", "Profile changed")


def test_what_somebody_else_changed_is_not_overwritten_but_shown(hub, moderator):
    operations.change_profile(hub, by=moderator, values={"website": "https://a.test.example"})
    desk = desk_client(moderator)
    data = posted(desk, address(hub))
    operations.change_profile(hub, by=moderator, values={"summary": "Theirs."})

    page = desk.post(address(hub), {**data, "summary": "Mine."})

    form = page.context["adminform"].form
    assert "Somebody else changed this" in page.content.decode()
    assert form.errors["summary"] == ["It says now: Theirs."]
    assert form["summary"].value() == "Mine."
    assert Hub.objects.get(pk=hub.pk).summary == "Theirs."
    again = {**data, "summary": "Mine.", "base": form["base"].value()}
    assert desk.post(address(hub), again).status_code == 302
    assert Hub.objects.get(pk=hub.pk).summary == "Mine."


def test_an_editor_changes_the_own_hub_but_neither_its_address_nor_its_place(hub):
    editor = make_member(hub, Role.EDITOR)
    desk = desk_client(editor)
    data = posted(desk, address(hub))
    assert {"slug", "is_listed"}.isdisjoint(data)

    desk.post(address(hub), {**data, "summary": "Drills.", "slug": "mine", "is_listed": ""})

    hub.refresh_from_db()
    assert (hub.summary, hub.slug, hub.is_listed) == ("Drills.", "fund", True)
    assert desk.get(f"{LIST}add/").status_code == 403
    other = make_hub()
    for page in ("change", "members", "merge", "history"):
        assert desk.get(address(other, page)).status_code in {302, 403}, page
    assert [row.pk for row in desk.get(LIST).context["cl"].result_list] == [hub.pk]


def test_statements_are_read_with_their_sources_and_changed_in_the_team_space(hub, moderator):
    claim = state(hub, "founded", "Begun in 2001.", starts="2001", place="page 3")

    text = desk_client(moderator).get(address(hub)).content.decode()

    assert "Begun in 2001." in text
    assert "Report a-report, page 3" in text
    assert reverse("hubs:team:statement", args=[hub.slug, claim.uid]) in text
    assert reverse("hubs:team:overview", args=[hub.slug]) in text
    assert address(hub, "merge") in text


def test_a_hub_is_found_by_any_name_a_source_gives(hub, moderator):
    state(hub, "other_name", "Fonds des puits")
    make_hub(name="Another")
    desk = desk_client(moderator)

    for words in ("puits", "well fund", "FW"):
        found = desk.get(LIST, {"q": words}).context["cl"].result_list
        assert [row.pk for row in found] == [hub.pk], words


# --- Merging -------------------------------------------------------------------------------


def test_merging_is_previewed_confirmed_by_name_and_done(hub, moderator):
    kept = make_hub(name="Ministry of Water", slug="ministry")
    make_member(hub)
    desk = desk_client(moderator)
    page = address(hub, "merge")

    assert "No other hub" in desk.get(page, {"q": "nothing like it"}).content.decode()
    found = desk.get(page, {"q": "ministry"}).content.decode()
    assert f"?into={kept.pk}" in found
    looked = desk.get(page, {"into": kept.pk})
    assert ("Memberships", 1) in looked.context["counts"]
    for data in ({"name": "Fund", "reason": "One."}, {"name": "Fund for Wells", "reason": " "}):
        refused = desk.post(f"{page}?into={kept.pk}", data)
        assert refused.status_code == 200
        assert refused.context["form"]["name"].value() == data["name"]
        assert Hub.objects.get(pk=hub.pk).merged_into is None
    done = desk.post(f"{page}?into={kept.pk}", {"name": "Fund for Wells", "reason": "One law."})

    assert done.headers["Location"] == address(kept)
    assert Hub.objects.get(pk=hub.pk).merged_into == kept
    assert desk.get(address(hub)).status_code == 302
    assert address(hub, "former") in desk.get(address(kept)).content.decode()


@pytest.mark.parametrize("into", ["self", "gone", "9999999999999999999999", "²", "x"])
def test_a_hub_that_cannot_stay_is_not_offered(hub, moderator, into):
    gone, kept = make_hub(), make_hub()
    merge(gone, kept)
    chosen = {"self": hub.pk, "gone": gone.pk}.get(into, into)

    page = desk_client(moderator).get(address(hub, "merge"), {"into": chosen})

    assert "kept" not in page.context


def test_only_portal_moderators_merge_and_read_what_a_hub_was(hub, moderator):
    kept = make_hub()
    focal = make_member(hub, Role.FOCAL_POINT)
    Membership.objects.create(hub=kept, user=focal, role=Role.FOCAL_POINT)
    desk = desk_client(focal)
    data = {"name": hub.name, "reason": "One law."}

    assert desk.get(address(hub, "merge")).status_code == 403
    assert desk.post(f"{address(hub, 'merge')}?into={kept.pk}", data).status_code == 403
    merge(hub, kept)
    assert desk.get(address(hub, "former")).status_code == 403


def test_revisions_of_a_hub_that_went_stay_readable(hub, moderator):
    state(hub, "founded", "Begun in 2001.", starts="2001")
    operations.change_profile(hub, by=moderator, values={"summary": "Drills."})
    merge(hub, make_hub())
    desk = desk_client(moderator)

    text = desk.get(address(hub, "former")).content.decode()
    assert "Begun in 2001." in text
    assert "Report a-report" in text
    assert (
        "Nothing was stated" in desk.get(address(hub, "former"), {"revision": "2"}).content.decode()
    )
    assert desk.get(address(make_hub(), "former")).status_code == 404


# --- Sources -------------------------------------------------------------------------------


def test_sources_are_found_with_how_often_they_are_cited(hub, moderator):
    first, second = state(hub, "staff", "Ten."), state(hub, "method", "So.")
    Lesson.objects.create(kind="national", number=1, title="L", text="…", reference=first.reference)
    lonely = Reference.objects.create(key="lonely", title="Lonely", citation="Lonely")
    desk = desk_client(moderator)
    url = "/desk/claims/reference/"

    rows = {row.pk: row.times_cited for row in desk.get(url).context["cl"].result_list}

    assert rows == {first.reference_id: 3, lonely.pk: 0}
    assert second.reference_id == first.reference_id
    found = desk.get(url, {"q": "Lonely"}).context["cl"].result_list
    assert [row.pk for row in found] == [lonely.pk]


def test_a_citation_is_corrected_wherever_it_is_cited(hub, moderator):
    claim = state(hub, "staff", "Ten.")
    desk = desk_client(moderator)
    page = f"/desk/claims/reference/{claim.reference_id}/change/"
    data = posted(desk, page)

    assert desk.post(page, {**data, "citation": "A. Author, Report"}).status_code == 302

    claim.reference.refresh_from_db()
    assert (claim.reference.citation, claim.reference.key) == ("A. Author, Report", "a-report")
    entry = AuditEntry.of(claim.reference).get(verb="change-reference")
    assert entry.data["before"] == {"citation": "Report a-report"}
    assert entry.verb_in_words == "Source changed"


def test_a_source_is_deleted_only_if_nothing_ever_rested_on_it(hub, moderator):
    claim = state(hub, "staff", "Ten.")
    lonely = Reference.objects.create(key="lonely", title="Lonely", citation="Lonely")
    desk = desk_client(moderator)

    def delete(row: Reference) -> str:
        return desk.post(f"/desk/claims/reference/{row.pk}/delete/", follow=True).content.decode()

    assert desk.get(f"/desk/claims/reference/{lonely.pk}/delete/").status_code == 200
    assert Reference.objects.filter(pk=lonely.pk).exists(), "looking changes nothing"
    assert "Statements or lessons rest on this source" in delete(claim.reference)
    operations.change_profile(hub, by=moderator, values={"summary": "Drills."})
    operations.remove_claim(claim, by=moderator, note="Not right.")
    assert "Earlier revisions of a profile rest on this source" in delete(claim.reference)
    assert "The source is deleted" in delete(lonely)
    assert [row.key for row in Reference.objects.all()] == ["a-report"]
    assert AuditEntry.objects.filter(verb="delete-reference").count() == 1
    operations.restore(HubRevision.objects.get(hub=hub, number=1), by=moderator, note="It was.")
    assert hub.claims.get().text == "Ten."


def test_focal_points_do_not_see_sources_or_lessons(hub):
    desk = desk_client(make_member(hub, Role.FOCAL_POINT))

    for page in ("claims/reference/", "hubs/lesson/"):
        assert desk.get(f"/desk/{page}").status_code == 403


def test_portal_moderators_read_lessons_and_administrators_change_them(hub, moderator):
    source = state(hub, "staff", "Ten.").reference
    lesson = Lesson.objects.create(
        kind="national", number=1, title="Begin small", text="…", reference=source
    )
    LessonHub.objects.create(lesson=lesson, hub=hub, text="It did.")
    page = f"/desk/hubs/lesson/{lesson.pk}/change/"

    reads = desk_client(moderator).get(page)
    changes = desk_client(make_user(is_staff=True, is_superuser=True)).get(page)

    assert "It did." in reads.content.decode()
    assert not reads.context["has_change_permission"]
    assert changes.context["has_change_permission"]


# --- Where sources disagree ----------------------------------------------------------------


def in_conflict(hub: Hub) -> list[HubClaim]:
    return [
        state(hub, "founded", "In 2001.", starts="2001"),
        state(hub, "founded", "In 1999.", starts="1999"),
    ]


def test_answers_that_do_not_fit_and_marked_statements_are_listed(hub, moderator):
    claims = in_conflict(hub)
    agree = [
        state(hub, "staff", "35 at least.", low=35, unit="people"),
        state(hub, "staff", "39.", low=39, high=39, unit="people"),
    ]
    marked = state(hub, "method", "By phone.", conflict="Elsewhere by letter.")
    key = Contradiction.objects.create(key="x1", what="Two names", kind="names", sources="A; B")
    spelt = state(hub, "spelling", "Fund of Wells", contradiction=key)
    other = make_hub(name="Another hub")
    state(other, "founded", "In 2001.", starts="2001")

    found = disagreements(moderator)

    assert {claim.pk for item in found for claim in item.group.all} == {
        *(claim.pk for claim in claims), marked.pk, spelt.pk,
    }  # fmt: skip
    assert {claim.pk for claim in agree}.isdisjoint(
        claim.pk for item in found for claim in item.group.all
    )
    text = desk_client(moderator).get(DISAGREE).content.decode()
    for claim in (*claims, marked, spelt):
        assert claim.get_edit_url() in text
        assert claim.get_absolute_url() in text
    assert "Elsewhere by letter." in text
    assert "Two names" in text
    assert "35 at least." not in text


def test_people_of_a_hub_see_only_what_disagrees_about_theirs(hub):
    in_conflict(hub)
    foreign = make_hub(name="Another hub")
    in_conflict(foreign)

    page = desk_client(make_member(hub, Role.EDITOR)).get(DISAGREE)

    assert [item.record for item in page.context["found"]] == [hub]
    assert desk_client(make_member(hub)).get(DISAGREE).status_code in {302, 403}


def test_the_list_takes_as_many_queries_however_many_hubs_there_are(hub, moderator):
    counts = []
    for number in (1, 30):
        for _one in range(number):
            in_conflict(make_hub())
        with CaptureQueriesContext(connection) as queries:
            found = disagreements(moderator)
        counts.append((len(queries), len(found)))

    # Of each kind of statement, those that answer one question, and those marked; the hubs.
    asked = 2 * len(kinds()) + 1
    assert counts == [(asked, 1), (asked, 31)]


def test_every_model_of_hubs_and_claims_at_the_desk_deletes_nothing_by_itself(moderator):
    """What goes, goes by an operation."""
    desk_client(moderator)
    for model, model_admin in site._registry.items():
        if model._meta.app_label in {"hubs", "claims"} and model is not Reference:
            request = type("Request", (), {"user": moderator})()
            assert not model_admin.has_delete_permission(request), model
