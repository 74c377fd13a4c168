"""What a record is worth, said offline: every change is seen, and every reason is named."""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.validation import signed
from tests.validation.signed import CONTENT, NOW, as_bytes
from validation import signing, verifying
from validation.management.commands.verify_record import Command
from validation.verifying import Name, Outcome, Result, verify

SEED_TEXT = base64.b64encode(bytes(range(32))).decode()
OTHER_SEED = base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture(autouse=True)
def own_key(settings):
    settings.RECORD_KEY = SEED_TEXT
    settings.RECORD_KEY_FORMER = []


def judged(given_value: Any, **changes: Any) -> verifying.Verdict:
    return verify(given_value, **{"keys": signing.known_keys(), "at": NOW, **changes})


def results(verdict: verifying.Verdict) -> dict[str, str]:
    return {check.name.value: check.result.value for check in verdict.checks}


def signed_by(seed: str, settings, document: dict[str, Any]) -> dict[str, Any]:
    """The document as somebody with another key would sign it."""
    own, settings.RECORD_KEY = settings.RECORD_KEY, seed
    try:
        return signing.sign({name: v for name, v in document.items() if name != "proof"})
    finally:
        settings.RECORD_KEY = own


# --- A good record -----------------------------------------------------------------------


def test_a_bundle_in_order_passes_every_check():
    verdict = judged(signed.bundle())
    assert (verdict.outcome, verdict.is_valid, verdict.is_genuine) == (Outcome.VALID, True, True)
    assert [(check.name.value, check.result.value, check.text) for check in verdict.checks] == [
        ("shape", "passed", "It is the validation record V-0001."),
        ("signature", "passed", "It fits: nothing was changed since it was signed."),
        ("key", "passed", "The key 56475aa75463474c is one you trust."),
        (
            "version",
            "passed",
            "The content is exactly that of version 2, which the record is about.",
        ),
        ("period", "passed", "It was issued on 2026-03-01 and lasts until 2029-03-01."),
        (
            "status_list",
            "passed",
            "It is signed with the key 56475aa75463474c, which you trust.",
        ),
        ("status_age", "passed", "It was made at 2026-06-01T12:00:00Z, 0 days before."),
        ("state", "passed", "In force since 2026-03-01."),
    ]
    assert verdict.record == signed.record()


def test_a_record_alone_is_valid_as_issued_and_says_what_is_not_known():
    verdict = judged(signed.record())
    assert verdict.outcome == Outcome.AS_ISSUED
    assert verdict.is_valid
    assert [check.name.value for check in verdict.checks if check.result == Result.OPEN] == [
        "version",
        "status_list",
        "status_age",
        "state",
    ]
    assert "needs a recent status list" in verdict.summary


def test_documents_given_apart_count_as_if_enclosed():
    verdict = judged(
        as_bytes(signed.record()), version=as_bytes(CONTENT), status=as_bytes(signed.status())
    )
    assert verdict.outcome == Outcome.VALID


def test_what_is_given_apart_takes_the_place_of_what_is_enclosed():
    newer = signed.status(signed.row("revoked", "2026-05-30T00:00:00Z"))
    assert judged(signed.bundle(), status=newer).outcome == Outcome.REVOKED
    assert judged(signed.bundle(), version={"title": "Another"}).outcome == Outcome.NOT_VALID


def in_reverse(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_reverse(value[name]) for name in reversed(value)}
    return [in_reverse(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "spell",
    [
        lambda value: json.dumps(in_reverse(value)),
        lambda value: json.dumps(value, indent=4),
        lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True, indent="\t"),
        lambda value: "\ufeff" + json.dumps(value, separators=(" ,\r\n", "\t: ")),
    ],
    ids=["reversed", "indented", "sorted and unescaped", "mark and odd spaces"],
)
def test_order_and_spaces_do_not_matter(spell):
    assert judged(spell(signed.bundle()).encode()).outcome == Outcome.VALID


# --- Every change is seen ----------------------------------------------------------------


def paths(value: Any, way: tuple = ()):
    """The way to every value, objects and lists included."""
    yield way
    if isinstance(value, dict | list):
        for name, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(child, (*way, name))


def parent(document: Any, way: tuple) -> Any:
    for name in way[:-1]:
        document = document[name]
    return document


def another(draw: st.DrawFn, value: Any) -> Any:
    """Something else in its place, often of the same kind."""
    if isinstance(value, str) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        letter = draw(st.characters(exclude_categories=["Cs"]))
        return value[:place] + letter + value[place + draw(st.integers(0, 1)) :]
    if isinstance(value, int) and draw(st.booleans()):
        return value + draw(st.sampled_from([-1, 1]))
    return draw(
        st.none()
        | st.booleans()
        | st.integers(-9, 9)
        | st.text(max_size=3)
        | st.just([])
        | st.just({})
    )


@st.composite
def alterations(draw: st.DrawFn, original: dict[str, Any]) -> dict[str, Any]:
    """A signed document with one value changed, removed, added, doubled or renamed."""
    document = copy.deepcopy(original)
    way = draw(st.sampled_from([way for way in paths(document) if way]))
    holder, name = parent(document, way), way[-1]
    match draw(st.sampled_from(["change", "change", "remove", "add", "rename"])):
        case "change":
            holder[name] = another(draw, holder[name])
        case "remove":
            del holder[name]
        case "add" if isinstance(holder, list):
            holder.insert(name, holder[name])
        case "add":
            holder[draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=4))] = "x"
        case "rename" if isinstance(holder, dict):
            holder[f"{name}_"] = holder.pop(name)
        case _:
            holder.reverse()
    return document


def same(a: Any, b: Any) -> bool:
    """Equal as JSON: 1 is not true."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


@settings(
    max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_no_value_of_a_record_can_be_altered(data):
    original = signed.record()
    altered = data.draw(alterations(original))
    verdict = judged(as_bytes(altered))
    if same(altered, original):
        assert verdict.outcome == Outcome.AS_ISSUED
    else:
        assert verdict.outcome in {Outcome.NOT_VALID, Outcome.UNREADABLE}
        assert verdict.record is None


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_no_value_of_a_status_list_can_be_altered(data):
    original = signed.status(signed.row("revoked", note="Withdrawn."), signed.row(number="V-0002"))
    altered = data.draw(alterations(original))
    verdict = judged(signed.record(), status=as_bytes(altered))
    if same(altered, original):
        assert verdict.outcome == Outcome.REVOKED
    else:
        assert verdict.outcome in {Outcome.NOT_VALID, Outcome.UNREADABLE}


@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_no_value_of_the_frozen_version_can_be_altered(data):
    altered = data.draw(alterations(CONTENT))
    verdict = judged(signed.bundle(frozen_version=altered))
    if same(altered, CONTENT):
        assert verdict.outcome == Outcome.VALID
    else:
        assert verdict.outcome in {Outcome.NOT_VALID, Outcome.UNREADABLE}
        assert not verdict.is_valid


@pytest.mark.slow
def test_no_byte_of_the_file_can_be_altered():
    original = signed.record()
    file = as_bytes(original)
    for place in range(len(file)):
        for new in (file[place] ^ 1, file[place] ^ 32, ord('"'), ord("0"), ord(" ")):
            altered = file[:place] + bytes([new]) + file[place + 1 :]
            verdict = judged(altered)
            if verdict.is_genuine:
                assert same(json.loads(altered), original), altered
            else:
                assert verdict.outcome in {Outcome.NOT_VALID, Outcome.UNREADABLE}


def test_a_file_that_breaks_off_is_never_valid():
    file = as_bytes(signed.record())
    assert {judged(file[:length]).outcome for length in range(len(file))} == {Outcome.UNREADABLE}


# --- Keys --------------------------------------------------------------------------------


def test_a_record_signed_with_another_key_is_not_trusted_however_whole(settings):
    verdict = judged(signed_by(OTHER_SEED, settings, signed.record()))
    assert verdict.outcome == Outcome.UNTRUSTED
    assert verdict.record is None
    assert verdict.check(Name.SIGNATURE).result == Result.PASSED
    assert verdict.check(Name.KEY).text == (
        f"The key {verdict.key_id} is none of those you trust. Anybody can make a key and "
        "enclose it."
    )


@pytest.mark.parametrize("keys", [None, {}])
def test_without_a_key_to_trust_the_enclosed_one_proves_nothing(keys):
    verdict = judged(signed.record(), keys=keys)
    assert verdict.outcome == Outcome.UNTRUSTED
    assert verdict.check(Name.KEY).text == (
        "No key to trust was given. The enclosed key 56475aa75463474c shows only that the "
        "document is whole, not who signed it."
    )


def test_a_record_of_a_former_key_stays_valid_while_the_key_is_listed(settings):
    old, former = signed.bundle(), signing.to_base64(signing.public_key())
    settings.RECORD_KEY = OTHER_SEED
    settings.RECORD_KEY_FORMER = [former]
    assert judged({**old, "status": signed.status()}).outcome == Outcome.VALID
    settings.RECORD_KEY_FORMER = []
    assert judged(old).outcome == Outcome.UNTRUSTED


def test_a_trusted_name_does_not_make_another_key_trusted(settings):
    forged = signed_by(OTHER_SEED, settings, signed.record())
    raw = base64.b64decode(forged["proof"]["public_key"])
    misled = {signing.key_id(raw): signing.public_key()}
    assert judged(forged, keys=misled).outcome == Outcome.UNTRUSTED


def test_the_trusted_key_put_into_a_forged_proof_does_not_fit(settings):
    forged = signed_by(OTHER_SEED, settings, signed.record(label="promising"))
    own = signed.record()["proof"]
    forged["proof"] |= {"key_id": own["key_id"], "public_key": own["public_key"]}
    assert judged(forged).outcome == Outcome.NOT_VALID


def test_another_spelling_of_the_same_signature_is_refused():
    """Ed25519 knows one signature per message and key, if s is kept below the group's order."""
    order = 2**252 + 27742317777372353535851937790883648493
    record = signed.record()
    raw = base64.b64decode(record["proof"]["signature"])
    larger = (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    record["proof"]["signature"] = base64.b64encode(raw[:32] + larger).decode()
    assert judged(record).outcome == Outcome.NOT_VALID


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (
            {"created": "2026-01-01"},
            "The proof has members that are missing or do not belong in it.",
        ),
        ({"type": "none"}, "The proof is of a kind that is not known here."),
        ({"canonicalisation": "none"}, "The proof is of a kind that is not known here."),
        ({"key_id": "0" * 16}, "The proof names another key than it encloses."),
        ({"key_id": None}, "The proof names another key than it encloses."),
        ({"signature": ""}, "The key or the signature in the proof is damaged."),
        ({"signature": 7}, "The key or the signature in the proof is damaged."),
        ({"signature": "A" * 87}, "The key or the signature in the proof is damaged."),
        ({"public_key": "ключ"}, "The key or the signature in the proof is damaged."),
        ({"public_key": ["A"]}, "The key or the signature in the proof is damaged."),
    ],
)
def test_a_proof_has_one_form(change, refusal):
    record = signed.record()
    record["proof"] |= change
    verdict = judged(record)
    assert (verdict.outcome, verdict.check(Name.SHAPE).text) == (Outcome.NOT_VALID, refusal)


def test_base64_has_one_spelling():
    """Its last character holds bits that decoders ignore; its spaces are ignored by some."""
    record = signed.record()
    signature = record["proof"]["signature"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters[letters.index(signature[-3]) ^ 1]
    for other in (f"{signature[:-3]}{last}==", f"{signature}\n", signature.rstrip("=")):
        record["proof"]["signature"] = other
        assert judged(record).outcome == Outcome.NOT_VALID


# --- Version, period, state --------------------------------------------------------------


def test_a_swapped_version_is_seen():
    verdict = judged(signed.bundle(frozen_version={**CONTENT, "title": "Something else"}))
    assert verdict.outcome == Outcome.NOT_VALID
    assert verdict.check(Name.VERSION).text == (
        "The content is not that of version 2, which the record is about."
    )
    assert verdict.check(Name.SIGNATURE).passed


@pytest.mark.parametrize("version", [[], "text", 7, {}, [CONTENT]])
def test_a_version_of_another_kind_is_another_version(version):
    assert judged(signed.record(), version=version).outcome == Outcome.NOT_VALID


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        ("2026-03-01T09:29:59+00:00", Outcome.NOT_YET),
        ("2026-03-01T09:30:00+00:00", Outcome.AS_ISSUED),
        ("2029-03-01T23:59:59+00:00", Outcome.AS_ISSUED),
        ("2029-03-02T05:59:59+06:00", Outcome.AS_ISSUED),
        ("2029-03-02T00:00:00+00:00", Outcome.EXPIRED),
        ("9999-12-31T23:59:59+00:00", Outcome.EXPIRED),
    ],
)
def test_the_last_day_still_counts_in_utc(at, outcome):
    assert judged(signed.record(), at=datetime.fromisoformat(at)).outcome == outcome


def test_an_expired_record_is_genuine_and_not_valid():
    verdict = judged(signed.record(), at=NOW + timedelta(days=4000))
    assert (verdict.outcome, verdict.is_valid, verdict.is_genuine) == (
        Outcome.EXPIRED,
        False,
        True,
    )
    assert (
        verdict.check(Name.PERIOD).text
        == "It was issued on 2026-03-01 and expired after 2029-03-01."
    )


@pytest.mark.parametrize(
    ("state", "since", "outcome", "text"),
    [
        ("in_force", "2026-03-01T09:30:00Z", Outcome.VALID, "In force since 2026-03-01."),
        (
            "suspended",
            "2026-05-20T00:00:00Z",
            Outcome.SUSPENDED,
            "Suspended since 2026-05-20. Figures are being checked.",
        ),
        (
            "revoked",
            "2026-05-20T00:00:00Z",
            Outcome.REVOKED,
            "Revoked since 2026-05-20. Figures are being checked.",
        ),
        (
            "revoked",
            "2027-01-01T00:00:00Z",
            Outcome.REVOKED,
            "Revoked since 2027-01-01. Figures are being checked.",
        ),
        (
            "superseded",
            "2026-05-20T00:00:00Z",
            Outcome.SUPERSEDED,
            "Replaced by a later record since 2026-05-20. Figures are being checked.",
        ),
        (
            "superseded",
            "2027-01-01T00:00:00Z",
            Outcome.VALID,
            "Replaced by a later record since 2027-01-01; in force at the date asked about.",
        ),
        (
            "expired",
            "2026-05-20T00:00:00Z",
            Outcome.EXPIRED,
            "Expired since 2026-05-20. Figures are being checked.",
        ),
    ],
)
def test_the_status_list_says_what_became_of_it(state, since, outcome, text):
    listed = signed.status(signed.row(state, since, note="Figures are being checked."))
    verdict = judged(signed.bundle(status=listed))
    assert (verdict.outcome, verdict.check(Name.STATE).text) == (outcome, text)


def test_revoked_counts_more_than_expired():
    listed = signed.status(signed.row("revoked"), at=NOW + timedelta(days=4000))
    verdict = judged(signed.bundle(status=listed), at=NOW + timedelta(days=4000))
    assert verdict.outcome == Outcome.REVOKED


def test_an_old_list_replayed_is_reported_with_its_age_and_does_not_confirm():
    listed = signed.status(at=NOW - timedelta(days=40))
    verdict = judged(signed.bundle(status=listed))
    assert verdict.outcome == Outcome.AS_ISSUED
    assert verdict.check(Name.STATUS_AGE).result == Result.FAILED
    assert verdict.check(Name.STATUS_AGE).text == (
        "It was made at 2026-04-22T12:00:00Z, 40 days before, and should have been replaced by "
        "2026-04-29T12:00:00Z. It cannot know what happened since: get a newer one."
    )


def test_an_old_list_that_says_revoked_is_believed():
    listed = signed.status(signed.row("revoked"), at=NOW - timedelta(days=40))
    assert judged(signed.bundle(status=listed)).outcome == Outcome.REVOKED


def test_a_list_made_after_the_date_asked_about_is_said_to_be():
    verdict = judged(signed.bundle(), at=NOW - timedelta(days=10))
    assert verdict.outcome == Outcome.VALID
    assert verdict.check(Name.STATUS_AGE).text == (
        "It was made at 2026-06-01T12:00:00Z, after the date asked about."
    )


def test_a_forged_list_spoils_the_bundle_and_its_words_are_not_repeated(settings):
    forged = signed_by(OTHER_SEED, settings, signed.status(signed.row(note="Trust me.")))
    verdict = judged(signed.bundle(status=forged))
    assert verdict.outcome == Outcome.NOT_VALID
    assert verdict.check(Name.STATUS_LIST).text == (
        "The status list is signed with the key 65b60673d6ed884b, which you do not trust."
    )
    assert verdict.check(Name.STATE).result == Result.OPEN


def test_an_altered_list_spoils_the_bundle():
    listed = signed.status(signed.row("revoked"))
    listed["records"][0]["state"] = "in_force"
    verdict = judged(signed.bundle(status=listed))
    assert verdict.outcome == Outcome.NOT_VALID
    assert verdict.check(Name.STATUS_LIST).text == (
        "The signature of the status list does not fit: it was changed."
    )


def test_a_record_that_a_younger_list_does_not_know_is_not_valid():
    listed = signed.status(signed.row(number="V-0002"))
    verdict = judged(signed.bundle(status=listed))
    assert verdict.outcome == Outcome.NOT_VALID
    assert verdict.check(Name.STATE).text == (
        "The list does not know V-0001, though it is younger than the record."
    )


@pytest.mark.parametrize("hour", ["2026-02-28T12:00", "2026-03-01T00:00", "2026-03-01T23:59"])
def test_a_list_no_younger_than_the_day_of_the_record_need_not_know_it(hour):
    made_at = datetime.fromisoformat(hour).replace(tzinfo=UTC)
    listed = signed.status(signed.row(number="V-0002"), at=made_at)
    verdict = judged(signed.bundle(status=listed), at=datetime(2026, 3, 2, tzinfo=UTC))
    assert verdict.outcome == Outcome.AS_ISSUED
    assert verdict.check(Name.STATE).text == (
        f"The list of {hour}:00Z may be older than the record."
    )


def test_a_list_of_the_next_day_must_know_it():
    listed = signed.status(signed.row(number="V-0002"), at=datetime(2026, 3, 2, tzinfo=UTC))
    verdict = judged(signed.bundle(status=listed), at=datetime(2026, 3, 2, tzinfo=UTC))
    assert verdict.outcome == Outcome.NOT_VALID


@pytest.mark.parametrize(
    "rows",
    [
        [signed.row(), signed.row("revoked")],
        [signed.row("perhaps")],
        [signed.row(since="yesterday")],
        [{"number": "V-0001"}],
        ["V-0001", None, 7],
    ],
    ids=["twice", "unknown state", "no date", "no state", "no rows"],
)
def test_a_list_that_says_nothing_clear_does_not_confirm(rows):
    listed = signing.sign(
        {
            "type": "ValidationStatusList",
            "issued_at": "2026-06-01T12:00:00Z",
            "next_update": "2026-06-08T12:00:00Z",
            "records": rows,
        }
    )
    assert judged(signed.bundle(status=listed)).outcome == Outcome.NOT_VALID


def test_one_kind_of_document_does_not_pass_for_another():
    assert judged(signed.status()).outcome == Outcome.NOT_VALID
    assert judged(signed.record(), status=signed.record()).outcome == Outcome.NOT_VALID
    other_list = {name: value for name, value in signed.status().items() if name != "proof"}
    other_list = signing.sign({**other_list, "type": "Other"})
    assert judged(signed.record(), status=other_list).outcome == Outcome.NOT_VALID
    other_kind = signing.sign({**signed.unsigned(), "type": "Draft"})
    assert judged(other_kind).outcome == Outcome.NOT_VALID


# --- Hostile files -----------------------------------------------------------------------

ALMOST = as_bytes(signed.unsigned())[:-1]


@pytest.mark.parametrize(
    ("file", "refusal"),
    [
        (b"", "The file is not JSON: it breaks off or goes wrong in line 1."),
        (b"\n\n{no", "The file is not JSON: it breaks off or goes wrong in line 3."),
        (b"\xff\xfe{\x00}\x00", "The file is not text in UTF-8."),
        (b"\x89PNG\r\n\x1a\n", "The file is not text in UTF-8."),
        (b" " * (10 * 1024 * 1024), "The file is longer than 8 MB."),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "The file nests deeper than any record."),
        (b"[" * 290_000, "The file nests deeper than any record."),
        (b"[" * 40 + b"]" * 40, "More than 32 levels of nesting."),
        (b"[" + b"[]," * 200_000 + b"[]]", "The file holds more values than any record."),
        (ALMOST + b',"number":"V-0002"}', "The file gives one name two values."),
        (ALMOST + b',"x":{"a":1,"a":1}}', "The file gives one name two values."),
        (ALMOST + b',"x":"\\ud83d"}', "The text x holds half a character."),
        (ALMOST + b',"\\udc00":1}', "The text {} holds half a character."),
        (
            ALMOST + b',"x":1.5}',
            "The file holds a number with a fraction. Records write those as text.",
        ),
        (
            ALMOST + b',"x":1e999}',
            "The file holds a number with a fraction. Records write those as text.",
        ),
        (
            ALMOST + b',"x":NaN}',
            "The file holds a number with a fraction. Records write those as text.",
        ),
        (
            ALMOST + b',"x":-Infinity}',
            "The file holds a number with a fraction. Records write those as text.",
        ),
        (ALMOST + b',"x":-0}', "The file holds a number that not every program reads alike."),
        (ALMOST + b',"x":9007199254740993}', "The number x is too large: write it as text."),
        (
            ALMOST + b',"x":' + b"9" * 100_000 + b"}",
            "The file holds a number that not every program reads alike.",
        ),
        (ALMOST + b',"x":"\x00"}', "The file is not JSON: it breaks off or goes wrong in line 1."),
    ],
    ids=lambda value: None if isinstance(value, str) else repr(value[-20:]),
)
def test_a_file_that_means_harm_is_refused_in_words(file, refusal):
    for verdict in (
        judged(file),
        judged(signed.record(), version=file),
        judged(signed.record(), status=file),
    ):
        assert verdict.outcome == Outcome.UNREADABLE
        assert verdict.check(Name.SHAPE).text == refusal
        assert verdict.record is None


@pytest.mark.parametrize("value", [1.5, "\ud800", 2**60, b"\xff", {1: 2}, {1, 2}])
def test_a_value_read_by_somebody_less_strict_is_refused_too(value):
    given_values = (
        judged(signed.record() | {"x": value}),
        judged(signed.record(), version={"x": value}),
        judged(signed.record(), status=signed.status() | {"x": value}),
    )
    assert {verdict.outcome for verdict in given_values} == {Outcome.UNREADABLE}


@pytest.mark.parametrize(
    "value", [None, [], "V-0001", 7, True, {}, {"record": None}, {"record": []}]
)
def test_what_is_no_record_is_not_valid(value):
    assert judged(as_bytes(value)).outcome == Outcome.NOT_VALID
    assert judged(value).outcome == Outcome.NOT_VALID


def test_a_bundle_holds_nothing_that_nobody_checks():
    verdict = judged(signed.bundle(label="validated"))
    assert verdict.outcome == Outcome.NOT_VALID
    assert verdict.check(Name.SHAPE).text == (
        "The bundle holds something that does not belong in it."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 1),
        ("number", ""),
        ("number", "V-0001\x1b[2J"),
        ("number", "V" * 41),
        ("version", None),
        ("version", {"number": "2", "content_sha256": "0" * 64}),
        ("version", {"number": True, "content_sha256": "0" * 64}),
        ("version", {"number": 2, "content_sha256": "0" * 63}),
        ("version", {"number": 2, "content_sha256": "F" * 64}),
        ("issued_at", "2026-03-01T09:30:00"),
        ("issued_at", "0001-01-01T00:00:00+14:00"),
        ("issued_at", 20260301),
        ("expires_on", "2029-02-30"),
        ("expires_on", "20290301"),
        ("expires_on", "２０２９-03-01"),
        ("expires_on", None),
    ],
)
def test_a_signed_record_without_the_shape_of_one_is_not_valid(name, value):
    verdict = judged(signed.record(**{name: value}))
    assert verdict.outcome == Outcome.NOT_VALID
    assert re.fullmatch(
        rf"The document lacks “{name}[a-z_0-9.]*”, or has it in another form\.",
        verdict.check(Name.SHAPE).text,
    )


def test_somebody_elses_words_cannot_command_a_terminal():
    listed = signed.status(signed.row("suspended", note="\x1b[2Jfine\u202e\n" + "x" * 900))
    text = judged(signed.bundle(status=listed)).check(Name.STATE).text
    assert text.startswith("Suspended since 2026-03-01. �[2Jfine��xxx")
    assert len(text) < 350
    assert text.isprintable()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["record", "type", "proof", "version", "number", "frozen_version", "status"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(given_value=JUNK | st.binary(max_size=60), version=JUNK, status=JUNK)
def test_nothing_that_is_given_ends_in_anything_but_a_verdict(given_value, version, status):
    verdict = judged(given_value, version=version, status=status)
    assert verdict.outcome in {Outcome.NOT_VALID, Outcome.UNREADABLE}
    assert list(results(verdict)) == Name.values
    json.dumps(verdict.as_json()).encode()


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data(), junk=JUNK)
def test_a_record_with_anything_anywhere_ends_in_a_verdict(data, junk):
    bundle = copy.deepcopy(signed.bundle())
    way = data.draw(st.sampled_from([way for way in paths(bundle) if way]))
    parent(bundle, way)[way[-1]] = junk
    verdict = judged(bundle)
    assert verdict.summary
    assert list(results(verdict)) == Name.values


@pytest.mark.slow
def test_the_worst_file_is_answered_quickly():
    long_names = b"{" + b'"' + b"n" * 7_000_000 + b'":{' + b'"a":[' + b"1," * 100_000 + b"1.5]}}"
    many_parts = b"[" + b"{}," * 149_000 + b"{}]"
    for file in (long_names, many_parts, b'"' + b"x" * 8_000_000 + b'"', b"[" * 299_999):
        start = time.monotonic()
        assert judged(file).is_valid is False
        assert time.monotonic() - start < 3


# --- The command -------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run the command on values written to files: its exit status, and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "bundle.json": signed.bundle(),
        "record.json": signed.record(),
        "version.json": CONTENT,
        "status.json": signed.status(),
    }.items():
        (tmp_path / name).write_bytes(as_bytes(value))
    (tmp_path / "key.txt").write_text(signing.to_base64(signing.public_key()))

    def run(*arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command(Command(), *arguments, stdout=out)
        except CommandError as refusal:
            return refusal.returncode, str(refusal)
        except SystemExit as end:
            return int(str(end.code)), out.getvalue()
        return 0, out.getvalue()

    return run


def test_the_command_prints_every_check_and_the_verdict(command):
    status, text = command("bundle.json", "--at", "2026-06-02")
    assert (status, text.splitlines()) == (
        0,
        [
            "✓ Document: It is the validation record V-0001.",
            "✓ Signature: It fits: nothing was changed since it was signed.",
            "✓ Key: The key 56475aa75463474c is one you trust.",
            "✓ Frozen version: The content is exactly that of version 2, which the record is "
            "about.",
            "✓ Period: It was issued on 2026-03-01 and lasts until 2029-03-01.",
            "✓ Status list: It is signed with the key 56475aa75463474c, which you trust.",
            "✓ Age of the status list: It was made at 2026-06-01T12:00:00Z, 1 day before.",
            "✓ State: In force since 2026-03-01.",
            "Valid. The record is genuine and in force.",
        ],
    )


def test_the_command_takes_the_parts_apart_and_a_key_from_file_or_text(command):
    key = signing.to_base64(signing.public_key())
    parts = ["record.json", "--version", "version.json", "--status", "status.json"]
    for trusted in ("key.txt", key):
        status, text = command(*parts, "--at", "2026-06-01T12:00Z", "--key", trusted)
        assert (status, text.splitlines()[-1]) == (0, "Valid. The record is genuine and in force.")


def test_with_a_key_given_our_own_are_not_trusted(command):
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    status, text = command("record.json", "--key", signing.to_base64(other))
    assert status == 1
    assert text.splitlines()[-1] == (
        "Not signed with a key you trust. The document is whole, but nobody you trust has "
        "signed it. It proves nothing."
    )


def test_of_several_keys_one_suffices(command):
    other = signing.to_base64(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    status, _text = command("record.json", "--at", "2027-01-01", "--key", other, "--key", "key.txt")
    assert status == 0


def test_the_command_reads_standard_input(command, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(as_bytes(signed.bundle()))))
    status, text = command("-", "--at", "2026-06-02", "--json")
    assert (status, json.loads(text)) == (
        0,
        {
            **judged(signed.bundle(), at=datetime(2026, 6, 2, 23, 59, 59, tzinfo=UTC)).as_json(),
            "outcome": "valid",
            "valid": True,
            "genuine": True,
            "summary": "The record is genuine and in force.",
            "number": "V-0001",
            "key_id": "56475aa75463474c",
        },
    )


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["record.json", "--at", "2027-01-01"], 0),
        (["record.json", "--at", "2029-03-01"], 0),
        (["record.json", "--at", "2029-03-02"], 1),
        (["record.json", "--at", "2020-01-01"], 1),
        (["status.json"], 1),
        (["key.txt"], 2),
    ],
)
def test_the_exit_status_says_valid_not_valid_or_unreadable(command, arguments, status):
    assert command(*arguments)[0] == status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.json"], "'nowhere.json' cannot be read: No such file or directory."),
        (["."], "'.' cannot be read: Is a directory."),
        (["a\0b"], "'a\\x00b' cannot be read: no such name."),
        (["record.json", "--version", "x"], "'x' cannot be read: No such file or directory."),
        (["-", "--status", "-"], "Only one file can come from standard input."),
        (
            ["record.json", "--key", "nobody"],
            "--key 'nobody': It is no file, and not 32 bytes in base64.",
        ),
        (
            ["record.json", "--at", "soon"],
            "--at 'soon': write 2026-01-31 or 2026-01-31T12:00Z.",
        ),
        (
            ["record.json", "--at", "2026-02-30"],
            "--at '2026-02-30': write 2026-01-31 or 2026-01-31T12:00Z.",
        ),
    ],
)
def test_what_the_command_cannot_read_it_says_in_words(command, arguments, words):
    assert command(*arguments) == (2, words)


def test_a_file_without_end_is_given_up(command):
    status, text = command("/dev/zero")
    assert (status, text.splitlines()[0]) == (2, "✗ Document: The file is longer than 8 MB.")


def test_on_a_terminal_without_these_letters_words_take_their_place(tmp_path):
    path = tmp_path / "record.json"
    path.write_bytes(as_bytes(signed.record()))
    raw = BytesIO()
    narrow = TextIOWrapper(raw, encoding="cp1252", write_through=True)
    Command(stdout=narrow).handle(file=str(path), at="2027-01-01", json=False)
    assert raw.getvalue().decode("ascii").splitlines()[:4] == [
        "ok Document: It is the validation record V-0001.",
        "ok Signature: It fits: nothing was changed since it was signed.",
        "ok Key: The key 56475aa75463474c is one you trust.",
        "-- Frozen version: Not compared: the content of version 2 was not given.",
    ]


# --- The documentation -------------------------------------------------------------------

PAGE = django_settings.BASE_DIR / "docs" / "verifying-a-record.md"


def told(language: str) -> str:
    """The one example of the page in that language."""
    (example,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return example


def follow(*command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    given_env = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, cwd=folder, env=given_env, capture_output=True, text=True)


@pytest.mark.slow
def test_the_python_of_the_documentation_verifies(tmp_path):
    (tmp_path / "verify.py").write_text(told("python"))
    bundles = {
        "good": signed.bundle(),
        "altered": signed.bundle(record=signed.record() | {"label": "promising"}),
        "swapped": signed.bundle(frozen_version={**CONTENT, "title": "Another"}),
        "status": signed.bundle(record=signed.status()),
    }
    for name, value in bundles.items():
        (tmp_path / name).write_bytes(as_bytes(value))
    key = signing.to_base64(signing.public_key())
    other = signing.to_base64(Ed25519PrivateKey.generate().public_key().public_bytes_raw())

    def verified(name: str, key: str) -> tuple[int, str, str]:
        ran = follow(sys.executable, "-W", "ignore", "verify.py", name, key, folder=tmp_path)
        return ran.returncode, ran.stdout, ran.stderr.strip().rpartition("\n")[2]

    invalid = (1, "", "cryptography.exceptions.InvalidSignature")
    assert {
        "good": verified("good", key),
        "altered": verified("altered", key),
        "swapped": verified("swapped", key),
        "status": verified("status", key),
        "other key": verified("good", other),
    } == {
        "good": (0, "V-0001 is genuine and lasts until 2029-03-01\n", ""),
        "altered": invalid,
        "swapped": (1, "", "another text than the one that was judged"),
        "status": (1, "", "not a validation record"),
        "other key": invalid,
    }


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("jq")), reason="needs openssl and jq"
)
def test_the_openssl_of_the_documentation_verifies(tmp_path):
    (tmp_path / "bundle.json").write_bytes(as_bytes(signed.bundle()))
    key = signing.to_base64(signing.public_key())
    ran = follow("sh", "-c", told("sh"), folder=tmp_path, KEY=key)
    digest = signed.unsigned()["version"]["content_sha256"]
    assert (ran.stdout, ran.stderr) == (
        f"Signature Verified Successfully\n{digest} *stdin\n{digest}\n",
        "",
    )

    altered = signed.bundle(record=signed.record() | {"number": "V-0002"})
    (tmp_path / "bundle.json").write_bytes(as_bytes(altered))
    ran = follow("sh", "-c", told("sh"), folder=tmp_path, KEY=key)
    assert ran.stdout.startswith("Signature Verification Failure\n")
