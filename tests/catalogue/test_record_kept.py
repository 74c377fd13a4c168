"""What is kept of the page of a record is nobody else's, and never older than the record."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalogue.choices import Access, LinkState
from catalogue.models import Contributor, Evidence, Solution, Version
from core.templatetags import kept
from hubs import reference
from hubs.models import Country
from tests import factories
from tests.catalogue.shown import desk
from tests.catalogue.test_record import page, publish_as_is, text_of
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def solution() -> Solution:
    return publish_as_is(factories.complete_full(title="Wells tested by volunteers"))


def read(solution: Solution, query: str = "", *, who: Any = None, language: str = "") -> str:
    """The page as one reader has it. Asked twice: the second time nothing is drawn anew."""
    found = [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page(client, address))
        for client in [browser(who)]
        for address in [f"{language}/solutions/{solution.reference}/{query}"] * 2
    ]
    assert found[0] == found[1]
    return found[1]


def test_a_second_reader_has_the_page_without_drawing_its_texts(
    solution: Solution, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(solution)
    monkeypatch.setattr("catalogue.reading.Margin.lay_out", None)
    monkeypatch.setattr("catalogue.linked_data.linked_data", None)
    assert read(solution) == first


def test_what_only_the_team_may_read_is_on_its_own_pages_alone(solution: Solution) -> None:
    Evidence.objects.filter(solution=solution).update(access=Access.RESTRICTED)
    solution = publish_as_is(solution)
    for who, sees in ((None, False), (solution.owner, True), (factories.make_user(), False)) * 2:
        html = read(solution, who=who)
        assert ("Contact for verification" in html) == sees
        assert ("contact@test.example" in html) == sees
        assert ("open to you because of your part" in html) == sees
        assert ("only the team, the desk and the panel can open it" in html) != sees


def test_a_new_version_is_there_at_once_and_the_older_one_stays(solution: Solution) -> None:
    read(solution)
    solution.title, solution.approach = "Wells tested twice", "<p>Now twice a year.</p>"
    solution.save()
    Evidence.objects.filter(solution=solution).update(title="A second report")
    solution = publish_as_is(solution)

    html = read(solution)
    for words in ("Wells tested twice", "Now twice a year.", "A second report", "version 2"):
        assert words in html
    assert "Volunteers take samples" not in html
    older = page(Client(), f"{solution.get_absolute_url()}versions/1/")
    assert "Volunteers take samples" in older
    assert "Now twice a year." not in older


def test_what_was_open_and_is_restricted_now_is_open_on_no_version(solution: Solution) -> None:
    row = Evidence.objects.filter(solution=solution).exclude(url="").first()
    assert row is not None
    assert row.url in read(solution)
    solution = publish_as_is(solution)
    older = f"{solution.get_absolute_url()}versions/1/"
    assert row.url in page(Client(), older)
    Evidence.objects.filter(solution=solution).update(access=Access.RESTRICTED)
    solution = publish_as_is(solution)
    assert row.url not in read(solution)
    assert row.url not in page(Client(), older)


def test_each_language_has_its_own_page(solution: Solution) -> None:
    english, french = read(solution), read(solution, language="/fr")
    assert "What they did" in english
    assert "What they did" not in french
    assert '<p lang="en" dir="ltr">' in french
    assert '<p lang="en" dir="ltr">' not in english
    assert read(solution) == english


def test_what_a_check_of_links_found_is_told_at_once_and_in_the_reader_s_zone(
    solution: Solution,
) -> None:
    def told(client: Client) -> str:
        return text_of(page(client, solution.get_absolute_url()))

    assert "opened on" not in told(Client())
    rows = Evidence.objects.filter(solution=solution).exclude(url="")
    at = dt.datetime(2026, 5, 6, 23, 30, tzinfo=dt.UTC)
    rows.update(link_state=LinkState.OPENS, link_checked_at=at)
    assert "opened on 6 May 2026" in told(Client())
    east = browser(factories.make_user())
    session = east.session
    session["time_zone"] = "Asia/Jakarta"
    session.save()
    assert "opened on 7 May 2026" in told(east)
    rows.update(link_state=LinkState.BROKEN)
    assert "did not open on 6 May 2026" in told(Client())


def test_names_that_were_read_anew_are_printed(solution: Solution) -> None:
    assert "Brazil, Americas" in text_of(read(solution))
    Country.objects.filter(pk="BR").update(names={"en": "Federation of Brazil"})
    reference.forget()
    html = read(solution)
    assert "Federation of Brazil, Americas" in text_of(html)
    assert "Brazil" not in html.replace("Federation of Brazil", "")  # nor on any other part


def test_how_the_portal_is_called_and_where_it_stands_is_in_the_citation(
    solution: Solution, settings: Any
) -> None:
    read(solution)
    settings.PORTAL_NAME, settings.PORTAL_URL = "Other Register", "https://other.example"
    html = read(solution)
    assert "Other Register" in html
    assert f"https://other.example/solutions/{solution.reference}/" in html


def test_another_mark_another_record_beside_it_and_another_publication_show_at_once(
    solution: Solution,
) -> None:
    assert "Documented, not validated" in read(solution)
    Solution.objects.filter(pk=solution.pk).update(validation="in_review")
    assert "In review" in read(solution)
    other = factories.make_solution(title="Beside it", adapted_from=solution, hub=solution.hub)
    publish_as_is(other)
    assert read(solution).count("Beside it") == 2
    Solution.objects.filter(pk=solution.pk).update(
        publication="withdrawn", withdrawn_at=timezone.now(), withdrawal_reason="Its owner asked."
    )
    assert Client().get(solution.get_absolute_url()).status_code == 410


def test_drafts_and_submissions_are_never_kept(solution: Solution) -> None:
    before = len(kept.of_records._drawings)
    client = browser(solution.owner)
    for words in ("First words", "Second words"):
        Solution.objects.filter(pk=solution.pk).update(summary=words)
        address = f"{solution.get_workspace_url()}preview/"
        assert words in page(client, address)
    drawn = itertools.islice(kept.of_records._drawings.values(), before, None)
    assert not [html for html, _weight in drawn if "First words" in html]


def test_nobody_who_contributes_loses_what_others_see(solution: Solution) -> None:
    mate = factories.make_user()
    Contributor.objects.create(solution=solution, name="Mate", user=mate, role="team")
    assert Version.objects.count() == 1
    assert "Edit" in read(solution, who=mate)
    assert "Edit" not in text_of(read(solution))
    assert desk().is_staff
