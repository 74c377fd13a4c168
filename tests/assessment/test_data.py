"""The edition that comes with the portal: complete, distinct, loaded once, frozen in force."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from assessment import loading
from assessment.models import Assessment, Dimension, Framework, Statement
from tests.assessment.factories import framework, opened

CODES = ["identify", "package", "partner", "results", "structure", "money"]


@pytest.fixture(scope="module")
def edition() -> dict[str, Any]:
    return loading.document("framework-1.0.json")


@pytest.fixture(scope="module")
def statements(edition: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for dimension in edition["dimensions"] for row in dimension["statements"]]


# --- The file --------------------------------------------------------------------------------


def test_six_dimensions_have_three_statements_on_each_of_four_levels(
    edition: dict[str, Any],
) -> None:
    assert [dimension["code"] for dimension in edition["dimensions"]] == CODES
    for dimension in edition["dimensions"]:
        wanted = [
            (f"{dimension['code']}-{level}-{place}", level)
            for level in (1, 2, 3, 4)
            for place in (1, 2, 3)
        ]
        assert [(row["code"], row["level"]) for row in dimension["statements"]] == wanted


def test_no_two_statements_steps_or_proofs_of_a_dimension_say_the_same(
    statements: list[dict[str, Any]],
) -> None:
    for name in ("code", "text", "step", "proof"):
        counted = Counter(row[name] for row in statements)
        assert [text for text, times in counted.items() if times > 1] == []


def test_every_text_is_a_sentence_within_its_column(
    edition: dict[str, Any], statements: list[dict[str, Any]]
) -> None:
    rows = [(Statement, statements, ("text", "proof", "step"))]
    rows += [(Dimension, edition["dimensions"], ("title", "short", "text"))]
    for model, entries, names in rows:
        for entry in entries:
            for name in names:
                text = entry[name]
                assert text == text.strip()
                assert 0 < len(text) <= model._meta.get_field(name).max_length
                assert text[0].isupper()
    for row in statements:
        for name in ("text", "proof", "step"):
            assert row[name].endswith("."), row["code"]
            assert "!" not in row[name]
            assert "  " not in row[name]


def test_efforts_differ_enough_that_the_cheapest_steps_mean_something(
    statements: list[dict[str, Any]],
) -> None:
    by_level: dict[int, list[int]] = {}
    for row in statements:
        assert 1 <= row["effort"] <= 120
        by_level.setdefault(row["level"], []).append(row["effort"])
    sums = [sum(by_level[level]) for level in (1, 2, 3, 4)]
    assert sums == sorted(sums)
    assert len({row["effort"] for row in statements}) >= 30
    for code in CODES:
        for level in (1, 2, 3, 4):
            efforts = [
                row["effort"] for row in statements if row["code"].startswith(f"{code}-{level}-")
            ]
            assert len(set(efforts)) == 3, (code, level)


def test_the_file_says_where_it_comes_from_and_that_efforts_are_estimates(
    edition: dict[str, Any],
) -> None:
    for words in ("Focus Session 12", "Chapter 4", "Annex 1", "estimate"):
        assert words in edition["note"]


# --- Loading ---------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a file of an edition in place of the one that comes with the portal."""

    def write(data: dict[str, Any]) -> None:
        monkeypatch.setattr(loading, "DATA", tmp_path)
        (tmp_path / "framework-1.0.json").write_text(json.dumps(data), encoding="utf-8")

    return write


def test_the_first_edition_is_in_force_at_once_and_loading_again_changes_nothing() -> None:
    (loaded,) = loading.load_framework()
    assert (loaded.version, loaded.state) == ("1.0", Framework.State.IN_FORCE)
    assert loaded.in_force_since is not None
    assert Statement.objects.filter(dimension__framework=loaded).count() == 72
    assert loading.load_framework() == []
    assert Statement.objects.count() == 72


def test_a_corrected_file_does_not_change_an_edition_that_is_there(
    file: Any, edition: dict[str, Any]
) -> None:
    framework()
    corrected = json.loads(json.dumps(edition))
    corrected["dimensions"][0]["statements"][0]["text"] = "Something else."
    corrected["dimensions"][0]["statements"][0]["effort"] = 99
    file(corrected)
    assert loading.load_framework() == []
    row = Statement.objects.get(code="identify-1-1")
    said = edition["dimensions"][0]["statements"][0]
    assert (row.text, row.effort) == (said["text"], said["effort"])


def test_a_new_version_is_a_draft_beside_the_edition_in_force(
    file: Any, edition: dict[str, Any]
) -> None:
    _group, assessment = opened()
    newer = {**edition, "version": "1.1"}
    file(newer)
    (loaded,) = loading.load_framework()
    assert (loaded.version, loaded.state) == ("1.1", Framework.State.DRAFT)
    assert framework().version == "1.0"
    assert Assessment.objects.get(pk=assessment.pk).framework.version == "1.0"


def test_translations_arrive_later_for_sentences_that_still_say_the_same(
    file: Any, edition: dict[str, Any]
) -> None:
    translated = json.loads(json.dumps(edition))
    for dimension in translated["dimensions"]:
        for entry in (dimension, *dimension["statements"]):
            entry.pop("translations", None)
    file(translated)
    framework()
    first, second = translated["dimensions"][0]["statements"][:2]
    first["translations"] = {"fr": {"text": "Une phrase."}}
    second["translations"] = {"fr": {"text": "Une autre."}}
    second["text"] = "Corrected in the file only."
    translated["dimensions"][0]["translations"] = {"fr": {"title": "Repérer"}}
    file(translated)
    loading.load_framework()
    with translation.override("fr"):
        assert str(Statement.objects.get(code="identify-1-1")) == "Une phrase."
        assert Dimension.objects.get(code="identify").name == "Repérer"
        other = Statement.objects.get(code="identify-1-2")
        assert (str(other), other.is_foreign()) == (
            edition["dimensions"][0]["statements"][1]["text"],
            True,
        )


def test_every_text_of_the_edition_speaks_every_language_of_the_portal(
    edition: dict[str, Any],
) -> None:
    entries = [
        entry
        for dimension in edition["dimensions"]
        for entry in (dimension, *dimension["statements"])
    ]
    names = ("title", "short", "text", "proof", "step")

    assert [
        (entry["code"], language, name)
        for entry in entries
        for language in ("ar", "es", "fr", "id", "pt", "ru", "zh")
        for name in names
        if entry.get(name) and not entry["translations"][language].get(name)
    ] == []


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Statement, {"text": "Other."}),
        (Statement, {"step": "Other."}),
        (Statement, {"level": 2}),
        (Statement, {"effort": 2}),
        (Statement, {"code": "other"}),
        (Dimension, {"title": "Other"}),
        (Dimension, {"code": "other"}),
    ],
)
def test_the_database_refuses_to_change_an_edition_in_force(
    model: Any, values: dict[str, Any]
) -> None:
    framework()
    row = model.objects.order_by("pk").first()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=row.pk).update(**values)
    model.objects.filter(pk=row.pk).update(translations={"fr": {"text": "Oui."}})
