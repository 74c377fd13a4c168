"""Lists of speakers: read as people paste them, matched with people of the record."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import speakers
from events.choices import ContributionRole
from events.models import PersonName
from tests.events.factories import contribute, make_event, make_person, make_source
from tests.factories import make_hub, make_member, reference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def places() -> None:
    reference()


def rows(text: str) -> list[tuple[Any, ...]]:
    return [
        (row.number, row.name, row.title, row.organisation, row.country, row.role)
        for row in speakers.read(text).lines
    ]


def problems(text: str) -> list[str]:
    reading = speakers.read(text)
    return [*reading.notes, *(text for row in reading.lines for text in row.problems)]


AMINA = "Amina Brook", "Director", "Ministry of Wells", "BR", "speaker"
TOMAS = "Tomás Rill", "Keeper", "Wells Agency", "ID", "moderator"


@pytest.mark.parametrize("divider", [";", "\t", "|", ",", " ; ", "；", "，"])
def test_a_list_is_read_whatever_divides_its_cells(divider: str):
    text = "\n".join(
        divider.join(row)
        for row in (
            ("Amina Brook", "Director", "Ministry of Wells", "Brazil", "Speaker"),
            ("Tomás Rill", "Keeper", "Wells Agency", "Indonesia", "moderator"),
        )
    )

    assert rows(text) == [(1, *AMINA), (2, *TOMAS)]
    assert speakers.read(text).is_good


def test_a_first_line_puts_the_columns_in_another_order():
    text = (
        "Country\tSpeaker\tE-mail\tRole\tOrganization\tPosition\tTopic\tSession\r\n"
        "Brazil\tAmina Brook\ta@example.org\tpanelist\tMinistry of Wells\tDirector\tDeep\tA 1\r\n"
    )

    line = speakers.read(text).lines[0]

    assert line == speakers.Line(
        2, "Amina Brook", "Director", "Ministry of Wells", "BR", "panellist", "Deep", "A 1"
    )


@pytest.mark.parametrize(
    "header",
    [
        "Nombre; Cargo; Organización; País; Rol", "Nom; Fonction; Institution; Pays; Rôle",
        "姓名；职务；机构；国家；角色", "الاسم؛ المنصب؛ المؤسسة؛ البلد؛ الدور",
    ],
)  # fmt: skip
def test_a_first_line_may_be_in_another_language(header: str):
    assert rows(f"{header}\nAmina Brook; Director; Ministry of Wells; Brésil; speaker") == [
        (2, *AMINA)
    ]


def test_a_list_without_a_first_line_loses_nobody():
    assert rows("Name Session; Speaker of the House; Parliament") == [
        (1, "Name Session", "Speaker of the House", "Parliament", "", "")
    ]


def test_names_alone_are_a_list():
    assert rows("Amina Brook\n\n  Tomás   Rill \n") == [
        (1, "Amina Brook", "", "", "", ""),
        (3, "Tomás Rill", "", "", "", ""),
    ]


def test_a_title_with_commas_is_one_cell_where_semicolons_divide():
    text = "Amina Brook; Director, Wells and Springs; Ministry of Wells, Water, and Rain"

    assert rows(text) == [
        (1, "Amina Brook", "Director, Wells and Springs", "Ministry of Wells, Water, and Rain",
         "", "")
    ]  # fmt: skip


def test_a_cell_of_a_spreadsheet_goes_over_several_lines():
    text = 'Amina Brook\t"Director\nof ""all"" wells"\tMinistry\nTomás Rill\tKeeper\tAgency'

    assert rows(text) == [
        (1, "Amina Brook", 'Director of "all" wells', "Ministry", "", ""),
        (3, "Tomás Rill", "Keeper", "Agency", "", ""),
    ]


def test_a_quotation_mark_that_is_never_closed_swallows_no_line():
    text = 'Amina "Spring Brook\t"Director\tMinistry\nTomás Rill\tKeeper\tAgency'

    assert [row[1] for row in rows(text)] == ['Amina "Spring Brook', "Tomás Rill"]


BROKEN = "This text contains characters that are not text. Type it again."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("; Director; Ministry", ["The name is missing."]),
        ("12345; Director; Ministry", ["“12345” is no name."]),
        (
            "Amina Brook; Director; Ministry; Atlantis",
            ["No country is called “Atlantis”. Write its English name."],
        ),
        (
            "Amina Brook; Director; Ministry; Kongo",
            [
                "“Kongo” may be one of several countries. Write one of: Congo, Democratic Republic"
                " of the (CD), Congo (CG)."
            ],
        ),
        (
            "Amina Brook; Director; Ministry; Brazil; king",
            [
                "No part is called “king”. Write one of: Opened it, Chaired it, Guided it,"
                " Moderator, Speaker, Panellist, Commentator, Took part, Author, Lead coordinator."
            ],
        ),
        (
            f"{'A' * 151}; Director",
            ["Name: shorten this to 150 characters. It has 151 now."],
        ),
        (
            "Amina Brook, Director, Ministry, Brazil, speaker, more, and more",
            ["There are 2 cells too many. Put quotation marks around a cell that holds a comma."],
        ),
        ("  \n \n", ["There is nobody in this list. Write one person on each line."]),
        ("Name; Title; Country", ["There is nobody in this list. Write one person on each line."]),
        ("Amina\x00; Director", [BROKEN]),
        ("\ud800; Director", [BROKEN]),
        (
            "\n".join(f"Person Number{n}" for n in range(501)),
            ["Up to 500 people are read at once. There are 501 here: make two lists of it."],
        ),
        ("A" * 200_001, ["This text is too long for a list of people."]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(text: str, said: list[str]):
    assert problems(text) == said
    assert not speakers.read(text).is_good


def test_a_line_that_is_wrong_does_not_hide_the_others():
    reading = speakers.read("Amina Brook; Director\n; nobody\nTomás Rill; Keeper")

    assert [row.number for row in reading.lines] == [1, 2, 3]
    assert [row.number for row in reading.bad] == [2]


def test_marks_that_turn_text_around_and_control_characters_go():
    assert rows("Amina\u202e Brook\x07; <b>Director</b>; =1+1") == [
        (1, "Amina Brook", "<b>Director</b>", "=1+1", "", "")
    ]


@pytest.mark.parametrize("language", ["en", "fr", "ar", "zh-hans"])
def test_parts_are_read_by_their_names_in_every_language(language: str):
    with translation.override(language):
        assert [speakers.read_role(str(role.label)) for role in ContributionRole] == [
            role.value for role in ContributionRole
        ]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str):
    reading = speakers.read(text)

    assert all(row.number >= 1 for row in reading.lines)
    assert reading.lines or reading.notes


# --- Whom a name means -----------------------------------------------------------------------


def test_a_name_is_known_without_its_accents_and_what_stands_before_it():
    person = make_person(name="Tomás Rill")
    directory = speakers.Directory()

    for name in ("Tomas Rill", "TOMÁS RILL", "Dr. Tomás Rill", "H.E. Mr Tomás Rill", "Tomás  Rill"):
        assert directory.whom(name) == speakers.Match((person.pk,), is_certain=True), name


def test_another_name_of_a_person_is_known_too():
    person = make_person(name="Tomás Rill")
    PersonName.objects.create(person=person, name="Thomas Rille", reference=make_source())

    assert speakers.Directory().whom("Thomas Rille") == speakers.Match((person.pk,), True)


def test_people_of_one_name_are_asked_about_those_of_the_country_first():
    here = make_person(name="Amina Brook", country_id="ID")
    there = make_person(name="Amina Brook", country_id="BR")
    directory = speakers.Directory()

    assert directory.whom("Amina Brook") == speakers.Match((here.pk, there.pk))
    assert directory.whom("Amina Brook", "BR") == speakers.Match((there.pk, here.pk))


def test_a_name_from_another_country_is_asked_about():
    person = make_person(name="Amina Brook", country_id="ID")

    assert speakers.Directory().whom("Amina Brook", "BR") == speakers.Match((person.pk,))
    assert speakers.Directory().whom("Amina Brook", "ID").is_certain


@pytest.mark.parametrize("written", ["Brook, Amina", "BROOK Amina", "Amina T. Brook"])
def test_the_same_words_otherwise_are_asked_about(written: str):
    person = make_person(name="Amina Brook")

    assert speakers.Directory().whom(written) == speakers.Match((person.pk,))


@pytest.mark.parametrize("written", ["Amina", "Brook", "Amina Spring", "王小明", ""])
def test_who_shares_a_word_only_is_somebody_else(written: str):
    make_person(name="Amina Brook")

    assert speakers.Directory().whom(written).is_new


def test_reading_the_record_costs_two_queries_whatever_it_holds(django_assert_num_queries: Any):
    for n in range(30):
        make_person(name=f"Person Number{n}")

    with django_assert_num_queries(2):
        directory = speakers.Directory()
        assert all(not directory.whom(f"Person Number{n}").is_new for n in range(30))


def test_people_are_told_apart_by_what_this_reader_may_see():
    hub = make_hub()
    editor = make_member(hub, "editor")
    person = make_person(name="Amina Brook", country_id="BR")
    contribute(person, make_event(starts="2020"), title="Keeper", organisation="Wells")
    contribute(person, make_event(starts="2024", is_public=False), title="Secret")

    known = speakers.known([person.pk], editor)

    assert known[person.pk] == speakers.Known(person, "Brazil", "Keeper, Wells")
