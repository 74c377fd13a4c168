"""The frame of every page: display choices, languages, sections, and its cost."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils import translation

from hubportal.context import Portal, portal


@pytest.fixture(autouse=True)
def english():
    """A page asked for in another language leaves it behind in the thread."""
    with translation.override("en"):
        yield


def portal_at(path: str, **cookies: str) -> Portal:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.COOKIES.update(cookies)
    request.resolver_match = resolve(request.path)
    return portal(request)["portal"]


def test_a_choice_is_kept_in_a_cookie_and_leads_back(client: Client):
    answer = client.post("/display/", {"theme": "dark", "next": "/solutions/?q=milk"})

    assert (answer.status_code, answer["Location"]) == (302, "/solutions/?q=milk")
    cookie = answer.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["secure"]) == ("dark", "Lax", "")
    assert client.post("/display/", {"lite": "1"}, secure=True).cookies["lite"]["secure"] is True


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "javascript:alert(1)",
        "/\\evil.example",
        "",
    ],
)
def test_a_choice_never_leads_to_another_site(client: Client, elsewhere: str):
    answer = client.post("/display/", {"theme": "light", "next": elsewhere})

    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    "data", [{}, {"theme": "pink"}, {"lite": "2"}, {"theme": "dark", "lite": ""}]
)
def test_an_unknown_choice_is_refused(client: Client, data: dict[str, str]):
    answer = client.post("/display/", data)

    assert answer.status_code == 400
    assert not answer.cookies


def test_a_choice_is_not_made_by_following_a_link(client: Client):
    assert client.get("/display/?theme=dark").status_code == 405


@pytest.mark.parametrize(
    ("cookie", "theme"),
    [("dark", "dark"), ("light", "light"), ("auto", "auto"), ('x" onload="', "auto")],
)
def test_only_known_themes_reach_the_page(cookie: str, theme: str):
    assert portal_at("/", theme=cookie).theme == theme


def test_the_typeface_is_left_out_when_the_browser_saves_data_unless_told_otherwise():
    saving = RequestFactory().get("/", headers={"Save-Data": "on"})
    assert Portal(saving).lite is True
    assert Portal(saving).preload_font is False

    saving.COOKIES["lite"] = "0"
    assert Portal(saving).lite is False


def test_the_typeface_is_not_fetched_ahead_for_scripts_it_lacks():
    with translation.override("ar"):
        assert portal_at("/ar/").preload_font is False
    with translation.override("es"):
        assert portal_at("/es/").preload_font is True


def test_every_language_is_an_address_of_this_very_page():
    languages = {
        language.code: language for language in portal_at("/solutions/?q=milk&page=2").languages
    }

    assert languages["en"].url == "/solutions/?q=milk&page=2"
    assert languages["fr"].url == "/fr/solutions/?q=milk&page=2"
    assert (languages["ar"].url, languages["ar"].dir) == ("/ar/solutions/?q=milk&page=2", "rtl")
    assert [language.code for language in languages.values() if language.current] == ["en"]


def test_a_page_in_another_language_leads_back_to_english():
    with translation.override("fr"):
        languages = {
            language.code: language.url for language in portal_at("/fr/solutions/").languages
        }

    assert languages["en"] == "/solutions/"


@pytest.mark.parametrize(
    ("path", "current"), [("/solutions/", "page"), ("/solutions/anything/", "true"), ("/hubs/", "")]
)
def test_the_section_is_marked(path: str, current: str):
    request = RequestFactory().get(path)

    assert {section.key: section.current for section in Portal(request).nav}["solutions"] == current


@pytest.mark.django_db
def test_a_missing_page_costs_a_visitor_no_query_and_offers_search(
    client: Client, django_assert_num_queries
):
    with django_assert_num_queries(0):
        answer = client.get("/no/such/page/")

    assert answer.status_code == 404
    assert b'action="/search/"' in answer.content
    assert b"Sign in" in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "direction"), [("ar", "rtl"), ("fr", "ltr")])
def test_a_page_states_its_language_and_direction(client: Client, code: str, direction: str):
    page = client.get(f"/{code}/no-such-page/").content.decode()

    assert f'<html lang="{code}" dir="{direction}"' in page


def test_a_form_without_its_token_is_answered_in_plain_words():
    answer = Client(enforce_csrf_checks=True).post("/accounts/logout/")

    assert answer.status_code == 403
    assert b"This form was open too long" in answer.content
    assert b"CSRF" not in answer.content


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 302),
        ({"Sec-Fetch-Site": "same-origin"}, 302),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 302),
        ({"Origin": "https://elsewhere.test"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_our_own_pages_may_set_the_display_and_need_no_token(
    headers: dict[str, str], status: int
):
    client = Client(enforce_csrf_checks=True)

    answer = client.post("/display/", {"theme": "dark"}, headers=headers)

    assert answer.status_code == status
