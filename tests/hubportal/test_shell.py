"""The frame around every page is kept by the process; no reader meets another in it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import factories
from tests.people import browser, verified

pytestmark = pytest.mark.django_db

URL = "/pages/about/"


def test_two_people_and_a_visitor_see_frames_of_their_own():
    one, other = (
        verified(factories.make_user(name=name)) for name in ("First Reader", "Second Reader")
    )
    type(one).objects.filter(pk=one.pk).update(unread=7)

    pages = {
        "one": browser(one).get(URL).content.decode(),
        "other": browser(other).get(URL).content.decode(),
        "visitor": Client().get(URL).content.decode(),
        "one again": browser(one).get(URL).content.decode(),
    }

    assert {name: "First Reader" in page for name, page in pages.items()} == {
        "one": True, "other": False, "visitor": False, "one again": True,
    }  # fmt: skip
    assert {name: "Second Reader" in page for name, page in pages.items()} == {
        "one": False, "other": True, "visitor": False, "one again": False,
    }  # fmt: skip
    unread = {name: re.findall(r'class="n"( hidden)?>(\d+)<', page) for name, page in pages.items()}
    assert unread == {
        "one": [("", "7")] * 2, "other": [(" hidden", "0")] * 2, "visitor": [],
        "one again": [("", "7")] * 2,
    }  # fmt: skip
    tokens = [
        set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)) for page in pages.values()
    ]
    assert [len(found) for found in tokens] == [1, 1, 0, 1]
    assert len(set.union(*tokens)) == 3
    assert "Sign in" in pages["visitor"]
    assert "Sign in" not in pages["one"]


def test_the_desk_is_offered_only_to_those_who_work_there():
    reader = verified(factories.make_user(name="Reader"))
    staff = verified(factories.make_user(name="Staff", is_staff=True, is_superuser=True))

    seen = [b"/desk/" in browser(person).get(URL).content for person in (staff, reader, staff)]

    assert seen == [True, False, True]


def test_colours_typeface_and_language_are_each_readers_own():
    def seen(path: str = URL, data: str = "off", **cookies: str) -> list[str]:
        client = Client(headers={"Save-Data": data})
        client.cookies.load(cookies)
        page = client.get(path).content.decode()
        found = [
            *re.findall(r'<html lang="(\w+)" dir="(\w+)"', page)[0],
            *re.findall(r'data-theme="(\w+)"', page),
            *re.findall(r'<button name="theme" value="(\w+)" aria-pressed="true"', page),
            *re.findall(r'name="lite" value="(\d)"', page),
        ]
        assert page.count('rel="preload"') == ("1" in found and found[0] == "en")
        return found

    plain = ["en", "ltr", "auto", "auto", "1"]

    assert seen() == plain
    assert seen(theme="dark") == ["en", "ltr", "dark", "dark", "dark", "1"]
    assert seen(data="on") == ["en", "ltr", "auto", "auto", "0"]
    assert seen(lite="1", theme="light") == ["en", "ltr", "light", "light", "light", "0"]
    assert seen(f"/ar{URL}") == ["ar", "rtl", "auto", "auto", "1"]
    assert seen() == plain


def test_the_display_form_leads_back_to_the_page_it_stands_on():
    for path in ("/pages/about/", "/solutions/?q=milk&sort=title", "/fr/pages/privacy/"):
        page = Client().get(path).content.decode()
        back = re.findall(r'name="next" value="([^"]*)"', page)
        assert back == [path.replace("&", "&amp;")] * 3


def test_the_section_one_is_in_is_marked_on_each_page():
    def marked(path: str) -> list[tuple[str, str]]:
        page = Client().get(path).content.decode()
        return re.findall(r'<li><a href="([^"]+)" aria-current="(\w+)"', page)

    assert marked("/solutions/") == [("/solutions/", "page")] * 2
    assert marked("/hubs/") == [("/hubs/", "page")] * 2
    assert marked(URL) == []
    assert marked("/fr/solutions/") == [("/fr/solutions/", "page")] * 2
