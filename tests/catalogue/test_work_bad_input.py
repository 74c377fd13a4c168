"""Whatever is sent to the workspace: a clear answer at the field, what was typed stays."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from catalogue import fields as f
from catalogue import operations
from catalogue.models import Evidence, PageDraft, Solution, StoredFile
from tests.catalogue.posting import changed, controls
from tests.catalogue.test_work import page_url, save, work_url
from tests.factories import complete_full, complete_snapshot, make_solution, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
LONG = "x" * 100_000


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


# --- Refused at the field, kept as typed ------------------------------------------------------

REFUSED = [
    ("name", "title", LONG, "Shorten this to 150 characters. It has 100000 now."),
    ("name", "summary", "y" * 301, "Shorten this to 300 characters. It has 301 now."),
    ("name", "tags", ",".join(f"tag{n}" for n in range(9)), "Keep up to 8 words. There are 9 now."),
    ("name", "tags", "z" * 61, "Put commas between the words"),
    ("name", "kind", "ideology", "Choose one of the list."),
    ("name", "language", "tlh", "Choose one of the list."),
    ("name", "sectors", ["water", "alchemy"], "Choose only what is in the list."),
    ("name", "goals", ["18"], "Choose only what is in the list."),
    ("name", "targets", ["99.z"], "Choose only what is in the list."),
    ("place", "started_on", "soon", "Enter a year, like 2013, or a date"),
    ("place", "started_on", "2013-13", "Enter a year, like 2013, or a date"),
    ("place", "started_on", "2013-02-30", "Enter a year, like 2013, or a date"),
    ("place", "started_on", "0001", "Enter a year, like 2013, or a date"),
    ("place", "ended_on", "99999999999", "Enter a year, like 2013, or a date"),
    ("place", "hub", "999999", "Choose one of the list."),
    ("place", "hub", "-1", "Choose one of the list."),
    ("place", "hub", "DROP TABLE", "Choose one of the list."),
    ("place", "scale", "cosmic", "Choose one of the list."),
    ("problem", "problem", "w" * 5001, "Shorten this to 5000 characters. It has 5001 now."),
    ("problem", "problem", LONG, "Shorten this to 5000 characters. It has 100000 now."),
    ("peers", "cost_total", "a lot", "Enter an amount in figures"),
    ("peers", "cost_total", "-5", "Enter an amount in figures"),
    ("peers", "cost_total", "1e9", "Enter an amount in figures"),
    ("peers", "cost_total", "NaN", "Enter an amount in figures"),
    ("peers", "cost_total", "9" * 15, "This amount is too large to be stored."),
    ("peers", "cost_total", "9" * 5000, "This amount is too large to be stored."),
    ("peers", "cost_unit", "1,2,3", "Enter an amount in figures"),
    ("peers", "cost_currency", "XYZ", "Enter the three letters of a currency in use"),
    ("peers", "cost_year", "MMXX", "Enter a year, like 2019."),
    ("peers", "cost_year", "20190", "Enter a year, like 2019."),
    ("sharing", "offer_days", "400", "Enter a number of days, from 0 to 366."),
    ("sharing", "offer_languages", ["Klingon"], "We know no language “Klingon”."),
    ("sharing", "modalities", ["telepathy"], "Choose only what is in the list."),
    ("sharing", "licence", "all mine", "Choose one of the list."),
    ("sharing", "contact_email", "nonsense", "Enter a whole address, like name@example.org."),
    ("results", "indicators-0-latest_on", "now", "Enter a year, like 2013, or a date"),
    ("results", "indicators-0-name", "n" * 201, "Shorten this to 200 characters."),
    ("approach", "blocks-0-role", "boss", "Choose one of the list."),
    ("evidence", "evidence-0-url", "javascript:alert(1)", "Enter a whole address"),
    ("evidence", "evidence-0-url", "ftp://a.test/x", "Enter a whole address"),
    ("evidence", "evidence-0-url", "https://" + "a" * 600 + ".test", "Enter a whole address"),
    ("evidence", "evidence-0-kind", "magic", "Choose one of the list."),
    ("evidence", "evidence-0-criteria", ["C99"], "Choose only what is in the list."),
    ("evidence", "evidence-0-language", "Klingon", "We know no language “Klingon”."),
    ("evidence", "evidence-0-file", "not-a-key", "This file is not here any more."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "name", "value", "message"), REFUSED, ids=[f"{r[1]}-{str(r[2])[:12]}" for r in REFUSED]
)
def test_what_cannot_be_read_is_refused_at_its_field_and_kept(page, name, value, message):
    solution = complete_full()
    client = browser(solution.owner)
    before = Solution.objects.get(pk=solution.pk).revision
    response = save(client, solution, page, **{name.replace("-", "__"): value})
    text = response.content.decode()
    assert response.status_code == 200
    assert message in text
    assert "<title>Error: " in text
    assert text.count('class="errors"') == 1
    if isinstance(value, str) and name not in {"kind", "hub", "scale", "licence", "language"}:
        kept = controls(response)
        if name in kept and "role" not in name and "kind" not in name:
            assert kept[name] == [value]
    assert Solution.objects.get(pk=solution.pk).revision == before
    assert PageDraft.objects.get().page == page  # still there on the next visit, from anywhere


STRANGE = (
    "\u202e\u2066gnp.exe\u2069 \ufffe\uffff\U0010ffff Z̸̢̛͚̗͔̐̈́͌̌a̶l̷g̵o̴ <script>alert(1)</script>"
    " {{ 7*7 }}{% debug %} %s%n%x' OR 1=1 -- =cmd|' /C calc'!A0 𝕳𝖊𝖑𝖑𝖔 ﷽ 👩‍👩‍👧‍👦"
)
SLOW = ["*a " * 3000, "[" * 9000, "> " * 4000, "(" * 500 + "https://a.test/" + ")" * 500]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        *((page, text) for page in f.PAGE_CODES for text in (STRANGE, LONG, "a\x00b")),
        *(("problem", text) for text in SLOW),
    ],
)
def test_hostile_text_in_every_field_at_once_is_answered(page, text):
    solution = complete_full()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, page)))
    keep = ("opened", "TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM", "MAX_NUM", "-id", "-position")
    hostile = {key: value if key.endswith(keep) else [text] for key, value in data.items()}
    kept = reverse("catalogue:work-autosave", args=[solution.uid, page])
    assert client.post(kept, hostile).status_code in {200, 413}
    response = client.post(page_url(solution, page), {**hostile, "action": "continue"})
    assert response.status_code in {200, 302}
    again = client.get(page_url(solution, page))
    assert again.status_code == 200
    assert "<script>alert(1)" not in again.content.decode()
    assert client.get(work_url(solution)).status_code == 200
    assert client.get(work_url(solution, "work-check")).status_code == 200


def test_turning_marks_and_control_characters_are_not_stored():
    solution = make_solution()
    save(browser(solution.owner), solution, "name", title="a\u202eb\u2066c\u0007d\u200fe")
    assert Solution.objects.get(pk=solution.pk).title == "abcd\u200fe"


def test_line_breaks_count_once():
    solution = make_solution()
    response = save(browser(solution.owner), solution, "name", summary="a\r\n" * 150)
    assert response.status_code == 302


# --- Forged ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts",
    [
        {"TOTAL_FORMS": "1000000000"},
        {"TOTAL_FORMS": "-1"},
        {"TOTAL_FORMS": "0"},
        {"TOTAL_FORMS": "x"},
        {"TOTAL_FORMS": "9" * 4000},
        {"TOTAL_FORMS": None},
        {"INITIAL_FORMS": "1000000000"},
        {"INITIAL_FORMS": None},
    ],
)
@pytest.mark.parametrize("button", [None, "blocks:add"])
def test_forged_numbers_of_rows_are_refused_or_cut(counts, button):
    solution = complete_full()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "approach")))
    for name, value in counts.items():
        key = f"blocks-{name}"
        data.pop(key)
        if value is not None:
            data[key] = [value]
    extra = {"row": button} if button else {"action": "continue"}
    response = client.post(page_url(solution, "approach"), {**data, **extra})
    assert response.status_code in {200, 302}
    assert client.get(page_url(solution, "approach")).status_code == 200
    assert solution.blocks.count() == 2


def test_duplicate_parameters_are_read_once():
    solution = make_solution()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "name")))
    data = changed(data, title=["One", "Two"], kind=["policy", "method"], action=["continue", "x"])
    response = client.post(page_url(solution, "name"), data)
    assert response.status_code == 302
    solution.refresh_from_db()
    assert (solution.title, solution.kind) == ("Two", "method")


@pytest.mark.parametrize(
    "opened", ["", "title", "title:", ":::", "title:x " * 5000, "\x00", "title:zzzzzzzzzzzz"]
)
def test_forged_fingerprints_overwrite_nothing(opened):
    solution = make_solution(title="Saved")
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "name"))), title="Forged", opened=opened)
    response = client.post(page_url(solution, "name"), {**data, "action": "continue"})
    assert response.status_code == 409
    assert Solution.objects.get(pk=solution.pk).title == "Saved"


def test_a_page_sent_empty_is_answered():
    solution = complete_full()
    client = browser(solution.owner)
    for page in f.PAGE_CODES:
        assert client.post(page_url(solution, page), {}).status_code in {200, 302, 409}
        assert client.post(page_url(solution, page), {"action": "resolve"}).status_code < 500
    assert client.post(work_url(solution, "work-check"), {}).status_code in {200, 302}


@pytest.mark.parametrize("settle", ["title", "nosuchfield", "blocks", "\x00", "opened"])
def test_a_forged_settlement_is_answered(settle):
    solution = make_solution(title="T")
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "name")))
    response = client.post(
        page_url(solution, "name"), {**data, "settle": settle, "action": "resolve"}
    )
    assert response.status_code in {200, 302, 409}


def test_too_many_fields_and_too_much_text_are_refused_by_the_front_door():
    solution = make_solution()
    client = browser(solution.owner)
    many = {f"field{n}": "x" for n in range(2500)}
    assert client.post(page_url(solution, "name"), many).status_code == 400
    huge = {"title": "x" * (6 * 1024 * 1024)}
    response = client.post(page_url(solution, "name"), huge)
    assert response.status_code in {400, 413}


def test_a_page_with_more_than_can_be_kept_says_so():
    solution = make_solution()
    url = reverse("catalogue:work-autosave", args=[solution.uid, "problem"])
    response = browser(solution.owner).post(url, {"problem": "x" * 500_000})
    assert response.status_code == 413
    assert json.loads(response.content)["error"].startswith("This page holds more text")


def test_only_fields_of_the_page_are_kept():
    solution = make_solution()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "name")))
    data |= {"problem": ["elsewhere"], "evil": ["x"], "titles-0-x": ["y"], "title": ["Typed"]}
    client.post(reverse("catalogue:work-autosave", args=[solution.uid, "name"]), data)
    kept = PageDraft.objects.get().data
    assert kept["title"] == ["Typed"]
    assert {"problem", "evil", "titles-0-x", "csrfmiddlewaretoken"} & set(kept) == set()


# --- Files -------------------------------------------------------------------------------


def with_file(client, solution, data: bytes, name: str = "report.pdf", **values):
    form = controls(client.get(page_url(solution, "evidence")))
    sent = changed(form, action="continue", **values)
    sent["evidence-0-upload"] = SimpleUploadedFile(name, data)
    return client.post(page_url(solution, "evidence"), sent)


def test_a_file_is_kept_even_when_another_answer_has_to_be_mended():
    solution = make_solution()
    client = browser(solution.owner)
    response = with_file(
        client, solution, PDF, evidence__0__title="Report", evidence__0__dated_on="soon"
    )
    stored = StoredFile.objects.get()
    text = response.content.decode()
    assert "Enter a year, like 2013" in text
    assert "<b>report.pdf</b>" in text
    data = controls(response)
    assert data["evidence-0-file"] == [str(stored.pk)]
    # Also when the browser is closed and the page opened elsewhere.
    data = controls(browser(solution.owner).get(page_url(solution, "evidence")))
    saved = client.post(
        page_url(solution, "evidence"),
        changed(data, evidence__0__dated_on="2021", action="continue"),
    )
    assert saved.status_code == 302
    assert Evidence.objects.get().file == stored


def test_a_file_of_the_row_button_is_stored_too():
    solution = make_solution()
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "evidence"))), row="evidence:add")
    data["evidence-0-upload"] = SimpleUploadedFile("a.pdf", PDF)
    shown = client.post(page_url(solution, "evidence"), data, follow=True)
    assert "<b>a.pdf</b>" in shown.content.decode()


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"<svg onload=alert(1)>", "photo.png", "This kind of file cannot be stored here."),
        (b"", "empty.pdf", "This file is empty."),
        (b"MZ\x90\x00" + bytes(50), "report.pdf", "This kind of file cannot be stored here."),
    ],
)
def test_a_refused_file_is_refused_at_its_row_and_the_rest_stays(data, name, message):
    solution = make_solution()
    client = browser(solution.owner)
    response = with_file(client, solution, data, name, evidence__0__title="Typed title")
    text = response.content.decode()
    assert message in text
    assert 'href="#id_evidence-0-upload"' in text
    assert controls(response)["evidence-0-title"] == ["Typed title"]
    assert not StoredFile.objects.exists()
    assert not Evidence.objects.exists()


def test_a_file_over_the_limit_says_how_large_it_is(settings):
    settings.UPLOAD_LIMIT = 2 * 1024 * 1024
    solution = make_solution()
    client = browser(solution.owner)
    response = with_file(client, solution, PDF + bytes(3 * 1024 * 1024), evidence__0__title="T")
    assert "This file is 4 MB. The limit is 2 MB." in response.content.decode()
    response = with_file(client, solution, PDF + bytes(11 * 1024 * 1024), evidence__0__title="T")
    assert "This file is far too large. The limit is 2 MB." in response.content.decode()
    assert controls(response)["evidence-0-title"] == ["T"]


def test_a_file_of_somebody_else_cannot_be_taken():
    stored = operations.store_file(SimpleUploadedFile("secret.pdf", PDF), by=make_user())
    solution = make_solution()
    response = save(
        browser(solution.owner), solution, "evidence",
        evidence__0__title="Mine?", evidence__0__file=str(stored.pk),
    )  # fmt: skip
    assert "This file is not here any more. Choose it again." in response.content.decode()
    assert "secret.pdf" not in response.content.decode()
    assert not Evidence.objects.exists()


def test_a_file_deposited_by_a_colleague_stays_with_its_row():
    solution = complete_snapshot()
    stored = operations.store_file(SimpleUploadedFile("a.pdf", PDF), by=make_user())
    Evidence.objects.update(file=stored, url="")
    response = save(browser(solution.owner), solution, "evidence", evidence__0__title="New title")
    assert response.status_code == 302
    assert (Evidence.objects.get().title, Evidence.objects.get().file) == ("New title", stored)


def test_a_file_is_taken_out_of_its_row_and_stays_stored():
    solution = complete_snapshot()
    stored = operations.store_file(SimpleUploadedFile("a.pdf", PDF), by=solution.owner)
    Evidence.objects.update(file=stored)
    save(browser(solution.owner), solution, "evidence", evidence__0__drop="on")
    assert Evidence.objects.get().file is None
    assert StoredFile.objects.exists()


@pytest.mark.parametrize(
    "field", ["evidence-99999-upload", "evidence-x-upload", "other", "evidence-0-file"]
)
def test_files_in_unexpected_fields_are_not_stored(field):
    solution = make_solution()
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "evidence"))), action="continue")
    data[field] = SimpleUploadedFile("a.pdf", PDF)
    assert client.post(page_url(solution, "evidence"), data).status_code in {200, 302}
    assert not StoredFile.objects.exists()


# --- Amounts and dates as people write them ---------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("250000", "250000.00"),
        ("250 000", "250000.00"),
        ("250\u202f000,50", "250000.50"),
        ("250,000", "250000.00"),
        ("1.250.000,5", "1250000.50"),
        ("1,250,000.05", "1250000.05"),
        ("1’250’000", "1250000.00"),
        ("٢٥٠٠٠٠", "250000.00"),
        ("1,5", "1.50"),
        ("0", "0.00"),
        ("007", "7.00"),
    ],
)
def test_amounts_are_read_as_people_write_them(typed, stored):
    solution = make_solution()
    client = browser(solution.owner)
    assert save(client, solution, "peers", cost_total=typed).status_code == 302
    assert str(Solution.objects.get(pk=solution.pk).cost_total) == stored
    assert save(client, solution, "peers").status_code == 302
    assert Solution.objects.get(pk=solution.pk).revision == 2


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2013", "2013"),
        ("٢٠١٣", "2013"),
        ("2013-5", "2013-05"),
        ("5/2013", "2013-05"),
        ("05.2013", "2013-05"),
        ("2013/5/6", "2013-05-06"),
        (" 2013-05-06 ", "2013-05-06"),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(typed, stored):
    solution = make_solution()
    save(browser(solution.owner), solution, "place", started_on=typed)
    assert Solution.objects.get(pk=solution.pk).started_on == stored
