"""Writing, submitting, team and files as operations: atomic, repeatable, guarded."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from catalogue import operations, writing
from catalogue.choices import Form, LinkState, Publication, SubmissionState, Validation
from catalogue.content import document_of
from catalogue.models import (
    BuildingBlock,
    Contributor,
    EditLock,
    Evidence,
    Invitation,
    PageDraft,
    Solution,
    StoredFile,
    Submission,
    Version,
)
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Membership
from tests.factories import (
    complete_full,
    complete_snapshot,
    make_hub,
    make_member,
    make_solution,
    make_user,
    published,
    reference,
    submitted,
)

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def opened(solution: Solution, *names: str) -> dict[str, str]:
    """The fingerprints a page carries when it is opened now."""
    return writing.marks(writing.values_of(Solution.objects.get(pk=solution.pk), names))


def save(solution: Solution, by, since: dict[str, str], **answers) -> set[str]:
    fresh = Solution.objects.get(pk=solution.pk)
    return operations.save_answers(fresh, by=by, page="name", answers=answers, opened=since)


# --- Beginning ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_form_sent_twice_begins_one_draft():
    reference()
    user, key = make_user(), uuid.uuid4()
    one = operations.start_solution(by=user, form_key=key, form=Form.FULL)
    two = operations.start_solution(by=user, form_key=key)
    assert one == two
    assert (one.form, one.owner, one.publication) == (Form.FULL, user, Publication.PRIVATE)
    assert [(row.user, row.role) for row in one.contributors.all()] == [(user, "author")]
    assert [entry.verb for entry in AuditEntry.of(one)] == ["start"]


@pytest.mark.django_db
def test_another_persons_key_is_another_draft():
    reference()
    key = uuid.uuid4()
    drafts = {operations.start_solution(by=make_user(), form_key=key).pk for _i in range(2)}
    assert len(drafts) == 2


# --- Frozen versions ---------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"content": {"title": "other"}},
        {"private_content": {}},
        {"content_hash": "0"},
        {"number": 9},
        {"form": "full"},
    ],
)
def test_the_database_refuses_to_change_a_frozen_version(change):
    version = submitted(complete_snapshot()).version
    with pytest.raises(IntegrityError, match=r"never changed"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(**change)
    untouched = Version.objects.get(pk=version.pk)
    assert untouched.content == version.content
    assert untouched.content_hash == version.content_hash


@pytest.mark.django_db
def test_a_frozen_version_cannot_move_to_another_record():
    version = submitted(complete_snapshot()).version
    with pytest.raises(IntegrityError, match=r"never changed"), transaction.atomic():
        Version.objects.filter(pk=version.pk).update(solution=make_solution())


@pytest.mark.django_db
def test_publication_of_a_frozen_version_may_be_noted():
    version = submitted(complete_snapshot()).version
    now = timezone.now()
    assert Version.objects.filter(pk=version.pk).update(published_at=now, created_by=None) == 1


# --- Answers -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_saving_writes_what_changed_and_counts_one_revision():
    solution = make_solution(title="Old")
    since = opened(solution, "title", "summary", "sectors")
    operations.keep_page(solution, by=solution.owner, page="name", data={"title": ["New"]}, base=1)
    changed = save(solution, solution.owner, since, title="New", summary="", sectors=["water"])
    solution = Solution.objects.get(pk=solution.pk)
    assert changed == {"title", "sectors"}
    assert (solution.title, solution.revision) == ("New", 2)
    assert list(solution.sectors.values_list("pk", flat=True)) == ["water"]
    assert not PageDraft.objects.exists()


@pytest.mark.django_db
def test_saving_what_is_there_already_writes_nothing():
    solution = make_solution(title="Same")
    assert save(solution, solution.owner, opened(solution, "title"), title="Same") == set()
    assert Solution.objects.get(pk=solution.pk).revision == 1


@pytest.mark.django_db
def test_two_people_may_save_different_answers_of_one_page():
    solution = make_solution(title="T", summary="S")
    other = make_user()
    Contributor.objects.create(solution=solution, user=other, name="O", role="author")
    since = opened(solution, "title", "summary")
    save(solution, solution.owner, since, title="Mine", summary="S")
    save(solution, other, since, title="T", summary="Theirs")
    solution = Solution.objects.get(pk=solution.pk)
    assert (solution.title, solution.summary, solution.revision) == ("Mine", "Theirs", 3)


@pytest.mark.django_db
def test_the_same_answer_changed_by_two_is_refused_whole_and_named():
    solution = make_solution(title="T", summary="S")
    since = opened(solution, "title", "summary")
    save(solution, solution.owner, since, title="First", summary="S")
    with pytest.raises(DomainError) as refusal:
        save(solution, solution.owner, since, title="Second", summary="Also")
    solution = Solution.objects.get(pk=solution.pk)
    assert (refusal.value.code, list(refusal.value.fields)) == ("stale", ["title"])
    assert (solution.title, solution.summary) == ("First", "S")


@pytest.mark.django_db
def test_two_who_write_the_same_do_not_disagree():
    solution = make_solution(title="T")
    since = opened(solution, "title")
    save(solution, solution.owner, since, title="Both")
    assert save(solution, solution.owner, since, title="Both") == set()


@pytest.mark.django_db
def test_without_fingerprints_nothing_of_others_is_overwritten():
    solution = make_solution(title="T")
    with pytest.raises(DomainError) as refusal:
        save(solution, solution.owner, {}, title="Forged")
    assert refusal.value.code == "stale"


@pytest.mark.django_db
def test_strangers_save_nothing():
    solution = make_solution(title="T")
    stranger = make_user()
    since = opened(solution, "title")
    for call in (
        lambda: save(solution, stranger, since, title="X"),
        lambda: operations.keep_page(solution, by=stranger, page="name", data={}, base=1),
        lambda: operations.take_lock(solution, by=stranger, over=True),
        lambda: operations.choose_form(solution, by=stranger, form=Form.FULL),
        lambda: operations.submit_solution(solution, by=stranger, form=Form.SNAPSHOT),
        lambda: operations.invite(solution, by=stranger, email="a@b.test", role="author"),
        lambda: operations.save_translation(
            solution, by=stranger, language="fr", texts={}, quality="human", opened={}
        ),
        lambda: operations.drop_translation(solution, by=stranger, language="fr"),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert Solution.objects.get(pk=solution.pk).title == "T"
    assert not PageDraft.objects.exists()


def row(**columns) -> dict:
    return {
        "id": None,
        "title": "",
        "purpose": "",
        "enabling": "",
        "lessons": "",
        "role": "",
    } | columns


@pytest.mark.django_db
def test_rows_are_changed_made_ordered_and_taken_out():
    solution = complete_full()
    first, second = solution.blocks.all()
    since = opened(solution, "blocks")
    rows = [
        row(title="New", role="core"),
        row(id=second.pk, title="Second, changed", purpose="p", role="adaptable"),
    ]
    save(solution, solution.owner, since, blocks=rows)
    assert list(solution.blocks.values_list("title", "position")) == [
        ("New", 0),
        ("Second, changed", 1),
    ]
    assert BuildingBlock.objects.filter(pk=second.pk).exists()
    assert not BuildingBlock.objects.filter(pk=first.pk).exists()


@pytest.mark.django_db
def test_an_id_of_another_record_changes_nothing_there():
    foreign = complete_full().blocks.first()
    solution = make_solution()
    since = opened(solution, "blocks")
    save(solution, solution.owner, since, blocks=[row(id=foreign.pk, title="Taken")])
    foreign.refresh_from_db()
    assert foreign.title == "Test kit"
    assert [block.title for block in solution.blocks.all()] == ["Taken"]


@pytest.mark.django_db
def test_a_changed_link_has_to_be_checked_anew_and_a_kept_one_has_not():
    solution = complete_snapshot()
    Evidence.objects.update(link_state=LinkState.OPENS, link_checked_at=timezone.now())
    since = opened(solution, "evidence")
    [value] = writing.values_of(solution, ["evidence"])["evidence"]
    save(solution, solution.owner, since, evidence=[value | {"title": "Other title"}])
    assert Evidence.objects.get().link_state == LinkState.OPENS
    since = opened(solution, "evidence")
    save(solution, solution.owner, since, evidence=[value | {"url": "https://new.test.example/"}])
    item = Evidence.objects.get()
    assert (item.link_state, item.link_checked_at) == (LinkState.UNCHECKED, None)


@pytest.mark.django_db
def test_members_are_not_taken_out_by_way_of_the_rows():
    solution = make_solution()
    save(solution, solution.owner, opened(solution, "contributors"), contributors=[])
    assert solution.contributors.filter(user=solution.owner).exists()


@pytest.mark.django_db
def test_the_hub_stays_while_its_desk_reads():
    solution = complete_snapshot()
    submission = submitted(solution)
    other = make_hub()
    with pytest.raises(DomainError) as refusal:
        save(solution, solution.owner, opened(solution, "hub"), hub=other.pk)
    assert (refusal.value.code, list(refusal.value.fields)) == ("in-screening", ["hub"])
    operations.recall_submission(submission, by=solution.owner)
    assert save(solution, solution.owner, opened(solution, "hub"), hub=other.pk) == {"hub"}


# --- The lock ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_lock_is_held_taken_over_and_lapses(time_machine):
    solution = make_solution()
    a, b = solution.owner, make_user()
    Contributor.objects.create(solution=solution, user=b, name="B", role="author")
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    assert operations.take_lock(solution, by=a).holder == a
    assert operations.take_lock(solution, by=b).holder == a
    taken = operations.take_lock(solution, by=b, over=True)
    assert (taken.holder, taken.since) == (b, start)
    assert [entry.verb for entry in AuditEntry.of(solution)] == ["take-over"]
    assert operations.take_lock(solution, by=a).holder == b
    time_machine.move_to(start + EditLock.LAPSES_AFTER, tick=False)
    assert operations.take_lock(solution, by=a).holder == a
    assert AuditEntry.of(solution).count() == 1
    operations.release_lock(solution, by=b)
    assert EditLock.objects.filter(holder=a).exists()
    operations.release_lock(solution, by=a)
    assert not EditLock.objects.exists()


# --- Sending in --------------------------------------------------------------------------


@pytest.mark.django_db
def test_sending_in_twice_gives_one_frozen_version():
    solution = complete_snapshot()
    one, two = submitted(solution), submitted(solution)
    assert one == two
    document = document_of(Solution.objects.get(pk=solution.pk))
    assert Version.objects.get().content_hash == document.hash
    solution.refresh_from_db()
    assert (solution.validation, solution.first_submitted_at is not None) == (
        Validation.SCREENING,
        True,
    )


@pytest.mark.django_db
def test_what_is_missing_is_named_by_field():
    solution = complete_snapshot(problem="", contact_email="")
    with pytest.raises(DomainError) as refusal:
        submitted(solution)
    assert (refusal.value.code, set(refusal.value.fields)) == (
        "incomplete",
        {"problem", "contact_email"},
    )
    assert not Version.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"is_running": False}, "is_running"),
        ({"ended_on": "2020"}, "ended_on"),
        ({"is_running": False, "ended_on": "2014"}, "ended_on"),
    ],
)
def test_start_and_end_must_go_together(change, field):
    with pytest.raises(DomainError) as refusal:
        submitted(complete_snapshot(**change))
    assert list(refusal.value.fields) == [field]


@pytest.mark.django_db
def test_a_row_left_half_empty_is_missing_something():
    solution = complete_snapshot()
    Evidence.objects.update(url="")
    BuildingBlock.objects.create(solution=solution, title="Half")
    with pytest.raises(DomainError) as refusal:
        submitted(solution)
    assert refusal.value.fields == {
        "blocks": ["Finish number 1 of: building blocks"],
        "evidence": ["Finish number 1 of: evidence"],
    }


@pytest.mark.django_db
def test_nothing_is_sent_in_while_ones_own_text_is_unsaved_and_others_drafts_stay():
    solution = complete_snapshot()
    other = make_user()
    Contributor.objects.create(solution=solution, user=other, name="O", role="author")
    for user in (solution.owner, other):
        operations.keep_page(solution, by=user, page="name", data={"title": ["x"]}, base=1)
    with pytest.raises(DomainError) as refusal:
        submitted(solution)
    assert refusal.value.code == "unsaved"
    operations.drop_page(solution, by=solution.owner, page="name")
    submitted(solution)
    assert [draft.user for draft in PageDraft.objects.all()] == [other]


@pytest.mark.django_db
def test_a_submission_can_be_taken_back_once():
    solution = complete_snapshot()
    submission = submitted(solution)
    operations.recall_submission(submission, by=solution.owner)
    solution.refresh_from_db()
    assert (submission.state, solution.validation) == (SubmissionState.RECALLED, Validation.NONE)
    with pytest.raises(DomainError):
        operations.recall_submission(submission, by=solution.owner)
    assert submitted(solution).version.number == 2


@pytest.mark.django_db
def test_what_readers_see_stays_while_the_team_writes_on():
    solution = published(complete_snapshot(title="As published"))
    save(solution, solution.owner, opened(solution, "title"), title="Written since")
    solution = Solution.objects.get(pk=solution.pk)
    assert solution.public_version.content["title"] == "As published"


# --- Files -------------------------------------------------------------------------------


def upload(data: bytes = PDF, name: str = "report.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_a_file_is_stored_under_a_random_name_and_once(media):
    user = make_user()
    one = operations.store_file(upload(name="../../evil.pdf"), by=user)
    two = operations.store_file(upload(name="../../evil.pdf"), by=user)
    assert one == two
    assert (one.name, one.size, one.uploaded_by) == ("evil.pdf", len(PDF), user)
    files = [path for path in media.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [one.key.hex]
    assert files[0].read_bytes() == PDF


@pytest.mark.django_db
def test_the_same_file_of_another_person_is_another_file(media):
    keys = {operations.store_file(upload(), by=make_user()).pk for _i in range(2)}
    assert len(keys) == 2


@pytest.mark.django_db
def test_a_refused_file_leaves_nothing_behind(media):
    with pytest.raises(ValidationError):
        operations.store_file(upload(b"<svg/>"), by=make_user())
    assert not StoredFile.objects.exists()
    assert list(media.rglob("*")) == []


@pytest.mark.django_db
def test_a_full_disk_is_said_and_leaves_no_row(media, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.FileSystemStorage._save", full)
    with pytest.raises(ValidationError) as refusal:
        operations.store_file(upload(), by=make_user())
    assert refusal.value.code == "storage"
    assert not StoredFile.objects.exists()


@pytest.mark.django_db
def test_one_day_takes_only_so_much(media, monkeypatch, time_machine):
    monkeypatch.setattr(operations, "DAILY_BYTES", 2 * len(PDF) + 5)
    user = make_user()
    for number in range(2):
        operations.store_file(upload(name=f"{number}.pdf"), by=user)
    with pytest.raises(ValidationError) as refusal:
        operations.store_file(upload(name="3.pdf"), by=user)
    assert refusal.value.code == "daily"
    time_machine.move_to(timezone.now() + timedelta(days=1, minutes=1))
    operations.store_file(upload(name="3.pdf"), by=user)


# --- Team --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_invited_person_joins_and_can_write():
    solution = make_solution()
    guest = make_user(email="guest@test.example")
    operations.invite(solution, by=solution.owner, email="Guest@Test.Example", role="partner")
    operations.invite(solution, by=solution.owner, email="guest@test.example", role="partner")
    [invitation] = Invitation.objects.for_person(guest)
    assert not guest.has_perm("catalogue.edit_solution", solution)
    operations.answer_invitation(invitation, by=guest, accept=True)
    assert guest.has_perm("catalogue.edit_solution", solution)
    assert not Invitation.objects.for_person(guest).exists()
    with pytest.raises(DomainError):
        operations.answer_invitation(invitation, by=guest, accept=True)
    assert solution.contributors.filter(user=guest, role="partner").count() == 1


@pytest.mark.django_db
def test_an_invitation_is_for_one_address_and_lapses(time_machine):
    solution = make_solution()
    guest, other = make_user(email="guest@test.example"), make_user()
    operations.invite(solution, by=solution.owner, email=guest.email, role="author")
    invitation = Invitation.objects.get()
    with pytest.raises(PermissionDenied):
        operations.answer_invitation(invitation, by=other, accept=True)
    time_machine.move_to(timezone.now() + Invitation.LASTS + timedelta(minutes=1))
    assert not Invitation.objects.for_person(guest).exists()
    with pytest.raises(DomainError):
        operations.answer_invitation(invitation, by=guest, accept=True)
    operations.invite(solution, by=solution.owner, email=guest.email, role="author")
    assert Invitation.objects.for_person(guest).count() == 1


@pytest.mark.django_db
def test_no_more_than_twenty_invitations_a_day():
    solution = make_solution()
    for number in range(operations.MOST_INVITATIONS):
        operations.invite(
            solution, by=solution.owner, email=f"p{number}@test.example", role="author"
        )
    with pytest.raises(DomainError) as refusal:
        operations.invite(solution, by=solution.owner, email="more@test.example", role="author")
    assert refusal.value.code == "limit"


@pytest.mark.django_db
def test_who_leaves_stays_named_and_the_owner_stays():
    solution = make_solution()
    guest = make_user(name="Guest")
    row = Contributor.objects.create(solution=solution, user=guest, name="Guest", role="author")
    operations.take_lock(solution, by=guest)
    operations.leave_team(row, by=guest)
    row.refresh_from_db()
    assert (row.user, row.name) == (None, "Guest")
    assert not EditLock.objects.exists()
    assert not guest.has_perm("catalogue.edit_solution", solution)
    own = solution.contributors.get(user=solution.owner)
    with pytest.raises(DomainError) as refusal:
        operations.leave_team(own, by=solution.owner)
    assert refusal.value.code == "owner"


# --- Translations ------------------------------------------------------------------------


def translate(solution, texts, since=None, language="fr"):
    none = {name: writing.mark("") for name in texts}
    operations.save_translation(
        solution,
        by=solution.owner,
        language=language,
        texts=texts,
        quality="human",
        opened=none if since is None else since,
    )


@pytest.mark.django_db
def test_a_translation_is_kept_and_becomes_outdated_when_its_source_changes():
    solution = make_solution(title="Wells", summary="Tests")
    translate(solution, {"title": "Puits", "summary": ""})
    row = solution.translations.get()
    assert (row.texts, row.translated_by) == ({"title": "Puits"}, solution.owner)
    content = document_of(Solution.objects.get(pk=solution.pk)).content
    assert content["translations"]["fr"]["source_hash"] == row.source_hash
    since = opened(solution, "title")
    save(solution, solution.owner, since, title="Deep wells")
    from catalogue.content import is_outdated

    assert is_outdated(document_of(Solution.objects.get(pk=solution.pk)).content, "fr")


@pytest.mark.django_db
def test_two_translators_of_one_text_are_told():
    solution = make_solution(title="Wells")
    translate(solution, {"title": "Puits"})
    with pytest.raises(DomainError) as refusal:
        translate(solution, {"title": "Sources"})
    assert list(refusal.value.fields) == ["title"]
    assert solution.translations.get().texts == {"title": "Puits"}
    operations.drop_translation(solution, by=solution.owner, language="fr")
    assert not solution.translations.exists()


# --- Races -------------------------------------------------------------------------------


def at_once(*calls) -> list[object]:
    """Run calls in threads that start together; results or exceptions, in order."""
    barrier = threading.Barrier(len(calls))
    found: list[object] = [None] * len(calls)

    def run(place: int, call) -> None:
        barrier.wait()
        try:
            found[place] = call()
        except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_who_send_in_at_once_make_one_submission():
    solution = complete_snapshot()
    user = solution.owner

    def send() -> int:
        fresh = Solution.objects.get(pk=solution.pk)
        return operations.submit_solution(fresh, by=user, form=Form.SNAPSHOT).pk

    found = at_once(send, send, send, send)
    assert len(set(found)) == 1, found
    assert Submission.objects.count() == 1
    assert Version.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_the_same_answer_at_once_one_is_told():
    solution = make_solution(title="T")
    user = solution.owner
    since = opened(solution, "title")
    found = at_once(
        lambda: save(solution, user, since, title="One"),
        lambda: save(solution, user, since, title="Two"),
    )
    refused = [result for result in found if isinstance(result, DomainError)]
    assert [result.code for result in refused] == ["stale"], found
    assert Solution.objects.get(pk=solution.pk).revision == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_different_answers_at_once_nobody_loses():
    solution = make_solution(title="T", summary="S")
    user = solution.owner
    since = opened(solution, "title", "summary")
    found = at_once(
        lambda: save(solution, user, since, title="One", summary="S"),
        lambda: save(solution, user, since, title="T", summary="Two"),
    )
    assert found == [{"title"}, {"summary"}]
    solution = Solution.objects.get(pk=solution.pk)
    assert (solution.title, solution.summary, solution.revision) == ("One", "Two", 3)


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_by_eight_at_once_begins_one_draft():
    reference()
    user, key = make_user(), uuid.uuid4()
    found = at_once(*[lambda: operations.start_solution(by=user, form_key=key).pk] * 8)
    assert len(set(found)) == 1, found
    assert Solution.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_who_reach_for_the_lock_find_one_holder():
    solution = make_solution()
    people = [solution.owner, *(make_user() for _i in range(7))]
    for person in people[1:]:
        Contributor.objects.create(solution=solution, user=person, name="P", role="author")
    found = at_once(
        *[lambda p=person: operations.take_lock(solution, by=p).holder_id for person in people]
    )
    assert len(set(found)) == 1, found


@pytest.mark.django_db(transaction=True)
def test_taking_back_and_deciding_at_once_one_of_them_wins():
    hub = make_hub()
    solution = complete_snapshot(hub=hub)
    submission = submitted(solution)
    screener = make_member(hub, Membership.Role.FOCAL_POINT)

    def recall() -> str:
        operations.recall_submission(Submission.objects.get(pk=submission.pk), by=solution.owner)
        return "recalled"

    def decline() -> str:
        operations.decline_submission(
            Submission.objects.get(pk=submission.pk), by=screener, note="No."
        )
        return "declined"

    found = at_once(recall, decline)
    won = [result for result in found if isinstance(result, str)]
    assert len(won) == 1, found
    assert Submission.objects.get().state == won[0]


def test_races_run_against_a_file_or_a_server():
    assert connection.settings_dict["NAME"] != ":memory:"
