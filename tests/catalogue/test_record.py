"""The page of one record: what readers see of it, and what they never do."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import Client
from django.utils import timezone

from catalogue import operations
from catalogue.choices import Access
from catalogue.content import document_of, source_hash
from catalogue.models import (
    Contributor,
    Evidence,
    Indicator,
    Solution,
    StoredFile,
    Translation,
    Version,
)
from core.text import plain
from hubs import reference
from hubs.models import Membership
from tests import factories
from tests.desk import desk_client
from tests.people import browser

pytestmark = pytest.mark.django_db


def page(client: Client, url: str, status: int = 200) -> str:
    """The HTML of the main part of a page."""
    response = client.get(url)
    assert response.status_code == status
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", plain(html))


class Elements(HTMLParser):
    """Every element of a page with its attributes, as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def publish_as_is(solution: Solution) -> Solution:
    """Freeze and publish the working copy, however incomplete, as an import does."""
    if solution.first_submitted_at is None:
        Solution.objects.filter(pk=solution.pk).update(first_submitted_at=timezone.now())
    solution = Solution.objects.get(pk=solution.pk)
    moderator = factories.make_user(is_staff=True)
    with transaction.atomic():
        version = operations.freeze(solution, by=moderator, form="snapshot")
        operations.publish(solution, by=moderator, version=version)
    return Solution.objects.get(pk=solution.pk)


@pytest.fixture
def solution() -> Solution:
    return publish_as_is(factories.complete_full(title="Wells tested by volunteers"))


# --- Addresses ----------------------------------------------------------------------------


def test_the_page_shows_what_was_frozen(client: Client, solution: Solution) -> None:
    text = text_of(page(client, f"/solutions/{solution.reference}/"))
    for part in (
        "Wells tested by volunteers",
        "Documented, not validated",
        "Half of the wells were never tested.",
        "12,000 households in 2014.",
        "Volunteers take samples with a simple kit.",
        "Test kit",
        "Core: keep it as it is",
        "Nine of ten wells are now tested each month.",
        "Do not use it when Arsenic is suspected: the kit does not show it.",
        "250,000 USD",
        "A line in the budget of each municipality since 2018.",
        "Paper forms were lost; a telephone line replaced them.",
        "Yearly report",
        "Creative Commons Attribution 4.0",
        "March 2015, still running",
        "Brazil, Americas",
        f"{solution.reference}, version 1, published on",
    ):
        assert part in text


def test_the_working_copy_shows_nowhere_on_the_page(client: Client, solution: Solution) -> None:
    before = page(client, f"/solutions/{solution.reference}/")
    for item in Solution._meta.get_fields():
        is_text = item.get_internal_type() in {"CharField", "TextField"}
        if is_text and item.name not in {"uid", "publication", "validation", "form"}:
            setattr(solution, item.attname, "Leaked"[: item.max_length or 9])
    solution.save()
    solution.countries.set(["ID"])
    solution.sectors.set(["health"])
    solution.tags.add("leaked")
    for rows in (solution.blocks, solution.indicators, solution.contributors):
        rows.all().delete()
    Indicator.objects.create(solution=solution, name="Leaked", latest="leaked")
    Evidence.objects.create(solution=solution, title="Leaked", kind="report")
    after = page(client, f"/solutions/{solution.reference}/")
    assert after == before


@pytest.mark.parametrize("spelling", ["s-{n:04d}", "S-{n}", "s{n}", "S-0000{n}", "{n}"])
def test_other_spellings_of_the_number_lead_to_the_one_address(
    spelling: str, client: Client, solution: Solution
) -> None:
    response = client.get(f"/solutions/{spelling.format(n=solution.number)}/?lang=fr")
    assert response.status_code == 301
    assert response["Location"] == f"/solutions/{solution.reference}/?lang=fr"


@pytest.mark.parametrize(
    "wanted",
    [
        "S-9999",
        "S-0",
        "S-99999999999999999999",
        "S-٤٢",
        "wells",
        "S-0001x",
        "%00",
        "S-1.5",
        "a" * 5000,
    ],
)
def test_what_is_no_number_of_a_record_is_not_found(wanted: str, client: Client) -> None:
    factories.reference()
    assert client.get(f"/solutions/{wanted}/").status_code in {404, 400}


def test_a_private_record_has_no_public_address(client: Client) -> None:
    draft = factories.submitted(factories.complete_snapshot()).solution
    assert draft.reference == ""
    assert draft.get_absolute_url() == f"/work/{draft.uid}/"
    Solution.objects.filter(pk=draft.pk).update(number=7)  # even if it had one
    assert client.get("/solutions/S-0007/").status_code == 404


# --- Gaps, marks, sources -----------------------------------------------------------------


def test_an_imported_record_names_its_gaps_in_one_place(client: Client) -> None:
    bare = factories.make_solution(
        title="A registry entry",
        summary="One sentence.",
        collection="Registry of tests",
        licence="other",
        licence_note="Public domain",
        editors_note="Taken from the registry.",
    )
    Contributor.objects.filter(solution=bare).delete()
    html = page(client, publish_as_is(bare).get_absolute_url())
    text = text_of(html)
    assert "What the source does not state" in text
    assert "Kind; targets of the goals; scale; stage; the institution that owns it; hub;" in text
    assert "What changed" not in text.replace("what changed;", "")
    assert "The portal’s editors took this record over from a published source." in text
    assert "Taken over from: Registry of tests." in text
    assert "Public domain" in text
    assert (
        "Editor’s note, not part of what the source or the team says Taken from the registry."
        in text
    )
    for missing in ("Country", "Since", "Sector"):
        assert f"{missing} Not stated" in text
    assert [plain(heading) for heading in re.findall(r"<h2[^>]*>.*?</h2>", html)] == [
        "Tried elsewhere",
        "What the source does not state",
        "Cite this record",
        "At a glance",
        "Rights",
    ]


def test_an_example_says_so(client: Client) -> None:
    example = publish_as_is(factories.make_solution(is_example=True))
    text = text_of(page(client, example.get_absolute_url()))
    assert "Example Invented to show how the portal works." in text


def test_values_are_printed_as_written_with_date_source_and_value_before(
    client: Client, solution: Solution
) -> None:
    text = text_of(page(client, solution.get_absolute_url()))
    assert "Wells tested each month 2020. Before: 50 % (2014). Source: Yearly report 91 %" in text


def test_a_text_that_names_its_evidence_is_linked_to_it_with_the_source_beside_it(
    client: Client,
) -> None:
    draft = factories.complete_snapshot(
        problem="<p>Nobody tested the wells (E1), see <a href='https://e.test.example/E1'>E1</a>.</p>"
        "<p>E1 again; E2, E11 and E1x are something else.</p>"
    )
    html = page(client, publish_as_is(draft).get_absolute_url())
    assert html.count('<a class="cite" href="#e1">E1</a>') == 2
    assert html.count('<p class="side" role="note"><b>E1</b>') == 1
    assert 'href="#e2"' not in html
    assert 'href="#e11"' not in html
    assert 'id="e1"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "<a href='javascript:alert(1)'>x</a>",
        "</script><script>alert(1)</script>",
    ],
)
def test_what_was_frozen_is_escaped_or_cleaned_again(hostile: str, client: Client) -> None:
    """Even if a version was frozen before the cleaner learnt something."""
    draft = factories.complete_full()
    for name in ("title", "summary", "area", "owner_institution", "cost_payers", "editors_note"):
        setattr(draft, name, hostile)
    for name in ("problem", "approach", "failure", "do_not_use_when"):
        setattr(draft, name, f"<p>{hostile} (E1)</p>")
    draft.save()
    Evidence.objects.create(
        solution=draft, title=hostile, author=hostile, kind="report", url="javascript:alert(1)"
    )
    Indicator.objects.filter(solution=draft).update(
        name=hostile, source=f"{hostile} E1", latest=hostile
    )
    response = client.get(publish_as_is(draft).get_absolute_url())
    html = response.content.decode()
    assert response.status_code == 200
    page_of = Elements()
    page_of.feed(html)
    scripts = [attrs for tag, attrs in page_of.found if tag == "script"]
    assert all("src" in attrs or attrs["type"] == "application/ld+json" for attrs in scripts)
    assert "img" not in {tag for tag, _attrs in page_of.found}
    for _tag, attrs in page_of.found:
        assert not [name for name in attrs if name.startswith("on")]
        assert not (attrs.get("href") or "").startswith("javascript")


def test_linked_data_is_data_of_the_record(client: Client, solution: Solution) -> None:
    html = client.get(solution.get_absolute_url()).content.decode()
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(block)
    assert data["identifier"] == solution.reference
    assert data["name"] == "Wells tested by volunteers"
    assert data["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert data["url"].endswith(f"/solutions/{solution.reference}/")
    assert data["spatialCoverage"] == [{"@type": "Country", "name": "Brazil", "identifier": "BR"}]


def test_text_cannot_end_the_linked_data(client: Client) -> None:
    named = publish_as_is(factories.make_solution(title="</script><script>alert(1)</script>&"))
    html = client.get(named.get_absolute_url()).content.decode()
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert json.loads(block)["name"] == "</script><script>alert(1)</script>&"


# --- Evidence -----------------------------------------------------------------------------


def stored_file(**more: Any) -> StoredFile:
    values = {"name": "survey.csv", "content_type": "text/csv", "size": 2048, "sha256": "0" * 64}
    return StoredFile.objects.create(file="evidence/00/none", **(values | more))


def test_restricted_evidence_is_named_and_closed(client: Client, solution: Solution) -> None:
    secret = stored_file()
    Evidence.objects.create(
        solution=solution,
        title="Household survey",
        kind="data",
        access=Access.RESTRICTED,
        file=secret,
        url="https://secret.test.example/",
        position=9,
    )
    solution = publish_as_is(solution)
    html = page(client, solution.get_absolute_url())
    assert "Household survey" in html
    assert "Restricted: only the team, the desk and the panel can open it." in html
    for hidden in (str(secret.pk), "secret.test.example", "contact@test.example"):
        assert hidden not in client.get(solution.get_absolute_url()).content.decode()
    seen = page(browser(solution.owner), solution.get_absolute_url())
    assert str(secret.pk) in seen
    assert "contact@test.example" in seen


def test_the_state_of_a_link_is_told_with_its_day(client: Client, solution: Solution) -> None:
    checked = timezone.make_aware(timezone.datetime(2026, 3, 5, 12))
    for state, words in (
        ("unchecked", "reports.test.example"),
        ("opens", "opened on 5 March 2026"),
        ("broken", "did not open on 5 March 2026"),
        ("refused", "the portal does not open addresses of this kind"),
    ):
        Evidence.objects.update(link_state=state, link_checked_at=checked)
        assert words in text_of(page(client, solution.get_absolute_url()))


def test_evidence_without_link_or_file_says_so(client: Client, solution: Solution) -> None:
    Evidence.objects.update(url="")
    text = text_of(page(client, publish_as_is(solution).get_absolute_url()))
    assert "Named by the source; no file or link was given." in text


# --- Languages ----------------------------------------------------------------------------


def translate(
    solution: Solution, language: str, *, quality: str = "human", current: bool = True
) -> None:
    content = document_of(Solution.objects.get(pk=solution.pk)).content
    Translation.objects.create(
        solution=solution,
        language_id=language,
        quality=quality,
        texts={"title": f"Title in {language}", "problem": f"<p>Problem in {language}.</p>"},
        source_hash=source_hash(content) if current else "of an older text",
    )


def test_a_translation_is_chosen_marked_and_falls_back_text_by_text(
    client: Client, solution: Solution
) -> None:
    translate(solution, "fr")
    translate(solution, "ar", quality="machine")
    translate(solution, "es", current=False)
    url = publish_as_is(solution).get_absolute_url()

    html = page(client, url)
    assert "<h1>Wells tested by volunteers</h1>" in html
    assert "English (original)" in text_of(html)
    assert "Français (translated by a person)" in text_of(html)
    assert "العربية (translated by a machine)" in text_of(html)
    assert "Español (translated by a person, outdated)" in text_of(html)

    html = page(client, f"{url}?lang=ar")
    assert '<h1 lang="ar" dir="rtl">Title in ar</h1>' in html
    assert '<p lang="ar" dir="rtl">Problem in ar.</p>' in html
    assert "<p>Volunteers take samples with a simple kit.</p>" in html  # not translated
    assert "Machine translation. No person has checked it." in text_of(html)

    assert "Outdated translation. The text in English has changed" in text_of(
        page(client, f"{url}?lang=es")
    )
    assert "translation." not in text_of(page(client, f"{url}?lang=fr"))


def test_a_page_in_another_language_says_which_texts_are_not(
    client: Client, solution: Solution
) -> None:
    translate(solution, "fr")
    url = publish_as_is(solution).get_absolute_url()
    html = page(client, f"/fr{url}")
    assert "<h1>Title in fr</h1>" in html  # the reader's language, without asking
    assert '<p lang="en" dir="ltr">Volunteers take samples with a simple kit.</p>' in html
    html = page(client, f"/fr{url}?lang=en")
    assert '<h1 lang="en" dir="ltr">Wells tested by volunteers</h1>' in html


@pytest.mark.parametrize(
    "query", ["lang=xx", "lang=", "lang=pt", "lang=fr&lang=zz", "lang=%F0%9F%98%80" * 50]
)
def test_a_language_the_record_does_not_have_gives_the_original(
    query: str, client: Client, solution: Solution
) -> None:
    assert "<h1>Wells tested by volunteers</h1>" in page(
        client, f"{solution.get_absolute_url()}?{query}"
    )


def test_a_translation_overlays_only_texts_that_can_be_translated(
    client: Client, solution: Solution
) -> None:
    translate(solution, "fr")
    Translation.objects.update(
        texts={"title": "Puits", "countries": "XX", "blocks": "x", "nonsense": "y"}
    )
    url = publish_as_is(solution).get_absolute_url()
    assert "Brésil" not in page(client, f"{url}?lang=fr")
    assert "Brazil" in page(client, f"{url}?lang=fr")


# --- Lineage, neighbours ------------------------------------------------------------------


def test_lineage_is_told_on_both_pages(client: Client, solution: Solution) -> None:
    copy = factories.make_solution(
        title="Wells tested elsewhere", adapted_from=solution, adapted_from_note="Another kit."
    )
    factories.make_solution(title="A draft from it", adapted_from=solution)
    copy = publish_as_is(copy)
    there = text_of(page(client, copy.get_absolute_url()))
    assert f"Adapted from Wells tested by volunteers {solution.reference} Another kit." in there
    here = text_of(page(client, solution.get_absolute_url()))
    assert f"Adapted in 1 record Wells tested elsewhere {copy.reference}" in here
    assert "A draft from it" not in here
    # Not before it is public: the working copy of another record says so only inside.
    other = publish_as_is(factories.make_solution(title="Not yet"))
    Solution.objects.filter(pk=other.pk).update(adapted_from=solution)
    assert "Not yet" not in page(client, solution.get_absolute_url())


def test_other_records_of_the_hub_are_named(client: Client, solution: Solution) -> None:
    publish_as_is(factories.complete_snapshot(hub=solution.hub, title="Its neighbour"))
    factories.complete_snapshot(hub=solution.hub, title="A draft of the hub")
    moved = publish_as_is(factories.complete_snapshot(title="Moved in the working copy only"))
    Solution.objects.filter(pk=moved.pk).update(hub=solution.hub)
    html = page(client, solution.get_absolute_url())
    assert "Its neighbour" in html
    assert "A draft of the hub" not in html
    assert "Moved in the working copy only" not in html


# --- Who can do what from the page --------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "buttons"),
    [
        ("anonymous", {"Cite", "History"}),
        ("stranger", {"Cite", "History", "Start a discussion"}),
        ("owner", {"Edit", "Cite", "History", "Withdraw", "Start a discussion"}),
        ("focal point", {"Edit", "Cite", "History", "Withdraw", "Start a discussion"}),
    ],
)
def test_buttons_are_those_that_work_for_this_person(
    kind: str, buttons: set[str], solution: Solution
) -> None:
    clients = {
        "anonymous": Client,
        "stranger": lambda: browser(factories.make_user()),
        "owner": lambda: browser(solution.owner),
        "focal point": lambda: desk_client(
            factories.make_member(solution.hub, Membership.Role.FOCAL_POINT)
        ),
    }
    html = page(clients[kind](), solution.get_absolute_url())
    found = re.findall(r'<a class="btn[^"]*" href="([^"]+)">(.*?)</a>', html)
    assert {plain(label) for _url, label in found} == buttons


def test_a_newer_version_at_the_desk_is_told_to_those_who_may_know(solution: Solution) -> None:
    submission = operations.submit_solution(solution, by=solution.owner, form="snapshot")
    url = solution.get_absolute_url()
    assert "A newer version is at the desk." in page(browser(solution.owner), url)
    assert "at the desk" not in page(Client(), url)
    inside = page(
        browser(solution.owner), f"/work/{solution.uid}/versions/{submission.version.number}/"
    )
    assert "Frozen version, not a public page." in inside


# --- Withdrawal ---------------------------------------------------------------------------


def test_a_withdrawn_record_leaves_a_page_with_title_date_and_reason(
    client: Client, solution: Solution
) -> None:
    url = solution.get_absolute_url()
    with_reason = {"reason": "The partner asked for it."}
    response = browser(solution.owner).post(f"{url}withdraw/", with_reason)
    assert response["Location"] == url
    html = page(client, url, status=410)
    text = text_of(html)
    for part in ("Wells tested by volunteers", solution.reference, "The partner asked for it."):
        assert part in text
    assert "Half of the wells" not in text
    for more in ("history/", "versions/1/"):
        assert "Half of the wells" not in page(client, f"{url}{more}", status=410)
    citation = client.get(f"{url}cite.bib").content.decode()
    assert "Withdrawn on" in citation

    moderator = desk_client(factories.make_member(solution.hub, Membership.Role.FOCAL_POINT))
    assert "Publish again" in page(moderator, url, status=410)
    moderator.post(f"{url}restore/", {"reason": "The partner agreed."})
    assert "Half of the wells" in page(client, url)


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_nothing_is_withdrawn_without_a_reason(reason: str, solution: Solution) -> None:
    client = browser(solution.owner)
    response = client.post(f"{solution.get_absolute_url()}withdraw/", {"reason": reason})
    assert "Give the reason, in a sentence or two." in response.content.decode()
    assert Solution.objects.get(pk=solution.pk).publication == "public"


def test_a_reason_that_is_too_long_is_kept_and_refused(solution: Solution) -> None:
    client = browser(solution.owner)
    response = client.post(f"{solution.get_absolute_url()}withdraw/", {"reason": "x" * 2001})
    assert "x" * 2001 in response.content.decode()
    assert Solution.objects.get(pk=solution.pk).publication == "public"


def test_withdrawing_twice_does_it_once(solution: Solution) -> None:
    client = browser(solution.owner)
    for _attempt in range(2):
        client.post(f"{solution.get_absolute_url()}withdraw/", {"reason": "It ended."})
    solution.refresh_from_db()
    assert (solution.publication, solution.withdrawal_reason) == ("withdrawn", "It ended.")


@pytest.mark.parametrize("verb", ["withdraw", "restore"])
def test_moves_are_not_for_strangers(verb: str, client: Client, solution: Solution) -> None:
    url = f"{solution.get_absolute_url()}{verb}/"
    assert client.post(url, {"reason": "x"})["Location"].startswith("/accounts/login/")
    stranger = browser(factories.make_user())
    assert stranger.get(url).status_code == 403
    assert stranger.post(url, {"reason": "x"}).status_code == 403
    assert Solution.objects.get(pk=solution.pk).publication == "public"


# --- Inside -------------------------------------------------------------------------------


def test_the_preview_shows_the_working_copy_to_its_team_only(solution: Solution) -> None:
    Solution.objects.filter(pk=solution.pk).update(title="A title at work")
    url = f"/work/{solution.uid}/preview/"
    html = page(browser(solution.owner), url)
    assert "A title at work" in html
    assert "Draft, not public." in html
    assert 'id="cite"' not in html
    assert browser(factories.make_user()).get(url).status_code == 404
    assert Client().get(url)["Location"].startswith("/accounts/login/")


def test_an_empty_draft_can_be_previewed() -> None:
    draft = factories.make_solution(title="")
    assert "Untitled solution" in page(browser(draft.owner), f"/work/{draft.uid}/preview/")


def test_the_desk_reads_the_frozen_submission_with_the_contact() -> None:
    submission = factories.submitted(factories.complete_snapshot())
    solution = submission.solution
    url = f"/work/{solution.uid}/versions/1/"
    screener = factories.make_member(solution.hub, Membership.Role.FOCAL_POINT)
    html = page(desk_client(screener), url)
    assert "contact@test.example" in html
    assert f'href="{submission.get_absolute_url()}"' in html
    for other in (
        factories.make_member(factories.make_hub(), "focal_point"),
        factories.make_user(),
    ):
        assert desk_client(other).get(url).status_code == 404


def test_the_contact_for_verification_is_on_no_public_page(
    client: Client, solution: Solution
) -> None:
    base = solution.get_absolute_url()
    for url in (base, f"{base}history/", f"{base}cite.bib", f"{base}cite.ris", f"{base}cite.json"):
        answer = client.get(url).content.decode()
        assert "contact@test.example" not in answer
        assert "Contact for verification" not in answer


# --- Budgets ------------------------------------------------------------------------------


@pytest.mark.parametrize(("evidence", "adaptations"), [(1, 1), (20, 50)])
def test_a_page_costs_the_same_whatever_hangs_on_the_record(
    evidence: int, adaptations: int, client: Client, django_assert_num_queries: Any
) -> None:
    draft = factories.complete_full()
    Evidence.objects.bulk_create(
        Evidence(
            solution=draft, title=f"Item {n}", kind="report", url=f"https://e.test.example/{n}"
        )
        for n in range(evidence - 1)
    )
    solution = publish_as_is(draft)
    for n in range(adaptations):
        copy = factories.make_solution(title=f"Copy {n}", adapted_from=solution, hub=solution.hub)
        publish_as_is(copy)
    client.get(solution.get_absolute_url())  # names of countries and sectors are kept from here
    # The record, with whether there is a label, a trial or a discussion; its links; others beside
    # it.
    with django_assert_num_queries(3):
        html = page(client, solution.get_absolute_url())
    assert html.count("Copy ") >= adaptations


def test_a_page_is_small(client: Client, solution: Solution) -> None:
    response = client.get(solution.get_absolute_url(), headers={"accept-encoding": "gzip"})
    assert len(response.content) < 14 * 1024


def test_names_are_read_once_per_process(client: Client, solution: Solution) -> None:
    client.get(solution.get_absolute_url())
    assert reference.countries()["BR"].names["en"] == "Brazil"


def test_anonymous_readers_ask_no_permission_of_the_database(
    solution: Solution, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert not AnonymousUser().has_perm("catalogue.edit_solution", solution)
    assert Version.objects.count() == 1
