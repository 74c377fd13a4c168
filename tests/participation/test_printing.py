"""Badges and letters of invitation: what stands on them, for whom, in which letters."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import threading
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import translation
from pypdf import PdfReader
from pypdf.generic import ByteStringObject, ContentStream, TextStringObject

from accounts.operations import close_account
from core.errors import DomainError
from core.models import AuditEntry
from core.printing import lettering, texts, typesetting
from events.models import Event, Party
from participation import printing
from participation.models import Admission, Category, Registration
from participation.operations import printing as operations
from participation.operations import registering
from tests.events.factories import make_event
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.participation.reading import told, url
from tests.people import browser

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2027, 5, 3, 9, 0, tzinfo=dt.UTC)
#: Markup of what sets the papers, of the web, and of spreadsheets.
EVIL = '#panic("x") $a+b$ @ref <b>bold</b> `code` =1+1 *strong* \\ {{ 7|add:7 }}'


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def event(hub: Any) -> Event:
    """A meeting with registration, whose letters are signed."""
    made = make_event(
        slug="wells-2027", name="Meeting of the well keepers", hub=hub, status="confirmed",
        starts="2027-07-01", ends="2027-07-03", city="Wellington", venue="Hall of Water",
        country_id="ID",
    )  # fmt: skip
    open_registration(
        made,
        signatory="Keeper of the Wells",
        signatory_title="Head of the office",
        letter_text="Show this letter at the border.\r\n\r\nBring a cup.",
        contact="keepers@test.example",
    )
    return made


@pytest.fixture
def organiser(hub: Any) -> Any:
    return make_member(hub, "editor")


@pytest.fixture
def desk(organiser: Any) -> Client:
    return browser(organiser)


def reader(pdf: bytes) -> PdfReader:
    assert pdf.startswith(b"%PDF-")
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """What can be read in a paper, in one line; places to break inside of words left out."""
    text = " ".join(page.extract_text() for page in reader(pdf).pages)
    return " ".join(text.replace("\u200b", "").split())


def squeezed(text: str) -> str:
    return "".join(text.split())


def badge_of(event: Event, name: str, **said: Any) -> bytes:
    return printing.badge(come(event, name=name, **said))


def largest(pdf: bytes) -> float:
    """The size of the largest letters."""
    sizes: list[float] = []

    def seen(text: str, _cm: Any, tm: list[float], _font: Any, size: float) -> None:
        if text.strip():
            sizes.append(abs(tm[3]) * size)

    reader(pdf).pages[0].extract_text(visitor_text=seen)
    return max(sizes)


# --- Badges ------------------------------------------------------------------------------------


def test_a_badge_says_who_somebody_is_and_nothing_invented(event: Event) -> None:
    kind = Category.objects.create(event=event, name="Delegate")
    pdf = badge_of(
        event, "Ana Silva", title="Director", organisation="Institute of Water",
        country=event.country, category=kind,
    )  # fmt: skip

    assert text_of(pdf) == (
        "Meeting of the well keepers 1–3 July 2027 · Wellington, Indonesia Ana Silva Director"
        " Institute of Water Indonesia Delegate 1"
    )
    page = reader(pdf).pages[0]
    assert [round(float(side) / 72 * 25.4, 1) for side in page.mediabox[2:]] == [105.0, 148.5]
    assert len(reader(pdf).pages) == 1


def test_a_paper_can_be_read_aloud(event: Event) -> None:
    row = come(event, name="Ana Silva")
    admission = Admission.objects.get(event=event)
    with translation.override("fr"):
        papers = [
            printing.badge(row), printing.badges(event, [row]), printing.letter(row, admission)
        ]  # fmt: skip

    for pdf in papers:
        root = reader(pdf).trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"].value is True
        assert root["/StructTreeRoot"]["/K"]
        assert root["/Lang"] == "fr"
        assert b"pdfuaid:part>1<" in root["/Metadata"].get_data()
        assert reader(pdf).metadata.title


def test_the_name_is_as_large_as_its_place_allows(event: Event) -> None:
    sizes = [
        largest(badge_of(event, name))
        for name in (
            "Ana Li", "Konstantinopolskaja Irina", "Maria Nikolaus " * 9, "W" * 150
        )
    ]  # fmt: skip

    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == pytest.approx(52)
    assert sizes[-1] <= 12


@pytest.mark.parametrize(
    "name",
    [
        "Ana Silva", "Nguyễn Thị Đặng Ánh", "Ирина Щербакова", "Ŋgũgĩ wa Thiong’o", "Ærø Þórðr",
        "王小明", "歐陽娜娜", "喆堃", "김철수", "やまだ", "नमस्ते", "বাংলা", "สมชาย", "ኢትዮጵያ",
        "Գոռ", "გიორგი",
    ],
)  # fmt: skip
def test_names_are_printed_in_their_own_letters(event: Event, name: str) -> None:
    pdf = badge_of(event, name)

    # Marks above and below may be told twice: with their letter and by themselves.
    said = set(text_of(pdf))
    assert set(name) - said == set()
    assert lettering.BOX not in said


def test_arabic_letters_are_joined(event: Event) -> None:
    """The same letter three times is drawn as three shapes: first, between, last."""
    pdf = badge_of(event, "ههه")

    pages = reader(pdf)
    drawn = [
        part.original_bytes
        for operands, _operator in ContentStream(pages.pages[0].get_contents(), pages).operations
        for operand in operands
        for part in (operand if isinstance(operand, list) else [operand])
        if isinstance(part, (ByteStringObject, TextStringObject))
    ]
    # Each letter is a number of two bytes.
    words = [{word[i : i + 2] for i in range(0, len(word), 2)} for word in drawn if len(word) == 6]
    assert "ه" in text_of(pdf)
    assert 3 in map(len, words)


@pytest.mark.parametrize("name", [EVIL, "w" * 150, "\u202eevil\u2066", "a\u0301" * 70, "𝓐𝓷𝓪"])
def test_a_hostile_name_is_a_name(event: Event, name: str) -> None:
    row = come(event, name="Ana")
    Registration.objects.filter(pk=row.pk).update(name=name, title=name[:150], organisation=name)
    row.refresh_from_db()
    admission = Admission.objects.get(event=event)
    admission.letter_text = admission.signatory = name

    for pdf in (
        printing.badge(row),
        printing.badges(event, [row]),
        printing.letter(row, admission),
    ):
        assert squeezed(lettering.printable(name)) in squeezed(text_of(pdf))
        assert b"pdfuaid:part>1<" in reader(pdf).trailer["/Root"]["/Metadata"].get_data()


def test_what_no_typeface_has_is_a_box_to_write_in(event: Event) -> None:
    rows = [come(event, name=name) for name in ("Ana", "Ana 🙂", "ᬅᬓ᭄ᬱᬭ", "\ue000")]

    alone, sheet = printing.badge(rows[1]), printing.badges(event, rows)

    assert "Ana □" in text_of(alone)
    assert text_of(sheet).endswith(
        "To be completed by hand These names have letters that this portal cannot print. Write"
        " them in: 2, 3, 4"
    )


def test_a_paper_that_cannot_be_read_aloud_is_printed_all_the_same(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "printable", lambda text, **_k: text)

    assert len(reader(badge_of(event, "Ana 🙂")).pages) == 1


def test_badges_come_four_to_a_sheet_by_name(event: Event, desk: Client, organiser: Any) -> None:
    for name in ("eva", "Bo", "Ana", "Dan", "Cy"):
        come(event, name=name)
    declined = come(event, name="Zoe")
    registering.decline(declined, by=organiser, reason="Too late.")

    answer = desk.post(url("badges", event))

    pages = reader(answer.content).pages
    assert [
        [
            word
            for word in page.extract_text().split()
            if word in {"Ana", "Bo", "Cy", "Dan", "eva", "Zoe"}
        ]
        for page in pages
    ] == [["Ana", "Bo", "Cy", "Dan"], ["eva"]]
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [595, 842]
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="wells-2027-badges.pdf"'
    entry = AuditEntry.objects.filter(verb="print_badges").get()
    assert (entry.actor_id, entry.data["rows"]) == (organiser.pk, 5)


def test_many_badges_come_in_parts(
    event: Event, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    for name in ("Ana", "Bo", "Cy"):
        come(event, name=name)

    def said(part: str) -> str:
        return text_of(desk.post(url("badges", event), {"part": part}).content)

    assert ("Bo" in said("1"), "Cy" in said("1")) == (True, False)
    assert ("Bo" in said("2"), "Cy" in said("2")) == (False, True)
    assert said("9") == "Nobody has a place yet."
    for forged in ("", "0", "-1", "x", "²", "9" * 400):
        assert "Ana" in said(forged)


@pytest.mark.parametrize("n", [1, 12])
def test_printing_asks_the_same_however_many_come(
    n: int, event: Event, desk: Client, django_assert_num_queries: Any
) -> None:
    kind = Category.objects.create(event=event, name="Delegate")
    for _n in range(n):
        come(event, category=kind, country=event.country)
    desk.get(event.get_absolute_url())

    with django_assert_num_queries(11):
        assert desk.post(url("badges", event)).status_code == 200


# --- Letters -----------------------------------------------------------------------------------


def test_a_letter_says_who_is_invited_to_what_and_who_signs(event: Event) -> None:
    member = make_user()
    come(event, member, name="Ana Silva", title="Director", organisation="Institute of Water")

    answer = browser(member).get(url("letter", event))

    assert answer["Content-Disposition"] == 'attachment; filename="wells-2027-invitation.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert text_of(answer.content) == (
        "Hub for Wells 3 May 2027 Ana Silva Director Institute of Water Letter of invitation"
        " Event Meeting of the well keepers Date 1–3 July 2027"
        " Place Hall of Water, Wellington, Indonesia Host Hub for Wells Reference wells-2027/1"
        " Dear Ana Silva, We invite you to take part in “Meeting of the well keepers”. You"
        " registered for it, and a place is kept for you. Show this letter at the border."
        " Bring a cup. Keeper of the Wells Head of the office Hub for Wells"
        " Made from the register of Knowledge Hubs on 3 May 2027."
        " http://127.0.0.1:8000/events/wells-2027/"
        " The organisers confirm it: keepers@test.example"
    )


def test_the_host_is_who_the_record_says(event: Event) -> None:
    Party.objects.create(event=event, name="Ministry of Wells", role="host")
    Party.objects.create(event=event, name="League of Cups", role="organiser")
    row = come(event)

    said = text_of(printing.letter(row, Admission.objects.get(event=event)))

    assert "Host Ministry of Wells" in said
    assert "League of Cups" not in said


def test_a_letter_is_in_the_language_of_its_reader(event: Event) -> None:
    row = come(event, name="Ana Silva")
    admission = Admission.objects.get(event=event)

    with translation.override("ar"):
        pdf = printing.letter(row, admission)
    root = reader(pdf).trailer["/Root"]
    with translation.override("ru"):
        dates = text_of(printing.letter(row, admission))

    assert root["/Lang"] == "ar"
    assert "Ana Silva" in text_of(pdf)
    assert "3 мая 2027" in dates


def test_the_letter_for_a_webinar_says_its_hours(hub: Any) -> None:
    begins = dt.datetime(2027, 7, 1, 13, 0, tzinfo=dt.UTC)
    webinar = make_webinar(begins, hub=hub)
    open_registration(webinar, signatory="Keeper of the Wells")
    row = come(webinar)

    said = text_of(printing.letter(row, Admission.objects.get(event=webinar)))

    assert "Thursday 1 July 2027, 13:00–14:15 UTC" in said


@pytest.mark.parametrize("what", ["letter", "badge"])
def test_papers_are_for_people_with_a_place(what: str, event: Event, organiser: Any) -> None:
    Admission.objects.filter(event=event).update(places=1)
    first, second = make_user(), make_user()
    come(event, first)
    come(event, second)

    assert browser().get(url(what, event)).status_code == 302
    assert browser(make_user()).get(url(what, event)).status_code == 404
    waiting = browser(second)
    refused = waiting.get(url(what, event), follow=True)
    assert refused.redirect_chain == [(url("registration", event), 302)]
    assert told(refused) == ["Badges and letters of invitation are for people with a place."]
    assert browser(first).get(url(what, event)).status_code == 200
    assert browser(first).post(url(what, event)).status_code == 405
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    assert told(browser(first).get(url(what, event), follow=True)) == ["This event is cancelled."]


def test_nobody_gets_a_letter_that_nobody_signs(event: Event, desk: Client) -> None:
    Admission.objects.filter(event=event).update(signatory="")
    member = make_user()
    row = come(event, member)

    own = browser(member).get(url("letter", event), follow=True)
    theirs = desk.get(url("letter-of", event, row.uid), follow=True)

    words = ["The organisers have not said yet who signs letters of invitation."]
    assert (told(own), told(theirs)) == (words, words)
    assert theirs.redirect_chain == [(url("admission", event), 302)]
    assert browser(member).get(url("badge", event)).status_code == 200


def test_organisers_print_the_letters_of_their_event_only(event: Event, desk: Client) -> None:
    member = make_user()
    row = come(event, member, name="Ana Silva")
    elsewhere = make_event(is_public=True)
    others = make_member(make_hub(), "editor")

    assert "Ana Silva" in text_of(desk.get(url("letter-of", event, row.uid)).content)

    def answered(who: Any, where: Event = event, uid: str = row.uid) -> int:
        return browser(who).get(url("letter-of", where, uid)).status_code

    moderator = make_user(is_staff=True)
    seen = {
        "visitor": answered(None),
        "participant": answered(member),
        "others": answered(others),
        "moderator": answered(moderator),
        "unknown": answered(moderator, uid="nobody"),
        "another event": answered(moderator, elsewhere),
    }
    assert seen == {
        "visitor": 302, "participant": 403, "others": 403, "moderator": 200, "unknown": 404,
        "another event": 404,
    }  # fmt: skip
    registering.withdraw(row, by=member)
    refused = desk.get(url("letter-of", event, row.uid), follow=True)
    assert refused.redirect_chain == [(url("registration-of", event, row.uid), 302)]
    assert told(refused) == ["Badges and letters of invitation are for people with a place."]


def test_only_organisers_take_all_badges(event: Event, desk: Client) -> None:
    others = make_member(make_hub(), "editor")

    assert browser().post(url("badges", event)).status_code == 302
    assert browser(make_user()).post(url("badges", event)).status_code == 403
    assert browser(others).post(url("badges", event)).status_code == 403
    assert desk.get(url("badges", event)).status_code == 405
    assert text_of(desk.post(url("badges", event)).content) == "Nobody has a place yet."
    assert desk.post(url("badges", make_event(is_public=False))).status_code == 404


def test_the_operations_refuse_strangers_themselves(event: Event) -> None:
    row, stranger = come(event), make_user()

    for refused in (
        lambda: operations.with_a_place(row, by=stranger),
        lambda: operations.signed_for(row, by=stranger),
        lambda: operations.take_badges(event, by=stranger),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    with pytest.raises(DomainError, match="with a place"):
        registering.withdraw(row, by=row.user)
        row.refresh_from_db()
        operations.with_a_place(row, by=row.user)


def test_a_closed_account_has_no_badge(event: Event, desk: Client) -> None:
    member = make_user()
    come(event, member, name="Ana Silva")
    close_account(by=member, user=member)

    assert text_of(desk.post(url("badges", event)).content) == "Nobody has a place yet."


def test_the_list_of_registrations_has_a_button_for_each_part(
    event: Event, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buttons() -> list[str]:
        page = desk.get(url("organise", event)).content.decode()
        return re.findall(r'name="part" value="\d+">([^<]*)<', page)

    assert buttons() == []
    for _n in range(3):
        come(event)
    assert buttons() == ["Download badges, four to a sheet (PDF)"]
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    assert buttons() == ["Badges 1 to 2 (PDF)", "Badges 3 to 3 (PDF)"]


# --- The workshop ------------------------------------------------------------------------------


def test_papers_are_made_at_once_in_several_threads(event: Event) -> None:
    row = come(event, name="Ana Silva")
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(printing.badge(row))) for _n in range(6)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["Ana Silva" in text_of(pdf) for pdf in made] == [True] * 6


def test_every_typeface_is_listed_with_its_fingerprint_and_its_licence() -> None:
    lines = (lettering.FONTS / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: fingerprint for fingerprint, name in (line.split() for line in lines)}
    files = {path.name: path.read_bytes() for path in lettering.FONTS.glob("*.ttf")}

    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert "SIL OPEN FONT LICENSE" in (lettering.FONTS / "OFL.txt").read_text("utf-8")
    families = {family.replace(" ", "") for family in typesetting.FAMILIES}
    assert {name.partition("-")[0] for name in files} == families


def test_the_letters_covered_are_those_of_the_eight_languages_and_more() -> None:
    covered = lettering.covered()

    for text in (
        "áéíóúüñ¿¡«»çãõâêôàèùœÿ“”’–…", "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
        "ءاأإبتثجحخدذرزسشصضطظعغفقكلمنهوي",
        "的一是在不了有和人这中大为上个国", "ạảấầẩẫậắằẳẵặẹẻẽếềểễệ", "ɓɗɛɔŋƴ", "□",
    ):  # fmt: skip
        assert [char for char in text if ord(char) not in covered] == []
    assert len(covered) > 14_000


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Ana\u00a0Silva", "Ana\u00a0Silva"),
        ("Zoë", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("𝓐𝓷𝓪", "Ana"),
        ("A\ufe0fB\u200e", "AB\u200e"),
        ("\U0001f1e7\U0001f1f7", "□□"),
        ("a\x07b\x00", "ab"),
    ],
)
def test_text_is_made_fit_for_print(typed: str, printed: str) -> None:
    assert lettering.printable(typed) == printed


def test_what_prints_is_not_loaded_with_the_portal() -> None:
    """A worker or a command that prints nothing does without 80 MB."""
    found = [
        path.name
        for folder in ("core", "participation")
        for path in (typesetting.ROOT / folder).rglob("*.py")
        if re.search(r"^(import|from) typst", path.read_text("utf-8"), re.MULTILINE)
    ]

    assert found == []
