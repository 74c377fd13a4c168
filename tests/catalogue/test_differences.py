"""What changed between two versions, said so that a person can read it."""

from __future__ import annotations

from typing import Any

import pytest

from catalogue.content import document_of
from catalogue.differences import (
    ADDED,
    CHANGED,
    EFFORT,
    REMOVED,
    SAME,
    Effort,
    Piece,
    differences,
    paragraphs_of,
    pieces_of,
    words_of,
)
from tests import factories


def spoken(pieces: Any) -> str:
    """Pieces in one line: [-what went-] and {+what came+}."""
    marks = {SAME: "{}", REMOVED: "[-{}-]", ADDED: "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ""),
        ("", "All new", "{+All new+}"),
        ("All gone", "", "[-All gone-]"),
        ("The same", "The same", "The same"),
        ("Half of the wells", "Most of the wells", "[-Half-]{+Most+} of the wells"),
        ("It costs 12 USD.", "It costs 15 USD.", "It costs [-12-]{+15+} USD."),
        ("one two three", "one three", "one [-two -]three"),
        # One edit, not a patchwork around a comma and an "of".
        (
            "paid by the ministry of health alone",
            "paid by four districts of Kano alone",
            "paid by [-the ministry of health-]{+four districts of Kano+} alone",
        ),
        # Marks stay with their letters.
        ("हिन्दी भाषा", "हिन्दी लिपि", "हिन्दी [-भाषा-]{+लिपि+}"),
        # A script without spaces is compared character by character.
        ("知识中心网络项目", "知识分享网络项目", "知识[-中心-]{+分享+}网络项目"),
        ("مركز المعرفة الوطني", "مركز المعرفة الإقليمي", "مركز المعرفة [-الوطني-]{+الإقليمي+}"),
    ],
)
def test_texts_are_compared_word_by_word(before: str, after: str, expected: str) -> None:
    assert spoken(pieces_of(before, after)) == expected


@pytest.mark.parametrize(
    "text", ["", "a", "  two  spaces ", "O’Neill’s wells, 3.5 %", "नमस्ते दुनिया"]
)
def test_words_joined_again_are_the_text(text: str) -> None:
    assert "".join(words_of(text)) == text


def test_both_sides_can_be_read_back_from_the_pieces() -> None:
    before = "The district decides within a week which wells to close, and says so."
    after = "Within two weeks the district says which wells it closes, and where water is brought."
    pieces = pieces_of(before, after)
    assert "".join(p.text for p in pieces if p.kind != ADDED) == before
    assert "".join(p.text for p in pieces if p.kind != REMOVED) == after


def test_unchanged_paragraphs_are_counted_and_an_inserted_one_stands_alone() -> None:
    before = "First.\nSecond one about the wells.\nThird."
    after = "First.\nAn entirely new thought comes here.\nSecond one about the deep wells.\nThird."
    found = paragraphs_of(before, after)
    assert [p.skipped or spoken(p.pieces) for p in found] == [
        1,
        "{+An entirely new thought comes here.+}",
        "Second one about the {+deep +}wells.",
        1,
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ab " * 33_000, "ba " * 33_000),
        ("a " * 50_000, "a " * 49_000 + "b " * 1_000),
        (" ".join(map(str, range(17_000))), " ".join(map(str, range(17_000, 0, -1)))),
        ("x" * 100_000, "x" * 50_000 + "y" * 50_000),
        ("\n".join("a" * 9 for _ in range(10_000)), "\n".join("b" * 9 for _ in range(10_000))),
        (
            "\n".join(f"line {n} is here" for n in range(5_000)),
            "\n".join(f"line {n} is there" for n in range(5_000)),
        ),
        ("字" * 100_000, "典" * 100_000),
    ],
)
def test_a_hundred_thousand_characters_take_a_bounded_number_of_steps(
    before: str, after: str
) -> None:
    effort = Effort()
    found = paragraphs_of(before, after, effort)
    # One text may overshoot by the last round it had begun, never more.
    assert effort.left > -EFFORT
    assert "".join(p.text for f in found for p in f.pieces if p.kind == REMOVED)


# --- Records -----------------------------------------------------------------------------


@pytest.fixture
def content(db: None) -> dict[str, Any]:
    solution = factories.complete_full()
    solution.refresh_from_db()
    return document_of(solution).content


def changed(content: dict[str, Any], **fields: Any) -> list[Any]:
    return differences(content, content | fields)


def test_nothing_changed_says_nothing(content: dict[str, Any]) -> None:
    assert changed(content) == []


def test_rich_text_is_compared_as_the_text_a_reader_sees(content: dict[str, Any]) -> None:
    [found] = changed(
        content, problem="<p>Half of the <strong>deep</strong> wells were never tested.</p>"
    )
    assert str(found.label) == "the problem"
    [paragraph] = found.paragraphs
    assert spoken(paragraph.pieces) == "Half of the {+deep +}wells were never tested."


def test_a_change_of_marks_alone_is_said_in_words(content: dict[str, Any]) -> None:
    [found] = changed(content, problem=content["problem"].replace("Half", "<em>Half</em>"))
    assert (found.paragraphs, found.notes) == ((), ("Only the formatting changed.",))


def test_lists_say_what_was_added_and_removed_by_name(content: dict[str, Any]) -> None:
    [found] = changed(content, countries=["ID", "CI"])
    assert found.items == (
        Piece(REMOVED, "Brazil"),
        Piece(ADDED, "Indonesia"),
        Piece(ADDED, "Côte d’Ivoire"),
    )


def test_single_values_are_named_in_words(content: dict[str, Any]) -> None:
    found = changed(
        content,
        stage="institutional",
        is_running=False,
        ended_on="2022-05",
        language="fr",
        hub={"slug": "other", "name": "Another hub", "short": "AH"},
        cost_total="300000.00",
    )
    assert {difference.field: spoken(difference.items) for difference in found} == {
        "language": "[-English-]{+Français+}",
        "ended_on": "{+2022-05+}",
        "is_running": "[-Yes-]{+No+}",
        "stage": "[-Scaling-]{+Institutional+}",
        "hub": f"[-{content['hub']['name']}-]{{+Another hub+}}",
        "cost_total": "[-250000.00-]{+300000.00+}",
    }


def test_rows_are_matched_by_their_title(content: dict[str, Any]) -> None:
    kit, line = content["blocks"]
    [found] = changed(
        content, blocks=[kit | {"purpose": "To know at once."}, line | {"title": "Radio"}]
    )
    assert [(row.kind, row.title) for row in found.rows] == [
        (CHANGED, "Test kit"),
        (CHANGED, "Radio"),
    ]
    assert [spoken(column.pieces) for row in found.rows for column in row.columns] == [
        "To know{+ at once+}.",
        "[-Reporting line-]{+Radio+}",
    ]


def test_rows_that_came_and_went_are_named(content: dict[str, Any]) -> None:
    [report] = content["evidence"]
    fresh = report | {
        "title": "Evaluation",
        "kind": "evaluation",
        "url": "https://new.test.example/",
        "dated_on": "2023",
        "criteria": ["C5"],
    }
    [found] = changed(content, evidence=[fresh])
    assert [(row.kind, row.title) for row in found.rows] == [
        (ADDED, "Evaluation"),
        (REMOVED, "Yearly report"),
    ]


def test_a_new_order_of_the_same_rows_is_said_in_words(content: dict[str, Any]) -> None:
    [found] = changed(content, blocks=content["blocks"][::-1])
    assert (found.rows, found.notes) == ((), ("The order changed.",))


def test_a_file_replaced_under_the_same_name_is_told(content: dict[str, Any]) -> None:
    stored = {
        "key": "1",
        "name": "report.pdf",
        "content_type": "application/pdf",
        "size": 1,
        "sha256": "a",
    }
    [report] = content["evidence"]
    before = content | {"evidence": [report | {"file": stored}]}
    [found] = changed(before, evidence=[report | {"file": stored | {"key": "2", "sha256": "b"}}])
    [row] = found.rows
    assert [spoken(column.pieces) for column in row.columns] == ["Another file of the same name."]


def test_translations_are_compared_text_by_text(content: dict[str, Any]) -> None:
    entry = {"texts": {"title": "Puits sûrs"}, "quality": "human", "source_hash": "x"}
    before = content | {"translations": {"fr": entry, "es": entry}}
    found = changed(
        before, translations={"fr": entry | {"texts": {"title": "Puits propres"}}, "ar": entry}
    )
    assert [(str(d.label), [spoken(p.pieces) for p in d.paragraphs], d.notes) for d in found] == [
        ("Translation: العربية", [], ("The translation was added.",)),
        ("Translation: Español", [], ("The translation was removed.",)),
        ("Translation: Français, title", ["Puits [-sûrs-]{+propres+}"], ()),
    ]
