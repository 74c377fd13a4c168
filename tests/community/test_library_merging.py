"""Two references become one: everything that pointed at either points at the one that stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from claims.models import Reference
from claims.relations import citing_columns
from community.library import matching
from community.library.citing import cited_in
from community.models import Distinct, LibraryItem, LibraryUpload, Outgrowth
from community.operations import library
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from events.models import (
    CommitmentUpdate,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    PersonName,
    Series,
    SeriesName,
    StatusNote,
)
from hubs import operations as hub_operations
from hubs.loading import load_sources
from hubs.models import HubClaim, HubRevision, Lesson
from hubs.operations import profile
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_theme,
)
from tests.events.factories import (
    contribute,
    make_commitment,
    make_document,
    make_event,
    make_person,
    make_session,
    make_source,
)
from tests.factories import make_hub, make_user
from tests.racing import at_once, told

NOTE = "The preface of the second edition says so."


def moderator() -> Any:
    return make_member(make_user(is_staff=True))


def pair() -> tuple[Reference, Reference]:
    return (
        make_source(key="old", title="The report", citation="The report"),
        make_source(key="new", title="The report, printed", citation="The report, printed"),
    )


def merge(gone: Reference, kept: Reference, by: Any = None, **more: Any) -> Reference:
    return library.merge_references(gone, into=kept, by=by or moderator(), note=NOTE, **more)


def something_of_everything(gone: Reference, kept: Reference) -> None:
    """One row at least in every column of the database that points at references."""
    event, person = make_event(), make_person()
    hub = make_hub()
    HubClaim.objects.create(hub=hub, topic="staff", text="Ten.", reference=gone)
    Lesson.objects.create(kind="national", number=1, title="Small", text="…", reference=gone)
    series = Series.objects.create(slug="s", name="Meetings", reference=gone)
    SeriesName.objects.create(series=series, name="Talks", since_edition=2, reference=gone)
    EventClaim.objects.create(event=event, topic="participants", text="Ten.", reference=gone)
    StatusNote.objects.create(event=event, status="held", reference=gone)
    Party.objects.create(event=event, name="Agency", role="host", reference=gone)
    make_session(event, reference=gone, further=gone)
    PersonName.objects.create(person=person, name="A. B.", reference=gone)
    contribute(person, event, reference=gone, work=gone)
    both = make_document(event, reference=gone)
    both.further.add(gone, kept)
    make_document(event).further.add(gone)
    Paragraph.objects.create(document=both, number="1", text="…", reference=gone)
    KeyMessage.objects.create(event=event, text="Begin small.", reference=gone)
    commitment = make_commitment(event, reference=gone)
    CommitmentUpdate.objects.create(
        commitment=commitment, progress="complete", text="Done.", reference=gone
    )
    make_chapter(reference=gone)
    make_lab(reference=gone)
    make_theme(reference=gone)
    make_article(reference=gone)
    Outgrowth.objects.create(discussion=make_discussion(), reference=gone)
    Reference.objects.create(key="older", title="T", citation="T", merged_into=gone)


def pointing_at(row: Reference) -> set[str]:
    return {
        f"{model._meta.label}.{name}"
        for model, name in citing_columns()
        if model is not LibraryItem and model._base_manager.filter(**{name: row}).exists()
    }


@pytest.mark.django_db
def test_every_column_of_the_database_that_points_at_references_is_repointed():
    gone, kept = pair()
    something_of_everything(gone, kept)
    all_columns = {
        f"{model._meta.label}.{name}"
        for model, name in citing_columns()
        if model is not LibraryItem
    }
    assert pointing_at(gone) == all_columns, "a new relation: add a row of it to this test"

    merge(gone, kept)

    assert pointing_at(gone) == set()
    # The row that went is an alias itself now, beside the one it had.
    assert pointing_at(kept) == all_columns
    assert Reference.objects.get(key="older").merged_into == kept


@pytest.mark.django_db
def test_the_old_address_leads_on_and_the_chosen_words_stay(client: Client):
    by = moderator()
    old = library.propose(by=make_member(), title="The report", abstract="All.", tags=["a"])
    new = library.propose(by=make_member(), title="The report, printed", tags=["b"])

    merge(old.reference, new.reference, by, values={"abstract": "All.", "title": "The report"})

    new.refresh_from_db()
    assert (new.abstract, new.reference.title) == ("All.", "The report")
    assert set(new.tags.names()) == {"a", "b"}
    answer = client.get(old.get_absolute_url())
    assert (answer.status_code, answer.headers["Location"]) == (301, new.get_absolute_url())
    assert list(SearchDocument.objects.filter(kind="reference").values_list("title")) == [
        ("The report",)
    ]
    entry = AuditEntry.of(new).get(verb="merge_reference")
    assert (entry.note, entry.data["gone"]) == (NOTE, old.reference.key)


@pytest.mark.django_db
def test_earlier_revisions_stay_as_they_are_and_can_be_restored():
    gone, kept = pair()
    by = moderator()
    hub = make_hub(is_listed=True)
    HubClaim.objects.create(hub=hub, topic="staff", text="Ten.", reference=gone)
    first = hub_operations.change_profile(hub, by=by, values={"summary": "One."})
    document = HubRevision.objects.get(pk=first.pk).document

    merge(gone, kept, by)

    assert HubRevision.objects.get(pk=first.pk).document == document
    latest = hub.revisions.order_by("-number").first()
    assert latest.number == first.number + 1
    profile.restore(first, by=by, note="Back.")
    assert hub.claims.get().reference == kept


@pytest.mark.django_db
def test_who_cites_the_old_one_meanwhile_is_shown_at_the_new_one():
    gone, kept = pair()
    merge(gone, kept)
    make_theme(reference=gone, title="A late theme")
    (group,) = cited_in(kept, make_user())
    assert [record.record for record in group.records] == ["A late theme"]
    add = profile.add_reference(by=make_user(is_superuser=True), values={"title": "The report"})
    assert add == kept


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "member"])
def test_only_moderators_merge_and_tell_apart(who):
    by = {"nobody": make_user, "member": make_member}[who]()
    one, other = (library.propose(by=make_member(), title=t) for t in ("One", "Other"))
    with pytest.raises(PermissionDenied):
        merge(one.reference, other.reference, by)
    with pytest.raises(PermissionDenied):
        library.say_distinct(one, other, by=by)
    client = Client()
    client.force_login(by)
    for name in ("duplicates", "merge"):
        assert client.get(reverse(f"community:library-{name}")).status_code == 403


@pytest.mark.django_db
def test_what_cannot_be_merged_is_refused_in_words():
    gone, kept = pair()
    own = Reference.objects.create(key="own:x", kind="own", title="X", citation="X")
    for one, other, code in ((gone, gone, "same"), (own, kept, "own"), (kept, own, "own")):
        with pytest.raises(DomainError) as refusal:
            merge(one, other)
        assert refusal.value.code == code
    with pytest.raises(DomainError):
        library.merge_references(gone, into=kept, by=moderator(), note=" ")
    merge(gone, kept)
    with pytest.raises(DomainError) as refusal:
        merge(kept, gone)
    assert refusal.value.code == "merged"


@pytest.mark.django_db
def test_the_two_issues_papers_of_the_sources_are_perhaps_the_same():
    load_sources()
    library.load_library()
    found = {frozenset({p.one.reference.key, p.other.reference.key}) for p in matching.pairs()}
    both = frozenset({"ref:freres-schulz-2011", "ref:g20-2011b"})
    assert both in found
    assert LibraryItem.objects.filter(reference__key__in=both, state="listed").count() == 2
    assert not Reference.objects.exclude(merged_into=None).exists()


@pytest.mark.django_db
def test_a_pair_found_to_be_two_is_not_shown_again_even_after_a_merge():
    by = moderator()
    title = "Emerging lessons on sharing what is known"
    one = library.propose(by=by, title=title, authors="Ana", date="2011")
    two = library.propose(by=by, title=title, authors="Berta", date="2011")
    client = Client()
    client.force_login(by)
    page = client.get(reverse("community:library-duplicates"))
    assert page.content.decode().count(title) >= 2
    keys = {"one": one.reference.key, "other": two.reference.key}
    client.post(reverse("community:library-merge"), {**keys, "distinct": "1"})
    assert matching.pairs() == []
    three = library.propose(by=by, title=title, authors="Carla", date="2012")
    merge(one.reference, three.reference, by)
    assert [(p.one, p.other) for p in matching.pairs()] == []
    assert Distinct.objects.count() == 1


@pytest.mark.django_db
def test_a_moderator_merges_on_the_page():
    by = moderator()
    one = library.propose(by=by, title="The report", abstract="A long abstract.")
    two = library.propose(by=by, title="The report, printed", abstract="Short.")
    client = Client()
    client.force_login(by)
    url = reverse("community:library-merge")
    keys = {"one": one.reference.key, "other": two.reference.key}
    assert client.get(url, keys).status_code == 200
    assert client.post(url, {**keys, "keep": "other"}).status_code == 422
    chosen = {"keep": "other", "from-abstract": "one", "from-title": "other", "note": NOTE}
    answer = client.post(url, {**keys, **chosen}, follow=True)
    assert "The two are one now." in answer.content.decode()
    two.refresh_from_db()
    assert (two.abstract, two.reference.title) == ("A long abstract.", "The report, printed")


# --- At the same moment ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_moderators_merge_in_opposite_directions_and_one_of_them_wins():
    gone, kept = pair()
    theme = make_theme(reference=gone)
    people = [moderator(), moderator()]
    found = at_once(
        lambda: merge(gone, kept, people[0]),
        lambda: merge(kept, gone, people[1]),
    )
    assert sorted(map(told, found)) == ["done", "merged"]
    merged = Reference.objects.exclude(merged_into=None)
    assert merged.count() == 1
    theme.refresh_from_db()
    assert theme.reference.merged_into_id is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_members_who_propose_the_same_work_get_one_entry():
    people = [make_member(), make_member()]
    at_once(*(lambda by=by: library.propose(by=by, title="W", doi="10.1234/w") for by in people))
    assert LibraryItem.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_upload_taken_over_twice_at_once_is_taken_once():
    from community.operations import bibliographies

    member = make_member()
    upload = bibliographies.keep_upload(by=member, data=b"@book{a, title={Wells of the valley}}")
    at_once(*[lambda: bibliographies.take_over(upload, by=member, numbers={1})] * 2)
    assert LibraryItem.objects.count() == 1
    assert LibraryUpload.objects.get().rows[0]["taken"]
