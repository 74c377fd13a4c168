"""What claims say in words, in the languages of the portal, and how a page sets them."""

from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.html import strip_tags

from claims.citing import Citations
from claims.models import Contradiction, Reference
from claims.presentation import amount, figure, number, period
from claims.weighing import groups_of
from hubs.models import HubClaim
from hubs.topics import TOPICS

REPORT = Reference(pk=1, citation="Report, 2013")
INFORME = Reference(pk=2, citation="Informe, 2014", language="es")


def claim(topic: str = "staff", **values: Any) -> HubClaim:
    values = {"text": "Said.", "uid": "abc", "reference": REPORT, **values}
    for name in ("low", "high"):
        if values.get(name) is not None:
            values[name] = Decimal(str(values[name]))
    return HubClaim(topic=topic, **values)


def exact(value: object, **values: Any) -> HubClaim:
    return claim(low=value, high=value, **values)


def printed(template: str, **context: Any) -> str:
    return Template("{% load claims_tags %}" + template).render(Context(context))


def text_of(html: str) -> str:
    return " ".join(strip_tags(html).replace("&#x27;", "'").split())


def answer_of(*claims: HubClaim) -> Any:
    """One question as a page has it."""
    (group,) = groups_of(claims, TOPICS)
    citations = Citations()
    return SimpleNamespace(
        group=group,
        shown=group.shown,
        mark=citations.cite(group.shown),
        others=[(other, citations.cite(other, margin=False)) for other in group.others],
    )


# --- Figures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (exact(39, unit="institutions"), "39 institutions"),
        (exact(1, unit="institutions"), "1 institution"),
        (claim(low=39, unit="institutions"), "at least 39 institutions"),
        (claim(low=1, unit="institutions"), "at least 1 institution"),
        (claim(low=35, unit="countries", qualifier="more than"), "more than 35 countries"),
        (exact(200, unit="people", qualifier="around"), "around 200 people"),
        (exact(200, unit="people", qualifier="Around "), "around 200 people"),
        (exact(200, unit="people", qualifier="some"), "some 200 people"),
        (claim(low=15, high=20, unit="people"), "15–20 people"),
        (claim(low=15, high=20, qualifier="on average"), "on average 15–20"),
        (claim(high=40, unit="days"), "up to 40 days"),
        (claim("turnover", high=40), "up to 40%"),
        (exact(40, topic="share_fees"), "40%"),
        (exact("12.50", topic="share_fees"), "12.5%"),
        (exact(26000000, unit="USD"), "USD 26,000,000"),
        (exact(66, unit="camels"), "66 camels"),
        (exact(0, unit="people"), "0 people"),
        (exact("1000.0000"), "1000"),
        (claim(), ""),
    ],
)
def test_a_figure_is_said_with_its_qualifier_and_unit(said: HubClaim, words: str):
    assert figure(said) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "1,234,567.5"),
        ("fr", "1 234 567,5"),
        ("es", "1 234 567,5"),
        ("pt", "1.234.567,5"),
        ("id", "1.234.567,5"),
        ("ar", "1234567,5"),
    ],
)
def test_a_number_is_written_as_the_language_of_the_page_does(language: str, words: str):
    with translation.override(language):
        written = number(Decimal("1234567.5000"))

    # A space that does not break is a space here.
    assert re.sub(r"\s", " ", written) == words


def test_an_exact_figure_has_no_qualifier_of_its_own():
    assert amount(exact(39)) == "39"


# --- Dates --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"starts": "2004"}, "2004"),
        ({"starts": "2006-05"}, "May 2006"),
        ({"starts": "2006-07-12"}, "12 July 2006"),
        ({"starts": "2011", "ends": "2025"}, "2011–2025"),
        ({"starts": "2012-07-10", "ends": "2012-07-12"}, "10–12 July 2012"),
        ({"starts": "2012-07-10", "ends": "2012-08-12"}, "10 July 2012–12 August 2012"),
        ({"starts": "2012-07", "ends": "2012-07-12"}, "July 2012–12 July 2012"),
        ({"starts": "2012-07-10", "ends": "2012-07-10"}, "10 July 2012"),
        ({}, ""),
    ],
)
def test_a_date_is_said_as_far_as_it_is_known(values: dict[str, str], words: str):
    assert strip_tags(period(claim("founded", **values))) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "10–12 juillet 2012"),
        ("es", "10–12 de julio de 2012"),
        ("zh-hans", "2012年7月10日–2012年7月12日"),
    ],
)
def test_days_of_one_month_stand_together_where_the_day_comes_first(language: str, words: str):
    with translation.override(language):
        said = period(claim("event", starts="2012-07-10", ends="2012-07-12"))

    assert strip_tags(said) == words
    assert re.findall(r'datetime="([^"]+)"', said) == ["2012-07-10", "2012-07-12"]


def test_a_figure_with_only_the_beginning_or_the_end_of_its_period_says_which():
    assert strip_tags(period(claim("portfolio", starts="2004"))) == "since 2004"
    assert strip_tags(period(claim("portfolio", ends="2010"))) == "until 2010"


# --- The component ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "html"),
    [
        (exact(39, unit="institutions"), '<bdi class="num">39 institutions</bdi>'),
        (claim("founded", starts="2004"), '<time datetime="2004">2004</time>'),
        (claim("portfolio", starts="2004"), ""),
        (claim("method"), ""),
    ],
)
def test_the_value_of_a_claim_is_its_figure_or_its_date(said: HubClaim, html: str):
    assert printed("{% claim_values said %}", said=said) == html


def test_the_shown_claim_has_its_source_beside_it_and_the_others_can_be_opened():
    answer = answer_of(
        exact(19, unit="people", as_of="2008", uid="old", text="Nineteen.", place="page 2"),
        exact(25, unit="people", as_of="2012", uid="new", text="Twenty-five.", reference=INFORME),
        exact(30, unit="people", as_of="2012", uid="odd", text="Thirty.", derived="15 + 15."),
    )

    page = printed("{% claim_group answer %}", answer=answer)

    assert text_of(page) == (
        "25 people as of 2012 Twenty-five. *1 source Informe, 2014 The sources disagree."
        " 2 other statements"
        " 19 people as of 2008 Nineteen. *2 source Report, 2013, page 2"
        " 30 people as of 2012 Thirty. *2 source Report, 2013"
        " Worked out by the editors: 15 + 15."
    )
    assert re.findall(r'id="([^"]+)"', page) == ["c-new", "c-old", "c-odd"]
    assert page.count("<details") == 1
    assert "<details open" not in page


def test_figures_for_different_dates_are_not_called_a_disagreement():
    answer = answer_of(exact(19, as_of="2008"), exact(25, as_of="2012"))

    page = printed("{% claim_group answer %}", answer=answer)

    assert "The sources disagree." not in page
    assert "1 other statement" in page


def test_what_the_editors_add_is_marked_as_theirs():
    answer = answer_of(
        exact(81, is_preferred=True, derived="15 + 66.", note="The later one.", as_of="2013"),
        exact(75, conflict="The chapter says 66.", as_of="2008"),
    )

    said = text_of(printed("{% claim_group answer %}", answer=answer))

    assert "Preferred by the editors." in said
    assert "Worked out by the editors: 15 + 66." in said
    assert "Editors’ note: The later one." in said
    assert said.endswith("The chapter says 66.")


def test_a_marked_disagreement_leads_to_where_it_is_told():
    marked = Contradiction(pk=6, key="x6", what="In place and proposed.")
    answer = answer_of(claim("policy_basis", contradiction=marked))

    page = printed("{% claim_group answer %}", answer=answer)

    assert "In place and proposed. More on this disagreement" in text_of(page)
    assert 'href="/hubs/contradictions/#x6"' in page


@pytest.mark.django_db
def test_part_actor_country_status_and_period_stand_below_the_text():
    answer = answer_of(
        claim(
            "joint_fund",
            label="Joint Fund",
            role="pilot",
            actor="bilateral",
            country="BR",
            status="in_place",
            starts="2011",
            ends="2025",
        )
    )

    said = text_of(printed("{% claim_group answer %}", answer=answer))

    assert said.startswith("Joint Fund Said. pilot · Bilateral partner · BR · In place · 2011–2025")


def test_all_claims_can_stand_open_each_with_its_source_and_address():
    answer = answer_of(exact(19, uid="one"), exact(25, uid="two", place="page 4"))

    page = printed("{% claim_rows answer %}", answer=answer)

    assert re.findall(r'id="([^"]+)"', page) == ["c-one", "c-two"]
    assert re.findall(r'class="here" href="([^"]+)"', page) == ["#c-one", "#c-two"]
    assert page.count("Report, 2013") == 2
    assert page.count("The sources disagree.") == 1
    assert "<details" not in page
    assert "Added" not in page


def test_who_added_a_claim_is_said_only_if_asked_for():
    answer = answer_of(claim("method"))

    page = text_of(printed("{% claim_rows answer signed=True %}", answer=answer))

    assert re.search(r"Added on \d+ \w+ \d{4}", page)


TEXTS = ("text", "label", "unit", "qualifier", "role", "place", "note", "conflict", "derived")


@pytest.mark.parametrize("tag", ["claim_group", "claim_rows"])
def test_what_a_source_says_is_never_markup(tag: str):
    bad = "<img src=x onerror=alert(1)>\"'"
    reference = Reference(pk=9, citation=bad, language='es"><b>')
    hostile = exact(3, reference=reference, **dict.fromkeys(TEXTS, bad))
    answer = answer_of(hostile, exact(4, **dict.fromkeys([*TEXTS[:1], "role"], bad), label=bad))

    page = printed(f"{{% {tag} answer %}}", answer=answer)

    assert "<img" not in page
    assert 'lang="es"><b>' not in page
    assert page.count("&lt;img") >= 9


def test_english_words_on_a_page_of_another_language_say_so():
    answer = answer_of(
        exact(4, text="Four.", role="host", place="page 1", note="Odd.", reference=REPORT)
    )
    with translation.override("ar"):
        page = printed("{% claim_group answer %}", answer=answer)
    with translation.override("es"):
        spanish = printed("{% citation source %}", source=INFORME)

    assert re.findall(r'<bdi lang="en"[^>]*>([^<]+)<', page) == [
        "Four.",
        "host",
        "Report, 2013",
        "page 1",
        "Odd.",
    ]
    assert spanish == "<bdi>Informe, 2014</bdi>"
    assert printed("{% citation source %}", source=INFORME) == (
        '<bdi lang="es">Informe, 2014</bdi>'
    )
