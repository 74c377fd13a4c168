"""Two hubs become one: nothing is lost, addresses lead on, and nobody is judged otherwise."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessment.models import Assessment, Framework, RoadStep
from catalogue import criteria, criteria_operations
from catalogue.models import CriteriaSet, PageDraft, Solution, Submission
from claims.models import Reference
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from events.models import CommitmentOwner, Party
from hubs import operations, revisions
from hubs.models import (
    Hub,
    HubClaim,
    HubInvitation,
    HubRevision,
    Lesson,
    LessonHub,
    Membership,
    Sector,
)
from hubs.operations import merging
from hubs.signals import hubs_merged, hubs_merging
from tests.community.factories import make_article, make_chapter, make_lab
from tests.events.factories import contribute, make_commitment, make_event, make_person
from tests.factories import (
    complete_snapshot,
    make_hub,
    make_member,
    make_solution,
    make_user,
    published,
    reference,
    submitted,
)
from tests.validation.factories import opened_case

pytestmark = pytest.mark.django_db

Role = Membership.Role
NOTE = "They are the same agency."
OWN = {
    "code": "H1",
    "name": "Water law",
    "question": "Does it keep the law on water?",
    "evidence_required": "A permit.",
    "anchors": {n: f"Meaning of {n}." for n in criteria.SCORES},
    "minimum": 2,
}


def moderator(**more: Any) -> Any:
    return make_user(is_staff=True, **more)


def source(key: str = "a-report") -> Reference:
    return Reference.objects.get_or_create(
        key=key, defaults={"title": key, "citation": f"Report {key}"}
    )[0]


def state(hub: Hub, topic: str, text: str, **more: Any) -> HubClaim:
    more.setdefault("reference", source())
    return HubClaim.objects.create(hub=hub, topic=topic, text=text, **more)


def invite(hub: Hub, email: str, role: str = Role.MEMBER) -> HubInvitation:
    return HubInvitation.objects.create(
        hub=hub, email=email, role=role, expires_at=timezone.now() + dt.timedelta(days=30)
    )


def lesson(number: int = 1) -> Lesson:
    return Lesson.objects.create(
        kind="national", number=number, title="Begin small", text="…", reference=source()
    )


def merge(gone: Hub, kept: Hub, by: Any = None) -> Hub:
    return operations.merge_hubs(gone, into=kept, by=by or moderator(), note=NOTE)


@pytest.fixture
def pair() -> tuple[Hub, Hub]:
    """The hub that goes, and the one that stays."""
    reference()
    gone = make_hub(slug="old", name="Old agency", acronym="OA", summary="Shares wells.")
    return gone, make_hub(slug="new", name="New agency", acronym="NA")


# --- Nothing is lost -----------------------------------------------------------------------


def something_of_everything(gone: Hub, kept: Hub) -> None:
    """One row at least in every relation that leads to the hub that goes."""
    person = make_member(gone, Role.EDITOR)
    gone.sectors.add("water")
    state(gone, "staff", "Ten.", low=10, high=10)
    invite(gone, "asked@test.example")
    LessonHub.objects.create(lesson=lesson(), hub=gone, text="It began small.")
    operations.change_profile(gone, by=moderator(), values={"summary": "Shares rain."})
    make_solution(person, hub=gone)
    focal = make_member(gone, Role.FOCAL_POINT)
    criteria_operations.draft_additions(gone, by=focal)
    framework = Framework.objects.create(version="0.1")
    Assessment.objects.create(hub=gone, framework=framework)
    other = Assessment.objects.create(hub=make_hub(), framework=framework)
    other.shared_with.add(gone)
    RoadStep.objects.create(hub=gone, text="Hire somebody.")
    event = make_event(hub=gone)
    event.hubs_shown.add(gone)
    Party.objects.create(event=event, name="Old agency", role="host", hub=gone)
    contribute(make_person(), event, hub=gone)
    CommitmentOwner.objects.create(commitment=make_commitment(event), name="Old agency", hub=gone)
    make_chapter(lead="Old agency", lead_hub=gone)
    make_lab(hub=gone)
    make_article().hubs.add(gone)
    merge(make_hub(name="Older agency"), gone)


#: What stays with the hub that goes: what it once said of itself, and by which it was judged.
STAYS = {"hubs.HubRevision"}


def rows(hubs: list[Hub]) -> dict[str, Counter[int]]:
    """How many rows of each relation each hub has."""
    return {
        relation.related_model._meta.label: Counter(
            relation.related_model._base_manager.filter(
                **{f"{relation.field.name}__in": hubs}
            ).values_list(relation.field.attname, flat=True)
        )
        for relation in merging.related()
    }


def test_every_row_that_led_to_the_hub_that_goes_leads_to_the_one_that_stays(pair):
    gone, kept = pair
    something_of_everything(gone, kept)
    before = rows([gone, kept])
    for name, counts in before.items():
        assert counts[gone.pk], f"{name} leads to hubs: say what merging does with it"

    merge(gone, kept)

    after = rows([gone, kept])
    # The names of the hub that goes, both as statements.
    before["hubs.HubClaim"][kept.pk] += 2
    # The hub that goes is now one that became part of the other.
    before["hubs.Hub"][kept.pk] += 1
    for name in before.keys() - STAYS:
        assert after[name][gone.pk] == 0, name
        assert after[name][kept.pk] == before[name][gone.pk] + before[name][kept.pk], name
    for name in STAYS:
        assert after[name][gone.pk] == before[name][gone.pk] + 1, name
        assert after[name][kept.pk] == before[name][kept.pk] + 1, name


def test_both_hubs_keep_a_revision_and_an_entry_in_the_audit(pair):
    gone, kept = pair
    claim = state(gone, "staff", "Ten.", low=10, high=10)
    operations.change_profile(gone, by=moderator(), values={"summary": "Shares rain."})
    by = moderator()

    merge(gone, kept, by=by)

    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.merged_into, gone.is_listed) == (kept, False)
    earlier, last = HubRevision.objects.filter(hub=gone).order_by("number")
    assert claim.uid in earlier.document["claims"]
    assert last.document["claims"] == {}
    assert (last.note, last.by) == (NOTE, by)
    revision = kept.revisions.get()
    assert claim.uid in revision.document["claims"]
    assert revision.document == revisions.document_of(kept)
    for hub in pair:
        entry = AuditEntry.of(hub).get(verb="merge")
        assert (entry.note, entry.actor) == (NOTE, by)
        assert entry.verb_in_words == "Became one hub"


def test_two_hubs_of_one_name_leave_their_traces_too(pair):
    gone, kept = pair
    Hub.objects.filter(pk=gone.pk).update(name=kept.name, acronym=kept.acronym)

    merge(gone, kept)

    assert not kept.claims.exists()
    assert AuditEntry.of(kept).filter(verb="merge").exists()


# --- Refusals ------------------------------------------------------------------------------


def code_of(call: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call()
    return str(refusal.value.code)


def test_who_is_not_a_portal_moderator_merges_nothing(pair):
    gone, kept = pair
    focal = make_member(gone, Role.FOCAL_POINT)
    Membership.objects.create(hub=kept, user=focal, role=Role.FOCAL_POINT)

    with pytest.raises(PermissionDenied):
        merge(gone, kept, by=focal)


def test_a_hub_is_not_merged_with_itself_twice_or_in_a_chain_nor_without_reason(pair):
    gone, kept = pair
    third = make_hub()

    assert code_of(lambda: merge(gone, gone)) == "self"
    assert (
        code_of(lambda: operations.merge_hubs(gone, into=kept, by=moderator(), note=" "))
        == "reason"
    )
    merge(gone, kept)
    assert code_of(lambda: merge(gone, third)) == "merged"
    assert code_of(lambda: merge(third, gone)) == "merged"


def test_hubs_that_became_part_earlier_lead_to_the_one_that_stays_at_last(pair):
    gone, kept = pair
    oldest = make_hub()
    merge(oldest, gone)

    merge(gone, kept)

    assert Hub.objects.get(pk=oldest.pk).merged_into == kept


def test_a_receiver_that_fails_undoes_everything(pair):
    gone, kept = pair
    state(gone, "staff", "Ten.")

    def fail(**_: Any) -> None:
        raise DomainError("Not now.", code="test")

    hubs_merging.connect(fail)
    try:
        assert code_of(lambda: merge(gone, kept)) == "test"
    finally:
        hubs_merging.disconnect(fail)
    assert Hub.objects.get(pk=gone.pk).merged_into is None
    assert gone.claims.count() == 1
    assert not HubRevision.objects.exists()


def test_apps_above_hear_before_and_after(pair):
    gone, kept = pair
    heard: list[tuple[str, bool]] = []

    def before(gone: Hub, **_: Any) -> None:
        heard.append(("before", Hub.objects.get(pk=gone.pk).merged_into_id is None))

    def after(gone: Hub, **_: Any) -> None:
        heard.append(("after", Hub.objects.get(pk=gone.pk).merged_into_id == kept.pk))

    hubs_merging.connect(before)
    hubs_merged.connect(after)
    try:
        merge(gone, kept)
    finally:
        hubs_merging.disconnect(before)
        hubs_merged.disconnect(after)
    assert heard == [("before", True), ("after", True)]


# --- People --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        (Role.FOCAL_POINT, Role.MEMBER, Role.FOCAL_POINT),
        (Role.MEMBER, Role.EDITOR, Role.EDITOR),
        (Role.EDITOR, Role.EDITOR, Role.EDITOR),
    ],
)
def test_a_person_in_both_teams_keeps_the_higher_role_and_stays_shown(pair, old, new, result):
    gone, kept = pair
    person = make_member(gone, old)
    Membership.objects.filter(user=person).update(is_shown=True)
    Membership.objects.create(hub=kept, user=person, role=new)

    merge(gone, kept)

    membership = Membership.objects.get(user=person)
    assert (membership.hub, membership.role, membership.is_shown) == (kept, result, True)


def test_open_invitations_go_over_unless_the_person_is_asked_or_there_already(pair):
    gone, kept = pair
    alone = invite(gone, "alone@test.example")
    twice = invite(gone, "twice@test.example", Role.FOCAL_POINT)
    twin = invite(kept, "twice@test.example", Role.EDITOR)
    member = make_member(kept)
    there = invite(gone, member.email)

    merge(gone, kept)

    for row in (alone, twice, twin, there):
        row.refresh_from_db()
        assert row.hub == kept
    assert [row.state for row in (alone, twice, twin, there)] == [
        "asked",
        "withdrawn",
        "asked",
        "withdrawn",
    ]
    assert twin.role == Role.FOCAL_POINT


# --- Statements and columns ----------------------------------------------------------------


def test_statements_of_both_stand_side_by_side_and_what_the_hub_prefers_stays(pair):
    gone, kept = pair
    mine = state(kept, "founded", "Begun in 2001.", starts="2001", is_preferred=True, position=3)
    theirs = state(gone, "founded", "Begun in 1999.", starts="1999", is_preferred=True)
    alone = state(gone, "staff", "Ten.", low=10, high=10, is_preferred=True, position=2)

    merge(gone, kept)

    founding = kept.claims.filter(topic="founded").order_by("position")
    assert [(claim.pk, claim.is_preferred) for claim in founding] == [
        (mine.pk, True),
        (theirs.pk, False),
    ]
    assert kept.claims.get(pk=alone.pk).is_preferred
    assert Hub.objects.get(pk=kept.pk).founded == 2001
    assert list(kept.claims.order_by("position").values_list("position", flat=True)) == [
        3, 4, 5, 6, 7,
    ]  # fmt: skip


def test_the_names_of_the_hub_that_goes_become_other_names_by_their_sources(pair):
    gone, kept = pair
    said = state(gone, "name", "Old agency", reference=source("law"), is_preferred=True)
    state(kept, "name", "New agency")

    merge(gone, kept)

    assert [claim.text for claim in kept.claims.filter(topic="name")] == ["New agency"]
    names = {claim.text: claim for claim in kept.claims.filter(topic="other_name")}
    assert names.keys() == {"Old agency", "OA"}
    assert names["Old agency"].pk == said.pk
    assert names["Old agency"].reference.key == "law"
    assert names["OA"].reference.key == "own:old"
    assert {"Old agency", "OA", "New agency"} <= Hub.objects.get(pk=kept.pk).institutions()


def test_lists_are_united_and_the_website_is_kept(pair):
    gone, kept = pair
    head = {"role": "head", "name": "A", "email": "a@test.example", "phone": "", "url": ""}
    media = {**head, "role": "media"}
    for hub, functions, contacts, site in (
        (gone, ["train", "fund"], [head, media], "https://old.test.example"),
        (kept, ["fund", "broker"], [head], ""),
    ):
        Hub.objects.filter(pk=hub.pk).update(
            functions=functions, contacts=contacts, website=site, languages=["en"]
        )
    gone.sectors.add("water", "health")
    kept.sectors.add("health")

    merge(gone, kept)

    kept.refresh_from_db()
    assert kept.functions == ["fund", "broker", "train"]
    assert kept.contacts == [head, media]
    assert kept.languages == ["en"]
    assert kept.website == "https://old.test.example"
    assert set(kept.sectors.values_list("pk", flat=True)) == {"water", "health"}
    assert set(Sector.objects.filter(hubs=gone)) == set()


def test_a_lesson_both_show_is_shown_once_in_the_words_of_both(pair):
    gone, kept = pair
    shared, long = lesson(1), lesson(2)
    LessonHub.objects.create(lesson=shared, hub=gone, text="Old words.")
    LessonHub.objects.create(lesson=shared, hub=kept, text="New words.")
    LessonHub.objects.create(lesson=long, hub=gone, text="x" * 200)
    LessonHub.objects.create(lesson=long, hub=kept, text="y" * 200)

    merge(gone, kept)

    assert LessonHub.objects.get(lesson=shared).text == "New words. Old words."
    assert LessonHub.objects.get(lesson=long).text == "y" * 200
    kept_in_audit = AuditEntry.of(kept).get(verb="merge").data["lessons"]
    assert kept_in_audit == [{"lesson": long.pk, "text": "x" * 200}]


# --- Finding -------------------------------------------------------------------------------


def hubs_found() -> set[str]:
    return set(SearchDocument.objects.filter(kind="hub").values_list("title", flat=True))


def test_only_the_hub_that_stays_is_found_by_either_name(pair, client: Client):
    gone, kept = pair
    by = moderator()
    for hub in pair:
        operations.change_profile(hub, by=by, values={"summary": "Shares wells with others."})
    assert hubs_found() == {"Old agency", "New agency"}

    merge(gone, kept)

    assert hubs_found() == {"New agency"}
    assert "Old agency" in SearchDocument.objects.get(kind="hub").summary


def test_its_records_are_found_under_the_hub_that_stays(pair, client: Client):
    gone, kept = pair
    mine = published(complete_snapshot(hub=kept, title="Mine"))
    theirs = published(complete_snapshot(hub=gone, title="Theirs"))
    content = theirs.public_version.content

    merge(gone, kept)

    theirs = Solution.objects.get(pk=theirs.pk)
    assert theirs.hub == kept
    assert theirs.public_version.content == content, "what was published stays as it was"
    for slug in ("old", "new"):
        page = client.get(reverse("catalogue:solutions"), {"hub": slug})
        found = {card.title for card in page.context["list"].cards}
        assert found == {"Mine", "Theirs"}
    for solution, other in ((mine, "Theirs"), (theirs, "Mine")):
        page = client.get(Solution.objects.get(pk=solution.pk).get_absolute_url())
        assert other in page.content.decode()


def test_unsaved_text_names_the_hub_that_stays(pair):
    gone, kept = pair
    solution = make_solution(hub=gone)
    for page, hub in (("basics", gone), ("other", make_hub())):
        PageDraft.objects.create(
            solution=solution,
            user=solution.owner,
            page=page,
            data={"hub": [str(hub.pk)]},
            base_revision=0,
        )

    merge(gone, kept)

    data = dict(PageDraft.objects.values_list("page", "data"))
    assert data["basics"] == {"hub": [str(kept.pk)]}
    assert data["other"] != {"hub": [str(kept.pk)]}


# --- Criteria ------------------------------------------------------------------------------


def additions_in_force(hub: Hub, **more: Any) -> CriteriaSet:
    focal = make_member(hub, Role.FOCAL_POINT)
    draft = criteria_operations.draft_additions(hub, by=focal)
    wanted = {"criteria": [{**OWN, **more}]}
    criteria_operations.save_additions(draft, by=focal, additions=wanted, seen=draft.content_hash)
    criteria_operations.put_in_force(draft, by=focal, note="We add it.")
    return CriteriaSet.objects.get(pk=draft.pk)


def test_what_was_submitted_keeps_its_criteria_and_the_next_takes_those_of_the_hub(pair):
    gone, kept = pair
    theirs, mine = additions_in_force(gone), additions_in_force(kept, name="Rain law")
    waiting = submitted(complete_snapshot(hub=gone))
    case = opened_case(hub=gone)
    judged_by = case.criteria_set
    draft = complete_snapshot(hub=gone)

    merge(gone, kept)

    assert Submission.objects.get(pk=waiting.pk).criteria_set == theirs
    case.refresh_from_db()
    assert case.criteria_set == judged_by == theirs
    assert submitted(Solution.objects.get(pk=draft.pk)).criteria_set == mine
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert (theirs.hub, theirs.state) == (gone, "retired")
    assert theirs.retired_at is not None
    assert (mine.hub, mine.state) == (kept, "in_force")
    entry = AuditEntry.of(theirs).get(verb="end_with_hub")
    assert entry.verb_in_words == "Ended with its hub"


def test_drafts_of_criteria_go_over_under_free_codes_and_numbers(pair):
    gone, kept = pair
    additions_in_force(kept, name="Rain law")
    additions_in_force(gone)
    focal = make_member(gone, Role.FOCAL_POINT)
    draft = criteria_operations.draft_additions(gone, by=focal)
    assert draft.version == "1.0-2"

    merge(gone, kept)

    draft = CriteriaSet.objects.get(pk=draft.pk)
    assert (draft.hub, draft.version, draft.state) == (kept, "1.0-2", "draft")
    assert [row["code"] for row in draft.additions["criteria"]] == ["H2"]
    assert draft.content["hub"] == "new"
    assert draft.content_hash == criteria.fingerprint(draft.content)
    assert criteria_operations.problems_of(draft) == []


def test_addresses_of_criteria_lead_on_and_published_editions_stay(pair, client: Client):
    gone, kept = pair
    edition = additions_in_force(gone)
    address, data = edition.get_absolute_url(), edition.get_json_url()

    merge(gone, kept)

    assert client.get(address).status_code == 200
    assert client.get(data).json()["content"] == edition.content
    of_hub = reverse("catalogue:criteria-of", args=["old"])
    assert client.get(of_hub).headers["Location"] == reverse("catalogue:criteria")
    additions_in_force(kept, name="Rain law")
    assert client.get(of_hub).headers["Location"] == reverse("catalogue:criteria-of", args=["new"])
    assert client.get(reverse("catalogue:criteria-of", args=["none"])).status_code == 404


def test_a_new_common_edition_is_not_laid_on_a_hub_that_is_gone(pair):
    gone, kept = pair
    additions_in_force(gone)
    merge(gone, kept)
    admin = make_user(is_superuser=True, is_staff=True)
    common = criteria.in_force()
    draft = criteria_operations.draft_set(common, by=admin, version="1.1")

    criteria_operations.put_in_force(draft, by=admin, note="Next.")

    assert not CriteriaSet.objects.in_force().filter(hub=gone).exists()


# --- Judging -------------------------------------------------------------------------------


def test_whoever_is_of_the_other_hub_may_not_judge_its_records_any_more(pair):
    from tests.validation.factories import case_in_review

    gone, kept = pair
    case = case_in_review()
    Solution.objects.filter(pk=case.solution_id).update(hub=gone)
    of_kept, by_name = case.seats.select_related("user").order_by("pk")[:2]
    Membership.objects.create(hub=kept, user=of_kept.user, role=Role.EDITOR)
    profile = by_name.user.profile
    profile.organisation = "New agency"
    profile.save()

    merge(gone, kept)

    of_kept.refresh_from_db()
    by_name.refresh_from_db()
    assert of_kept.state == by_name.state == "released"


# --- Looking first -------------------------------------------------------------------------


def test_the_preview_counts_what_moves_and_names_what_collides(pair):
    gone, kept = pair
    person = make_member(gone)
    Membership.objects.create(hub=kept, user=person, role=Role.EDITOR)
    make_member(gone)
    for hub in pair:
        state(hub, "founded", "Begun.", starts="2001")
        state(hub, "share_fees", "60%.", low=60, high=60)
        state(hub, "share_core", "30%.", low=30, high=30)
    additions_in_force(gone)
    additions_in_force(kept)
    make_solution(hub=gone)

    expected = merging.preview(gone, kept)

    assert expected.counts["hubs.membership"] == 3
    assert expected.counts["hubs.hubclaim"] == 3
    assert expected.counts["catalogue.solution"] == 1
    assert expected.counts["catalogue.criteriaset"] == 0
    text = " ".join(expected.notes)
    assert "1 person is in both teams" in text
    assert "Founded" in text
    assert "1 published edition of criteria stays" in text
    assert "under these codes: H1" in text
    assert Hub.objects.get(pk=gone.pk).merged_into is None, "looking changes nothing"
