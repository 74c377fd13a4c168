"""Bibliographies of other programs: read with care, looked at first, taken over once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from community.library import reading, writing
from community.library.reading import Unreadable, letters, read
from community.models import LibraryItem, LibraryUpload
from community.operations import bibliographies, library
from tests.community.factories import make_member
from tests.factories import reference

MANY = "@book{{k{n}, title = {{Wells number {n} of the long series}}, year = 2000}}\n"


def told(text: str) -> list[dict[str, Any]]:
    return [row.told for row in read(text.encode()).rows]


# --- Reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"Caf\'e {\"o} M{\"u}ller \c{c} \v{S} \~n {\'{E}}", "Café ö Müller ç Š ñ É"),
        (r"\ss{} \o{} \aa{} \L{} {\i}", "ß ø å Ł ı"),
        (r"Wells \& rain: 100\% of \$5", "Wells & rain: 100% of $5"),
        ("100% of it", "100% of it"),
        ("{{Bali} Communiqué}", "Bali Communiqué"),
        ("a~b --- c", "a b — c"),
        (r"Oslo \emph{and} \textbf{more}", "Oslo and more"),
        (r"\input{/etc/passwd}x", "x"),
        ("{" * 500 + "x" + "}" * 500, "x"),
        ("\\" * 999, ""),
    ],
)
def test_tex_becomes_letters(tex, text):
    assert letters(tex) == text


def test_an_entry_is_read_with_its_names_date_and_place():
    (work,) = told(
        r"""@string{wbi = "World Bank" # { Institute}}
        @InCollection{a,
          author = "Freres, Christian and {Schulz and Sons} and M{\"u}ller, Ana and others",
          title = {Emerging {L}essons}, booktitle = "The Book", publisher = wbi # ", Paris",
          month = jul, year = 2011, pages = {3--9}, doi = {https://doi.org/10.1234/X_1},
          url = {https://wells.example/a\_b}, keywords = {water; dry land}, language = {English}}
        """
    )
    assert work == {
        "title": "Emerging Lessons",
        "authors": "Freres, Christian; Schulz and Sons; Müller, Ana; and others",
        "publication": "chapter",
        "date": "2011-07",
        "publisher": "World Bank Institute, Paris",
        "container": "The Book",
        "pages": "3–9",
        "doi": "10.1234/x_1",
        "url": "https://wells.example/a_b",
        "language": "en",
    }


def test_a_chapter_takes_from_its_volume_and_a_loop_leads_nowhere():
    works = told(
        "@inbook{a, title={One}, crossref={b}}\n"
        "@book{b, title={Two}, year=1999, crossref={a}}\n@misc{c, title={C}, crossref={c}}"
    )
    assert (works[0]["container"], works[0]["date"]) == ("Two", "1999")
    assert [work["title"] for work in works] == ["One", "Two", "C"]


def test_ris_is_read_with_lines_that_go_on():
    (work,) = told(
        "TY  - JOUR\r\nAU  - Núñez, Ana\r\nA1  - B; C\r\nTI  - Wells\r\n  and rain\r\n"
        "PY  - 2012\r\nDA  - 2012/07/10/\r\nJO  - Journal\r\nSP  - 1\r\nEP  - 9\r\n"
        "DO  - 10.1234/A\r\nER  - \r\n"
    )
    assert work["title"] == "Wells and rain"
    assert work["authors"] == "Núñez, Ana; B, C"
    assert (work["date"], work["pages"], work["doi"]) == ("2012-07-10", "1–9", "10.1234/a")


def test_what_cannot_be_read_is_one_row_with_its_line_and_the_rest_is_read():
    rows = read(
        b"@book{a, title={One}}\n\n@book{b, title={Two\n@book{c, title={Three}}\n@book{d, year=1}"
    ).rows
    assert [(row.line, bool(row.problem)) for row in rows] == [
        (1, False),
        (3, True),
        (4, False),
        (5, True),
    ]
    rows = read(b"TY  - BOOK\nTI  - One\nTY  - BOOK\nTI  - Two\nER  -\nAU  - X\n").rows
    assert [(row.line, bool(row.problem)) for row in rows] == [(1, True), (3, False), (6, True)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"Dear all, this is no bibliography.",
        b"\x00\x01@book{a}",
        b"@string{a = {b}}",
        b"@book{a, title={" + b"x" * reading.MOST_BYTES + b"}}",
        "".join(MANY.format(n=n) for n in range(1001)).encode(),
        b"@" * 200_000,
        b"@a{" * 300_000,
    ],
)
def test_what_is_no_bibliography_or_too_much_is_refused_with_the_reason(data):
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "@book{a, title=" + "{" * 400_000 + "}" * 400_000 + "}",
        "@book{a, title=" + "{" * 900_000,
        "@book{a, title={" + r"\'" * 400_000 + "}}",
        "@book{a, title={" + "x" * 1_000_000 + "}}",
        "@book{a, title={x}, author={" + "a and " * 150_000 + "b}}",
        "@book{a, title=" + "x # " * 200_000 + "x}",
        "@book{a, " + ",".join(f"f{n}={{x}}" for n in range(50_000)) + "}",
        "@string{a0={xxxxxxxxxx}}\n"
        + "".join(f"@string{{a{n} = a{n - 1} # a{n - 1} # a{n - 1}}}\n" for n in range(1, 60))
        + "@book{a, title=a59}",
        "@string{a = b}@string{b = a}@book{a, title=a}",
        "@book{a, title={" + r"\begin{x}" * 50_000 + "}}",
        "TY  - BOOK\n" + "AU  - x\n" * 80_000 + "TI  - y\nER  -\n",
        "TY  - BOOK\nTI  - " + "\u0301" * 400_000 + "\nER  -\n",
    ],
)
def test_hostile_text_costs_little_and_gives_rows_that_fit(text):
    began = time.process_time()
    rows = read(text.encode()).rows
    assert time.process_time() - began < 5
    for row in rows:
        for name, value in row.told.items():
            assert len(value) <= reading.LONGEST.get(name, 400)


def test_broken_encodings_are_read_as_what_they_are_likely_to_be():
    assert told("@book{a, title={Ação}}")[0]["title"] == "Ação"
    found = read("@book{a, title={Ação}}".encode("cp1252"))
    assert found.rows[0].told["title"] == "Ação"
    assert found.notes
    assert read("@book{a, title={Ação}}".encode("utf-16")).rows[0].told["title"] == "Ação"


# --- Looking and taking over -------------------------------------------------------------------

FILE = """
@book{a, title={Deep wells in dry land and what they cost}, year=2012, author={Ana B}}
@book{b, title={Rain}, year=2013, doi={10.1234/rain}}
@book{c, title={Rain}, year=2013, doi={10.1234/rain}}
@book{d, year=2013}
@book{e, title={Deep wells in dry land and what they cost: a study}, author={Ana B}}
"""


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
def test_nothing_is_written_before_it_is_taken_over_and_each_row_says_what_it_is():
    library.propose(
        by=make_member(), title="Deep wells in dry land and what they cost", date="2012",
        authors="Ana B",
    )  # fmt: skip
    member = make_member()
    browser = signed_in(member)
    url = reverse("community:library-import")
    upload = SimpleUploadedFile("mine.bib", FILE.encode())

    page = browser.post(url, {"file": upload}, follow=True)

    assert LibraryItem.objects.count() == 1
    rows = page.context["page_obj"].object_list
    assert [row.verdict for row in rows] == ["there", "new", "twice", "bad", "maybe"]
    assert "mine.bib" in page.content.decode()
    assert signed_in(make_member()).get(page.request["PATH_INFO"]).status_code == 404

    browser.post(page.request["PATH_INFO"], {"row": ["1", "2", "4", "99", "x"]})
    assert LibraryItem.objects.count() == 2
    browser.post(page.request["PATH_INFO"], {"row": ["2", "5"]})
    assert LibraryItem.objects.count() == 3, "a row is taken once; the likely one was looked at"
    again = browser.post(url, {"text": FILE}, follow=True)
    verdicts = [row.verdict for row in again.context["page_obj"].object_list]
    assert verdicts == ["there", "taken", "there", "bad", "taken"]
    assert LibraryUpload.objects.count() == 1


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_is_refused_at_its_field_and_the_text_stays():
    browser = signed_in(make_member())
    url = reverse("community:library-import")
    page = browser.post(url, {"text": "Nothing <b>of it</b>"})
    assert page.status_code == 422
    assert "Nothing &lt;b&gt;of it" in page.content.decode()
    assert browser.post(url, {}).status_code == 422
    big = SimpleUploadedFile("big.bib", b"@" * (reading.MOST_BYTES + 1))
    page = browser.post(url, {"file": big})
    assert "more than 1 MB" in page.content.decode()
    assert not LibraryUpload.objects.exists()


@pytest.mark.django_db
def test_what_a_new_member_brings_waits(client: Client):
    member = make_member(trust="new")
    upload = bibliographies.keep_upload(by=member, data=FILE.encode())
    bibliographies.take_over(upload, by=member, numbers={1, 2})
    assert set(LibraryItem.objects.values_list("state", flat=True)) == {"proposed"}
    assert client.get(reverse("community:library")).context["list"].total == 0


@pytest.mark.django_db
def test_a_preview_of_a_thousand_entries_asks_a_fixed_number_of_questions(
    django_assert_max_num_queries: Any,
):
    member = make_member()
    data = "".join(MANY.format(n=n) for n in range(1000)).encode()
    upload = bibliographies.keep_upload(by=member, data=data)
    with django_assert_max_num_queries(3):
        rows = bibliographies.judged(upload, member)
    assert bibliographies.counted(rows) == {"new": 1000}


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["bib", "ris"])
def test_what_is_exported_is_known_when_it_is_read_back(ending, client: Client):
    reference()
    member = make_member()
    works = [
        {"title": "Wells & rain: 100% of {both} #1_x ~ ^ \\ $5", "authors": "Müller, A; WBI (B)"},
        {"title": "Ação -- “quoted” ‘words’ — и ещё 知识", "date": "2012-07-10", "language": "pt"},
        {"title": "An article", "publication": "article", "container": "J. of Wells",
         "volume": "3", "issue": "2", "pages": "11–19", "date": "2012", "tags": ["dry land", "b"]},
        {"title": "A declaration", "publication": "communique", "doi": "10.1234/a_b(c)"},
        {"title": "A book", "publication": "book", "isbn": "9780306406157",
         "abstract": "Line one.\nLine two with {braces} and 5% of it."},
        {"title": "A page", "publication": "page", "url": "https://wells.example/a_b?c=1&d=%20x"},
    ]  # fmt: skip
    for work in works:
        library.propose(by=member, **work)
    data = client.get(reverse("community:library-export"), {"format": ending}).getvalue()

    upload = bibliographies.keep_upload(by=member, data=data)

    rows = bibliographies.judged(upload, member)
    assert [row.verdict for row in rows] == ["there"] * len(works)
    items = {item.reference.title: item for item in LibraryItem.objects.all()}
    for row in rows:
        item = items[row.item.reference.title]
        for name in ("doi", "isbn", "volume", "issue", "pages", "publication"):
            assert row.row["told"].get(name, "") == getattr(item, name), name
        assert row.row["told"].get("date", "") == item.reference.date
        assert set(row.row["tags"]) == set(item.tags.names())


def test_every_format_is_written_by_the_ending_of_its_file():
    assert list(writing.FORMATS) == ["bib", "ris", "json"]
