"""The public record of a label: its page, its files, its verification, and doubts about it."""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from catalogue import operations as catalogue_operations
from catalogue.choices import Access
from catalogue.models import Evidence, Solution, StoredFile
from core.text import plain
from hubs import reference
from tests.catalogue import shown as catalogue_shown
from tests.factories import complete_full, make_user, published
from tests.people import browser
from tests.validation.factories import (
    case_in_decision,
    case_in_review,
    labelled,
    moderator,
    opened_case,
    proposed,
)
from validation import choices as c
from validation import presentation, signing, verifying
from validation.models import Case, Challenge, Record, Seat
from validation.operations import deciding, records
from validation.operations.deciding import Ruling
from validation.terms import TERMS
from validation.verifying import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

pytestmark = pytest.mark.django_db

VERIFY = "/records/verify/"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def record() -> Record:
    return labelled()


def main_of(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", plain(html))


def read(client: Client, url: str, status: int = 200) -> str:
    return text_of(main_of(client, url, status))


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def in_other_words(case: Case, **reasons: str) -> Record:
    """A label whose reasons are these."""
    texts = {code: reasons.get(code, f"Readers see why for {code}.") for code in case.scope}
    decision = proposed(case, rulings={code: Ruling(text) for code, text in texts.items()})
    second = case.seats.sent().select_related("user").order_by("pk").first()
    assert second is not None
    found = deciding.confirm(decision, by=second.user)
    assert found is not None
    return found


def another(like: Record, solution: Solution | None = None, **changes: Any) -> Record:
    """One more row of the same shape, without the way through a panel. By default of the same
    solution and replaced, since only one record of a solution can stand."""
    number = Record.objects.order_by("-number").values_list("number", flat=True)[0] + 1
    case = fresh(like.case)
    case.pk, case.uid = None, uuid.uuid4().hex[:12]
    values: dict[str, Any] = {"state": c.RecordState.SUPERSEDED}
    if solution is not None:
        case.solution, case.version = solution, solution.public_version
        values = {
            "state": c.RecordState.IN_FORCE,
            "solution": solution,
            "version": solution.public_version,
        }
    case.save(force_insert=True)
    found = fresh(like)
    found.pk, found.number, found.case = None, number, case
    for name, value in (values | changes).items():
        setattr(found, name, value)
    found.save(force_insert=True)
    return found


# --- The page -----------------------------------------------------------------------------


def test_the_page_says_what_was_signed(client: Client) -> None:
    scores = {**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C9": 2}
    case = case_in_decision(first=scores, second={**scores, "C4": 2})
    record = in_other_words(case, C2="Half as many were ill, says E1.")

    text = read(client, "/records/V-0001/")
    for part in (
        "Validation record V-0001",
        record.document["solution"]["title"],
        "2 reviewers from 2 countries judged version 1 of this solution",
        "71.88",
        "E2",
        "External review",
        "C2 Results",
        "Half as many were ill, says E1.",
        "2.5 Adequate to strong",
        "2 Adequate",
        "The line across is the minimum, 2 of 4.",
        "Yearly report",
        "Not checked",
        "G1 In practice",
        "Passed Seen.",
        "2 reviewers from 2 countries: Congo, Democratic Republic of the, Indonesia",
        "S-0001, version 1, frozen on",
        "Common Solution Criteria 1.0",
        "In force",
        "Valid until",
        "Verify this record",
        "Sign in to challenge this label",
        record.document["version"]["content_sha256"],
    ):
        assert part in text


def test_reasons_lead_to_the_evidence_they_name(client: Client) -> None:
    in_other_words(case_in_decision(), C2="Counted in E1, not in E7.")

    html = main_of(client, "/records/V-0001/")

    assert 'Counted in <a class="cite" href="#e1">E1</a>, not in E7.' in html
    assert '<li id="e1">' in html
    assert 'href="/solutions/S-0001/versions/1/#e1"' in html


def test_nothing_in_a_reason_is_read_as_markup(client: Client) -> None:
    in_other_words(case_in_decision(), C1="<script>alert(1)</script> & <b>E1</b>")

    html = main_of(client, "/records/V-0001/")

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;<a" in html


@pytest.mark.parametrize(
    ("asked", "found"),
    [("v-1", "/records/V-0001/"), ("1", "/records/V-0001/"), ("V-01", "/records/V-0001/")],
)
def test_each_record_has_one_spelling_of_its_address(
    asked: str, found: str, client: Client, record: Record
) -> None:
    response = client.get(f"/records/{asked}/?x=1")
    assert (response.status_code, response["Location"]) == (301, f"{found}?x=1")


@pytest.mark.parametrize("asked", ["V-0002", "S-0001", "x", "V-", "V-99999999999"])
def test_what_was_never_issued_is_not_found(asked: str, client: Client, record: Record) -> None:
    for ending in ("/", ".json", "/bundle.json", "/qr.svg"):
        assert client.get(f"/records/{asked}{ending}").status_code == 404


def test_a_criterion_nobody_could_judge_says_so(client: Client, record: Record) -> None:
    document = copy.deepcopy(record.document)
    document["criteria"][9] |= {"score": None, "reason": "", "reviews": 1}
    document["criteria"][8] |= {"changed_by_chair": True}
    document["criteria"][7] |= {"carried_from": "V-0001"}
    other = another(record, document=document)

    text = read(client, other.get_absolute_url())

    assert "Not judged Too few of the panel could judge it." in text
    assert "Changed by the chair, within the range of the reviews" in text
    assert "Carried over from V-0001" in text


def test_a_set_with_other_minimums_draws_its_own_lines(client: Client, record: Record) -> None:
    document = copy.deepcopy(record.document)
    document["criteria"][1]["minimum"] = 3
    own = another(record, document=document)
    document = copy.deepcopy(record.document)
    for row in document["criteria"]:
        row["minimum"] = 2
    many = another(record, document=document)

    common = main_of(client, record.get_absolute_url())
    assert common.count('<circle class="pass" r="27"/>') == 1
    assert common.count('aria-label="3 of 4, minimum 2"') == 6
    assert common.count('aria-label="3 of 4"') == 4
    raised = main_of(client, own.get_absolute_url())
    assert '<circle class="pass"' not in raised
    assert raised.count('<path class="pass" d="M-8-36h16"/>') == 1
    assert 'aria-label="3 of 4, minimum 3"' in raised
    assert 'class="seal"' not in main_of(client, many.get_absolute_url())


def test_a_title_is_read_out_in_its_own_language(client: Client) -> None:
    in_other_words(case_in_decision(case=opened_case(language_id="fr")))

    assert '<h1 lang="fr" dir="ltr">' in main_of(client, "/records/V-0001/")
    assert 'href="/records/V-0001/" lang="fr" dir="ltr"' in main_of(client, "/records/")
    assert "<h1>" in main_of(client, "/fr/records/V-0001/")


# --- What became of it --------------------------------------------------------------------


def test_a_suspended_record_says_why(client: Client, record: Record) -> None:
    records.suspend(record, by=moderator(), note="The figure is under examination.")

    text = read(client, "/records/V-0001/")

    assert "Validation suspended" in text
    assert "The label does not count until this is settled. The figure is under" in text


def test_a_revoked_record_stays_and_says_why(client: Client, record: Record) -> None:
    records.revoke(record, by=moderator(), note="The report was forged.")

    text = read(client, "/records/V-0001/")

    assert "Revoked on" in text
    assert "The report was forged." in text
    assert "challenge this label" not in text


def test_a_record_is_expired_on_the_day_after_its_last_even_before_the_sweep(
    client: Client, record: Record
) -> None:
    last = dt.datetime.combine(record.expires_on, dt.time(23, 59), dt.UTC)
    with time_machine.travel(last, tick=False):
        assert "Expired." not in read(client, "/records/V-0001/")
        assert status_of(client) == {"V-0001": "in_force"}
    with time_machine.travel(last + dt.timedelta(minutes=2), tick=False):
        assert "Silence never renews." in read(client, "/records/V-0001/")
        assert status_of(client) == {"V-0001": "expired"}
        assert "Validation expired" in read(client, "/solutions/S-0001/")
    assert fresh(record).state == "in_force"


def test_a_replaced_record_leads_to_the_one_in_its_place(client: Client, record: Record) -> None:
    Record.objects.filter(pk=record.pk).update(state=c.RecordState.SUPERSEDED)
    later = another(record, state=c.RecordState.IN_FORCE)

    html = main_of(client, "/records/V-0001/")

    assert f'<a href="/records/{later.reference}/">V-0002</a> stands in its place.' in html


def test_an_example_is_marked_everywhere(client: Client) -> None:
    case = case_in_decision(case=opened_case(is_example=True))
    record = in_other_words(case)

    assert record.document["is_example"] is True
    for url in ("/records/", "/records/V-0001/", f"{VERIFY}?number=V-0001", "/solutions/S-0001/"):
        assert '<span class="eg">Example</span>' in main_of(client, url)


def test_the_record_of_a_withdrawn_solution_says_so_and_its_state_stays_listed(
    client: Client, record: Record
) -> None:
    solution = fresh(record.solution)
    title = record.document["solution"]["title"]
    catalogue_operations.withdraw_solution(solution, by=solution.owner, reason="As asked.")

    page = read(client, "/records/V-0001/", status=410)

    assert "Its solution, S-0001, was withdrawn on" in page
    assert title not in page
    for url in ("/records/V-0001.json", "/records/V-0001/bundle.json"):
        response = client.get(url)
        assert response.status_code == 410
        assert response.json() == {"error": "withdrawn", "number": "V-0001"}
    assert title not in client.get("/records/").content.decode()
    assert list(status_of(client)) == ["V-0001"]


# --- Who judged stays hidden --------------------------------------------------------------


def everything_public(client: Client) -> str:
    urls = (
        "/records/",
        "/records/V-0001/",
        "/records/V-0001.json",
        "/records/V-0001/bundle.json",
        "/records/V-0001/qr.svg",
        "/records/status.json",
        f"{VERIFY}?number=V-0001",
        "/solutions/S-0001/",
        "/solutions/",
    )
    told = []
    for url in urls:
        response = client.get(url)
        told += [str(response.headers), response.content.decode()]
    return "\n".join(told)


def test_no_public_page_or_file_tells_who_judged_or_when_to_the_minute(client: Client) -> None:
    at = dt.datetime(2026, 11, 20, 13, 47, 31, tzinfo=dt.UTC)
    with time_machine.travel(at, tick=False):
        record = labelled()
    with time_machine.travel(at + dt.timedelta(days=2, hours=4, minutes=4), tick=False):
        told = everything_public(client)

    people = {seat.user for seat in Seat.objects.select_related("user")}
    people |= set(User.objects.filter(pk=record.case.chair_id))
    assert len(people) == 3
    for person in people:
        assert str(person) not in told
        assert person.email not in told
    assert "13:47" not in told
    assert "2026-11-20" in told


def test_reviewers_who_agreed_are_named(client: Client) -> None:
    case = case_in_decision()
    willing = case.seats.select_related("user").order_by("pk")[0]
    Seat.objects.filter(pk=willing.pk).update(named=True)
    record = in_other_words(case)

    assert record.document["reviewers"]["named"] == [str(willing.user)]
    assert f"Named with their consent: {willing.user}" in read(client, "/records/V-0001/")


# --- Files --------------------------------------------------------------------------------


def status_of(client: Client) -> dict[str, str]:
    rows = client.get("/records/status.json").json()["records"]
    return {row["number"]: row["state"] for row in rows}


def test_the_file_is_the_signed_document(client: Client, record: Record) -> None:
    response = client.get("/records/V-0001.json")

    assert response.json() == record.document
    assert response["Content-Type"] == "application/ld+json"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Last-Modified" not in response
    assert response["Content-Disposition"].startswith("inline")
    named = client.get("/records/V-0001.json?download")
    assert named["Content-Disposition"] == 'attachment; filename="V-0001.json"'


@pytest.mark.parametrize(
    "url",
    [
        "/records/V-0001.json",
        "/records/V-0001/bundle.json",
        "/records/V-0001/qr.svg",
        "/records/status.json",
        "/records/keys.json",
    ],
)
def test_a_file_is_not_sent_again_to_whoever_has_it(
    url: str, client: Client, record: Record
) -> None:
    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    for response in (first, again):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert "public" in response["Cache-Control"]


def test_the_list_of_states_is_sent_again_after_any_change_and_every_hour(
    client: Client, record: Record
) -> None:
    etag = client.get("/records/status.json")["ETag"]
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1)):
        assert client.get("/records/status.json")["ETag"] != etag
    records.suspend(record, by=moderator(), note="Look.")
    assert client.get("/records/status.json")["ETag"] != etag


def test_the_list_of_states_is_signed_and_tells_days_alone(client: Client, record: Record) -> None:
    records.suspend(record, by=moderator(), note="Under examination.")

    listed = client.get("/records/status.json").json()

    day = timezone.now().date().isoformat()
    assert listed["records"] == [
        {
            "number": "V-0001",
            "state": "suspended",
            "since": f"{day}T00:00:00Z",
            "note": "Under examination.",
        }
    ]
    assert listed["proof"]["public_key"] == signing.to_base64(signing.public_key())


def test_the_keys_are_published_with_the_one_that_signs_now(client: Client, settings: Any) -> None:
    former = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    settings.RECORD_KEY_FORMER = [signing.to_base64(former)]

    listed = client.get("/records/keys.json").json()

    assert [(row["public_key"], row["signs_now"]) for row in listed["keys"]] == [
        (signing.to_base64(signing.public_key()), True),
        (signing.to_base64(former), False),
    ]


def test_every_word_of_the_files_is_explained_at_its_address(
    client: Client, record: Record
) -> None:
    explained = {term for _group, rows in TERMS for term, _meaning in rows}
    from_schema = {"@context", "id", "type", "name", "url", "label", "title"}
    used = words_in(record.document) | words_in(client.get("/records/status.json").json())

    assert used - explained - from_schema - {"@vocab"} == set()
    vocabulary = record.document["@context"][1]["@vocab"]
    assert vocabulary.endswith("/records/terms/#")
    page = main_of(client, "/records/terms/")
    assert [term for term in explained if f'<div id="{term}">' not in page] == []


def words_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(words_in, value.values()))
    return set().union(*map(words_in, value)) if isinstance(value, list) else set()


def test_the_code_leads_to_the_record(client: Client, record: Record) -> None:
    response = client.get("/records/V-0001/qr.svg")

    assert response["Content-Type"] == "image/svg+xml"
    assert record.document["id"] in response.content.decode()
    assert record.document["id"].endswith("/records/V-0001/")
    page = main_of(client, "/records/V-0001/")
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="qr"' in page


def test_files_in_another_language_are_the_same(client: Client, record: Record) -> None:
    one, other = client.get("/records/V-0001.json"), client.get("/fr/records/V-0001.json")
    assert (one.content, one["ETag"]) == (other.content, other["ETag"])


# --- Proof --------------------------------------------------------------------------------


def checked_offline(client: Client, path: Path, capsys: Any) -> dict[str, Any]:
    """What the command says of a bundle, given only the file and the key."""
    path.write_bytes(client.get("/records/V-0001/bundle.json").content)
    key = signing.to_base64(signing.public_key())
    with contextlib.suppress(SystemExit):
        call_command("verify_record", str(path), "--key", key, "--json")
    return dict(json.loads(capsys.readouterr().out))


def test_a_bundle_is_valid_offline_and_not_once_the_label_was_revoked(
    client: Client, record: Record, tmp_path: Path, capsys: Any
) -> None:
    verdict = checked_offline(client, tmp_path / "bundle.json", capsys)
    assert (verdict["outcome"], verdict["number"]) == ("valid", "V-0001")
    assert {check["result"] for check in verdict["checks"]} == {"passed"}

    records.revoke(record, by=moderator(), note="The report was forged.")

    verdict = checked_offline(client, tmp_path / "bundle.json", capsys)
    assert (verdict["outcome"], verdict["genuine"]) == ("revoked", True)
    assert "The report was forged." in verdict["checks"][-1]["text"]


def leaves(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key], (*way, key))]
    if isinstance(value, list) and value:
        return [leaf for i, item in enumerate(value) for leaf in leaves(item, (*way, i))]
    return [way]


def test_no_value_of_a_bundle_can_be_changed_unseen(client: Client, record: Record) -> None:
    bundle = client.get("/records/V-0001/bundle.json").json()
    keys, at = signing.known_keys(), timezone.now()
    passed = []
    for way in leaves(bundle):
        forged = copy.deepcopy(bundle)
        place = forged
        for step in way[:-1]:
            place = place[step]
        old = place[way[-1]]
        place[way[-1]] = old + 1 if type(old) is int else (not old if old is True else "forged")
        if verifying.verify(forged, keys=keys, at=at).is_valid:
            passed.append(way)
    assert passed == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("document", {}),
        ("label", "promising"),
        ("number", 77),
        ("expires_on", dt.date(2099, 1, 1)),
        ("issued_at", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_the_database_refuses_to_change_what_was_signed(
    column: str, value: Any, record: Record
) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Record.objects.filter(pk=record.pk).update(**{column: value})

    assert getattr(fresh(record), column) == getattr(record, column)
    Record.objects.filter(pk=record.pk).update(state="suspended", public_note="May change.")


def test_sources_restricted_since_stay_out_of_the_bundle(client: Client, record: Record) -> None:
    assert "frozen_version" in client.get("/records/V-0001/bundle.json").json()
    solution = fresh(record.solution)
    source = Evidence.objects.get(solution=solution).url
    Evidence.objects.filter(solution=solution).update(access=Access.RESTRICTED)
    with transaction.atomic():
        judge = moderator()
        version = catalogue_operations.freeze(solution, by=judge, form="full")
        catalogue_operations.publish(solution, by=judge, version=version)

    bundle = client.get("/records/V-0001/bundle.json")

    assert sorted(bundle.json()) == ["record", "status"]
    assert source not in bundle.content.decode()
    checked = read(client, f"{VERIFY}?number=V-0001")
    assert "Not compared: the content of version 1 was not given." in checked


# --- Checking on the page -----------------------------------------------------------------


def posted(client: Client, **data: Any) -> str:
    response = client.post(VERIFY, data)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("way", ["file", "text"])
def test_a_bundle_or_a_record_handed_in_is_checked(
    way: str, client: Client, record: Record
) -> None:
    for url in ("/records/V-0001/bundle.json", "/records/V-0001.json"):
        raw = client.get(url).content
        given = SimpleUploadedFile("r.json", raw) if way == "file" else raw.decode()
        text = text_of(posted(client, **{way: given}))
        assert "Valid The record is genuine and in force." in text
        assert "The content is exactly that of version 1" in text
        assert "It is, value for value, the copy we show ourselves." in text


def test_a_genuine_file_is_judged_by_the_state_of_today(client: Client, record: Record) -> None:
    old = client.get("/records/V-0001/bundle.json").content.decode()
    records.suspend(record, by=moderator(), note="Under examination.")

    text = text_of(posted(client, text=old))

    assert "Genuine, but suspended" in text
    assert "Under examination." in text


def test_a_changed_record_is_not_valid_and_nothing_of_it_is_repeated(
    client: Client, record: Record
) -> None:
    document = copy.deepcopy(record.document)
    document["solution"]["title"] = "A forged title"
    document["score"] = "99"

    html = posted(client, text=json.dumps(document))

    text = text_of(html[html.index('id="verdict"') : html.index('id="try-h"')])
    assert "Not valid This is not a valid record." in text
    assert "A forged title" not in text
    assert "A forged title" in html[html.index("<textarea") :]  # what was typed is kept


def test_a_record_signed_by_a_stranger_proves_nothing(
    client: Client, record: Record, settings: Any
) -> None:
    document = copy.deepcopy(record.document)
    del document["proof"]
    ours = settings.RECORD_KEY
    settings.RECORD_KEY = signing.to_base64(Ed25519PrivateKey.generate().private_bytes_raw())
    forged = signing.sign(document)
    settings.RECORD_KEY = ours

    text = text_of(posted(client, text=json.dumps(forged)))

    assert "Not signed with a key you trust" in text


HOSTILE = {
    "no json": (b"{", "The file is not JSON"),
    "not utf-8": (b'{"a": "\xff"}', "The file is not text in UTF-8."),
    "deep": (b"[" * 50_000, "nests deeper"),
    "two values": (b'{"type": 1, "type": 2}', "The file gives one name two values."),
    "a fraction": (b'{"score": 0.1}', "a number with a fraction"),
    "a list": (b"[1]", "The file holds no object."),
    "another kind": (b'{"type": "ValidationStatusList"}', "is not a validation record"),
    "a number": (b'{"number": {"a": []}, "type": "ValidationRecord"}', "lacks “number”"),
    "many": (b"[" + b"0," * 400_000 + b"0]", "more values than any record"),
    "record is none": (b'{"record": null}', "The bundle holds no record."),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_get_a_clear_refusal(kind: str, client: Client) -> None:
    raw, told = HOSTILE[kind]

    text = text_of(posted(client, file=SimpleUploadedFile("x.json", raw)))

    assert told in text


def test_what_is_too_long_is_refused_at_its_field(client: Client, settings: Any) -> None:
    large = SimpleUploadedFile("x.json", b" " * (2 * 1024 * 1024 + 1))
    assert "This file is 3 MB. The limit is 2 MB." in posted(client, file=large)
    assert "The text is longer than 2 MB." in posted(client, text="x" * (2 * 1024 * 1024 + 1))
    settings.UPLOAD_LIMIT = 1024 * 1024
    far = SimpleUploadedFile("x.json", b" " * (6 * 1024 * 1024))
    assert "This file is far over the limit." in posted(client, file=far)
    assert client.post(VERIFY, {"text": "x" * (6 * 1024 * 1024)}).status_code in {400, 413}


def test_nothing_given_and_unknown_numbers_are_told(client: Client, record: Record) -> None:
    assert "Choose a file, put in its text, or give a number." in posted(client)
    for typed in ("V-0099", "none", "S-0001"):
        html = posted(client, number=typed)
        assert "This portal has issued no record of this number." in html
        assert f'value="{typed}"' in html
    assert "Valid The record is genuine" in text_of(posted(client, number=" v-1 "))


def test_nothing_handed_in_is_kept(client: Client, record: Record, tmp_path: Path) -> None:
    before = rows_of_every_table()
    posted(client, file=SimpleUploadedFile("r.json", client.get("/records/V-0001.json").content))
    posted(client, text="{}")
    assert rows_of_every_table() == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def rows_of_every_table() -> dict[str, int]:
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT COUNT(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def test_a_key_that_left_the_list_is_not_trusted_any_more(
    client: Client, record: Record, settings: Any
) -> None:
    settings.RECORD_KEY = signing.to_base64(Ed25519PrivateKey.generate().private_bytes_raw())
    assert "Not signed with a key you trust" in read(client, f"{VERIFY}?number=V-0001")
    settings.RECORD_KEY_FORMER = [record.document["proof"]["public_key"]]
    assert str(Outcome.VALID.label) in read(client, f"{VERIFY}?number=V-0001")


# --- On the page of the solution, and in lists --------------------------------------------


def test_the_solution_shows_its_label_with_dates_seal_and_scores(
    client: Client, record: Record
) -> None:
    html = main_of(client, "/solutions/S-0001/")

    text = text_of(html)
    assert "by 2 reviewers from 2 countries. Valid until" in text
    assert "75 of 100 points Scores and reasons" in text
    assert "Readers see why for C2." in text
    assert html.count('class="seal"') == 1
    assert 'href="#scorecard"' in html
    assert 'id="scorecard"' in html
    assert 'href="/records/V-0001/"' in html
    assert "you are reading version" not in text
    assert '<li class="done"><b>Validate' in html


def test_a_label_for_an_older_version_says_so(client: Client, record: Record) -> None:
    solution = fresh(record.solution)
    with transaction.atomic():
        judge = moderator()
        version = catalogue_operations.freeze(solution, by=judge, form="full")
        catalogue_operations.publish(solution, by=judge, version=version)

    html = main_of(client, "/solutions/S-0001/")
    assert "This is about version 1; you are reading version 2." in text_of(html)
    assert 'href="/solutions/S-0001/versions/1/"' in html
    assert 'href="/solutions/S-0001/history/?from=1&amp;to=2#changes"' in html
    older = main_of(client, "/solutions/S-0001/versions/1/")
    assert "you are reading version" not in older
    assert "75 of 100 points" in text_of(older)
    page = read(client, "/records/V-0001/")
    assert "Readers now see version 2, which no panel has judged." in page


@pytest.mark.parametrize("state", ["suspended", "revoked"])
def test_a_label_that_does_not_count_is_not_shown_as_one(
    state: str, client: Client, record: Record
) -> None:
    change = records.suspend if state == "suspended" else records.revoke
    change(record, by=moderator(), note="It is doubtful.")

    html = main_of(client, "/solutions/S-0001/")

    assert "level-validated" not in html
    assert '<li class="done"><b>Validate' not in html
    assert ("It is doubtful." in html) == (state == "suspended")
    assert ("An earlier label was revoked on" in html) == (state == "revoked")
    assert ('id="scorecard"' in html) == (state == "suspended")


def test_a_case_before_the_panel_tells_nothing_but_that(client: Client) -> None:
    case_in_review()
    text = read(client, "/solutions/S-0001/")
    assert "In review Reviewers are scoring it against the criteria. No result yet." in text
    assert "Scores and reasons" not in text


def test_without_a_label_the_reasons_stay_with_the_owner(client: Client) -> None:
    case = case_in_decision(first=1, second=1, strength=0)
    decision = proposed(case)
    seat = case.seats.sent().select_related("user").order_by("pk").first()
    assert seat is not None
    assert deciding.confirm(decision, by=seat.user) is None

    html = main_of(client, "/solutions/S-0001/")

    assert "Documented, not validated" in text_of(html)
    assert "Readers see why" not in html
    assert "Nobody has scored it" not in html
    assert 'id="scorecard"' not in html


def test_search_engines_are_told_of_a_label_in_force_and_of_no_other(
    client: Client, record: Record
) -> None:
    def blocks() -> list[dict[str, Any]]:
        html = client.get("/solutions/S-0001/").content.decode()
        found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
        return [json.loads(text) for text in found]

    work, label = blocks()
    assert label["@id"] == work["@id"]
    assert label["award"].startswith("Validated by Knowledge Hubs: Common Solution Criteria 1.0")
    assert label["subjectOf"]["encoding"]["contentUrl"].endswith("/records/V-0001.json")
    records.suspend(record, by=moderator(), note="Look.")
    assert len(blocks()) == 1


def test_the_list_of_solutions_shows_the_scores_of_labels(client: Client, record: Record) -> None:
    catalogue_shown.public("Never judged")

    html = main_of(client, "/solutions/")

    assert html.count('class="strip flip"') == 1
    assert "Scores: Relevance 3, Results 3, Verifiability 3" in html


# --- Budgets ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 50])
def test_the_list_of_records_costs_the_same_at_one_and_at_fifty(
    n: int, client: Client, record: Record, django_assert_num_queries: Any
) -> None:
    for _ in range(n - 1):
        another(record)
    client.get("/records/")
    with django_assert_num_queries(2):  # how many in each state; the records of the page
        html = main_of(client, "/records/")
    assert html.count('<li class="record') == min(n, 25)
    with django_assert_num_queries(2):
        client.get("/records/?state=in_force&page=2")


def test_one_record_costs_one_question(
    client: Client, record: Record, django_assert_num_queries: Any
) -> None:
    client.get("/records/V-0001/")  # names of countries are kept from here
    assert reference.country_name("ID") == "Indonesia"
    with django_assert_num_queries(1):
        client.get("/records/V-0001/")
    with django_assert_num_queries(1):
        client.get("/records/V-0001.json")
    with django_assert_num_queries(5):  # record, its text, what is restricted; all states
        client.get("/records/V-0001/bundle.json")


@pytest.mark.parametrize("n", [1, 50])
def test_the_list_of_states_costs_two_questions(
    n: int, client: Client, record: Record, django_assert_num_queries: Any
) -> None:
    for _ in range(n - 1):
        another(record)
    with django_assert_num_queries(2):
        assert len(status_of(client)) == n


def test_a_label_that_is_not_there_costs_the_page_of_a_solution_nothing(
    client: Client, django_assert_num_queries: Any
) -> None:
    published(complete_full())
    published(complete_full(), form="full")
    client.get("/solutions/S-0001/")
    for number in (1, 2):
        with django_assert_num_queries(3):
            client.get(f"/solutions/S-000{number}/")


@pytest.mark.parametrize("n", [1, 12])
def test_scores_cost_a_list_of_solutions_one_question(
    n: int, client: Client, record: Record, django_assert_num_queries: Any
) -> None:
    for i in range(n):
        other = catalogue_shown.public(f"Judged {i}", validation="validated")
        another(record, other)
    client.get("/solutions/?sector=health")
    with django_assert_num_queries(6):  # five without labels, and their scores
        html = main_of(client, "/solutions/?sector=health")
    assert html.count('class="strip flip"') == n


@pytest.mark.parametrize("url", ["/records/V-0001/", "/records/", VERIFY, "/records/terms/"])
def test_pages_are_small(url: str, client: Client, record: Record) -> None:
    response = client.get(url, headers={"accept-encoding": "gzip"})
    assert len(response.content) < 12 * 1024


# --- The list -----------------------------------------------------------------------------


def test_the_list_narrows_to_a_state_and_ignores_what_is_none(
    client: Client, record: Record
) -> None:
    another(record)

    assert [ref_of(row) for row in rows_of(client, "")] == ["V-0002", "V-0001"]
    assert [ref_of(row) for row in rows_of(client, "?state=in_force")] == ["V-0001"]
    assert [ref_of(row) for row in rows_of(client, "?state=nonsense")] == ["V-0002", "V-0001"]
    assert [ref_of(row) for row in rows_of(client, "?page=99")] == ["V-0002", "V-0001"]
    assert rows_of(client, "?state=revoked") == []


def rows_of(client: Client, query: str) -> list[str]:
    html = main_of(client, f"/records/{query}")
    return re.findall(r'<li class="record.*?</li>', html, flags=re.DOTALL)


def ref_of(row: str) -> str:
    found = re.search(r"V-\d+", row)
    assert found is not None
    return found[0]


# --- Doubts -------------------------------------------------------------------------------


CHALLENGE = "/records/V-0001/challenge/"


def doubt(**changes: Any) -> dict[str, Any]:
    return {
        "form_key": str(uuid.uuid4()),
        "criterion": "C2",
        "text": "The figure is that of the whole region.",
        "url": "https://other.test.example/report",
        **changes,
    }


def test_a_challenge_needs_an_account(client: Client, record: Record) -> None:
    response = client.get(CHALLENGE)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/records/V-0001/challenge/")


def test_a_member_challenges_a_label_and_reads_what_happens_next(record: Record) -> None:
    member = make_user()
    client = browser(member)
    form = doubt()

    first = client.post(CHALLENGE, form)
    again = client.post(CHALLENGE, form)

    raised = Challenge.objects.get()
    assert (raised.criterion, raised.url, raised.raised_by) == ("C2", form["url"], member)
    assert first["Location"] == again["Location"] == f"{CHALLENGE}?sent={raised.uid}"
    text = read(client, first["Location"])
    assert "Your challenge was sent" in text
    assert "You get an answer by" in text
    assert browser(make_user()).get(first["Location"]).status_code == 404


def test_a_challenge_shows_something(record: Record) -> None:
    client = browser(make_user())

    html = client.post(CHALLENGE, doubt(text="", url="")).content.decode()

    assert "There are 2 things to fix" in html
    assert "Say what is wrong." in html
    assert "Give a link or a file that shows it." in html
    assert (
        "Choose one of the list." in client.post(CHALLENGE, doubt(criterion="C77")).content.decode()
    )
    assert "Enter a whole address" in client.post(CHALLENGE, doubt(url="no url")).content.decode()
    assert Challenge.objects.count() == 0


def test_a_file_stays_with_the_form_until_it_is_right(record: Record) -> None:
    member = make_user()
    client = browser(member)
    upload = SimpleUploadedFile("audit.pdf", PDF, "application/pdf")

    html = client.post(CHALLENGE, doubt(text="", url="", upload=upload)).content.decode()
    stored = StoredFile.objects.get()
    assert f'name="file" value="{stored.pk}"' in html
    assert "audit.pdf" in html

    other = browser(make_user())
    other.post(CHALLENGE, doubt(url="", file=str(stored.pk)))
    assert Challenge.objects.count() == 0  # somebody else's file is not theirs to give
    client.post(CHALLENGE, doubt(url="", file=str(stored.pk)))
    assert Challenge.objects.get().file == stored


def test_a_file_that_may_not_be_stored_is_refused_at_its_field(record: Record) -> None:
    client = browser(make_user())
    program = SimpleUploadedFile("report.pdf", b"MZ\x90\x00" * 40, "application/pdf")

    html = client.post(CHALLENGE, doubt(upload=program)).content.decode()

    assert 'id="id_upload_error"' in html
    assert "The figure is that of the whole region." in html
    assert (Challenge.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_what_is_not_in_force_is_not_challenged(record: Record) -> None:
    records.revoke(record, by=moderator(), note="Gone.")
    client = browser(make_user())

    assert "there is nothing to challenge" in read(client, CHALLENGE)
    html = client.post(CHALLENGE, doubt()).content.decode()
    assert Challenge.objects.count() == 0
    assert "nothing to challenge" in html


# --- Words --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"code": "gate"}, "A gate does not pass."),
        ({"code": "unjudged", "criterion": "C2"}, "C2 is binding, and too few could judge it."),
        (
            {"code": "binding", "criterion": "C6", "needed": "2", "found": "1.5"},
            "C6 scores 1.5; at least 2 is needed.",
        ),
        ({"code": "zero", "criterion": "C9"}, "C9 scores 0."),
        (
            {"code": "score", "needed": "70", "found": "66.25"},
            "The sum is 66.25; at least 70 is needed.",
        ),
        (
            {"code": "strength", "needed": "2", "found": "1"},
            "The evidence for results is E1; at least E2 is needed.",
        ),
    ],
)
def test_why_a_label_was_missed_in_words(failure: dict[str, Any], words: str) -> None:
    assert presentation.failure_words(failure) == words


def test_criteria_speak_the_language_of_the_page(client: Client, record: Record) -> None:
    html = main_of(client, "/fr/records/V-0001/")
    assert '<bdi lang="en">Common Solution Criteria 1.0</bdi>' in html
