"""Citations: one line for people, files for reference managers, each with its own traps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from django.test import Client

from catalogue.citations import Citation, bibtex, csl, ris
from catalogue.models import Contributor
from tests import factories
from tests.catalogue.test_record import publish_as_is

CITATION = Citation(
    reference="S-0042",
    version=2,
    title="Wells tested by volunteers",
    authors=("Ana Souza", "Institute of Water"),
    dated=date(2013, 6, 3),
    publisher="Knowledge Hubs",
    url="https://hubs.test.example/solutions/S-0042/",
    language="en",
    summary="Volunteers test wells.",
)
HOSTILE = (
    'Fish & chips: 50% of $5 #1 {open} \\input{x} ~a^b_c “quoted” "plain" ünïcödé'
    "\nER  - \r\nTI  - no"
)


def test_the_line_names_the_version_that_was_read() -> None:
    assert CITATION.line == (
        "Ana Souza, Institute of Water (2013). Wells tested by volunteers. "
        "Knowledge Hubs, S-0042, version 2. https://hubs.test.example/solutions/S-0042/"
    )
    assert replace(CITATION, authors=(), note="Example record").line == (
        "Wells tested by volunteers (2013). Knowledge Hubs, S-0042, version 2. "
        "https://hubs.test.example/solutions/S-0042/ [Example record]"
    )


def test_bibtex_is_written_whole() -> None:
    assert bibtex(CITATION) == (
        "@misc{S-0042-v2,\n"
        "  author = {{Ana Souza} and {Institute of Water}},\n"
        "  title = {{Wells tested by volunteers}},\n"
        "  year = {2013},\n"
        "  month = {6},\n"
        "  howpublished = {Knowledge Hubs, S-0042, version 2},\n"
        "  publisher = {Knowledge Hubs},\n"
        "  number = {S-0042},\n"
        "  version = {2},\n"
        "  url = {https://hubs.test.example/solutions/S-0042/},\n"
        "  language = {en},\n"
        "  abstract = {Volunteers test wells.}\n"
        "}\n"
    )


def test_bibtex_names_what_has_a_meaning_to_tex_and_keeps_braces_balanced() -> None:
    entry = bibtex(replace(CITATION, title=HOSTILE, authors=("Smith and {Sons",)))
    assert (
        r"title = {{Fish \& chips: 50\% of \$5 \#1 \textbraceleft{}open\textbraceright{} "
        r"\textbackslash{}input\textbraceleft{}x\textbraceright{} "
        r"\textasciitilde{}a\textasciicircum{}b\_c “quoted”"
    ) in entry
    assert r"author = {{Smith and \textbraceleft{}Sons}}" in entry
    assert entry.count("{") == entry.count("}")


def test_ris_is_written_whole() -> None:
    assert ris(CITATION) == (
        "TY  - ELEC\r\n"
        "AU  - Ana Souza\r\n"
        "AU  - Institute of Water\r\n"
        "TI  - Wells tested by volunteers\r\n"
        "PY  - 2013\r\n"
        "DA  - 2013/06/03\r\n"
        "PB  - Knowledge Hubs\r\n"
        "M1  - S-0042\r\n"
        "ET  - 2\r\n"
        "LA  - en\r\n"
        "AB  - Volunteers test wells.\r\n"
        "UR  - https://hubs.test.example/solutions/S-0042/\r\n"
        "ER  - \r\n"
    )


def test_csl_is_written_whole() -> None:
    assert json.loads(csl(CITATION)) == [
        {
            "id": "S-0042-v2",
            "type": "webpage",
            "title": "Wells tested by volunteers",
            "author": [{"literal": "Ana Souza"}, {"literal": "Institute of Water"}],
            "issued": {"date-parts": [[2013, 6, 3]]},
            "publisher": "Knowledge Hubs",
            "number": "S-0042",
            "version": "2",
            "URL": "https://hubs.test.example/solutions/S-0042/",
            "language": "en",
            "abstract": "Volunteers test wells.",
        }
    ]


@pytest.mark.django_db
def test_line_breaks_in_a_record_open_no_new_entry(client: Client) -> None:
    draft = factories.complete_snapshot(title=HOSTILE[:150], owner_institution="A\nB\x85C")
    Contributor.objects.filter(solution=draft).delete()
    url = publish_as_is(draft).get_absolute_url()
    lines = client.get(f"{url}cite.ris").content.decode().split("\r\n")
    assert [line[:6] for line in lines if line.startswith(("TI", "ER", "AU"))] == [
        "AU  - ",
        "TI  - ",
        "ER  - ",
    ]
    assert "AU  - A B C" in lines
    assert json.loads(client.get(f"{url}cite.json").content)[0]["title"].startswith("Fish & chips")
    entry = client.get(f"{url}cite.bib").content.decode()
    assert entry.count("{") == entry.count("}")


@pytest.mark.django_db
def test_authors_are_people_named_as_authors_or_else_the_institution(client: Client) -> None:
    draft = factories.complete_snapshot()
    Contributor.objects.filter(solution=draft).update(name="Ana Souza")
    Contributor.objects.create(solution=draft, name="A funder", role="funder")
    url = publish_as_is(draft).get_absolute_url()
    assert json.loads(client.get(f"{url}cite.json").content)[0]["author"] == [
        {"literal": "Ana Souza"}
    ]
    Contributor.objects.filter(name="Ana Souza").delete()
    publish_as_is(draft)
    assert json.loads(client.get(f"{url}cite.json").content)[0]["author"] == [
        {"literal": "Institute of Water"}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ending", "content_type"),
    [
        ("bib", "application/x-bibtex; charset=utf-8"),
        ("ris", "application/x-research-info-systems; charset=utf-8"),
        ("json", "application/vnd.citationstyles.csl+json; charset=utf-8"),
    ],
)
def test_files_are_named_by_the_number(ending: str, content_type: str, client: Client) -> None:
    solution = publish_as_is(factories.complete_snapshot())
    response = client.get(f"{solution.get_absolute_url()}cite.{ending}")
    assert response["Content-Type"] == content_type
    assert (
        response["Content-Disposition"] == f'attachment; filename="{solution.reference}.{ending}"'
    )
    assert client.get(f"/solutions/S-9999/cite.{ending}").status_code == 404
    assert client.get(f"{solution.get_absolute_url()}cite.exe").status_code == 404


@pytest.mark.django_db
def test_the_address_in_a_citation_has_no_language(client: Client) -> None:
    solution = publish_as_is(factories.complete_snapshot())
    entry = client.get(f"/fr{solution.get_absolute_url()}cite.json").content
    assert json.loads(entry)[0]["URL"] == f"http://127.0.0.1:8000/solutions/{solution.reference}/"
