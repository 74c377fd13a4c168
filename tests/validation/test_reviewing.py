"""What a reviewer sees and does in the browser, and that nobody else does."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser
from typing import Any

import brotli
import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from catalogue import operations
from catalogue.models import Evidence
from tests.factories import complete_full, make_user, published
from tests.people import browser
from tests.validation.factories import (
    NO_CONFLICT,
    accepted,
    case_in_decision,
    case_in_review,
    chaired_case,
    invited,
    judged,
    labelled,
    make_reviewer,
    moderator,
    proposed,
    screened_again,
    sent,
)
from validation import choices as c
from validation.models import Case, Decision, EvidenceCheck, Record, Score, Seat
from validation.operations import clarifying, panel, renewing, reviewing
from validation.operations.renewing import Statement

pytestmark = pytest.mark.django_db

JSON = {"headers": {"accept": "application/json"}}
NO = dict.fromkeys(c.Conflict.values, "no")


class Page(HTMLParser):
    """The controls of the form whose address ends in a word, as a browser would send them."""

    def __init__(self, response: Any, action: str) -> None:
        super().__init__(convert_charrefs=True)
        self.action, self.inside, self.area = action, False, ""
        self.data: dict[str, list[str]] = {}
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            self.inside = found.get("action", "").endswith(self.action)
        if not self.inside or name in {"", "csrfmiddlewaretoken"}:
            return
        if tag == "textarea":
            self.area = name
            self.data.setdefault(name, []).append("")
        elif tag == "input" and (
            found.get("type") not in {"radio", "checkbox"} or "checked" in found
        ):
            self.data.setdefault(name, []).append(found.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "textarea" and self.area:
            self.data[self.area][-1] = self.data[self.area][-1].removeprefix("\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.data[self.area][-1] += data


def one(case: Case) -> Seat:
    return case.seats.select_related("user").order_by("pk")[0]


def other(case: Case) -> Seat:
    return case.seats.select_related("user").order_by("pk")[1]


def at(seat: Seat, verb: str = "") -> str:
    return f"/reviews/{seat.uid}/{verb and verb + '/'}"


def typed(client: Client, seat: Seat) -> dict[str, Any]:
    """The form of the workspace as it now stands."""
    return Page(client.get(at(seat)), "/save/").data


def fill(data: dict[str, Any], seat: Seat, value: str = "3") -> dict[str, Any]:
    """A complete review."""
    for code in seat.case.scope:
        data |= {
            f"{code}-value": value,
            f"{code}-reason": f"Seen in {code}.",
            f"{code}-cites": ["E1"],
        }
    return {**data, "strength": "2"}


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def summary_of(response: Any) -> list[str]:
    """What the list of things to fix says, and where each line leads; each place is there."""
    page = response.content.decode()
    found = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    assert found is not None
    for target in re.findall(r'href="#([^"]+)"', found[0]):
        assert f'id="{target}"' in page, target
    return [re.sub(r"<[^>]+>", "", line) for line in re.findall(r"<li>(.*?)</li>", found[0])]


# --- Who gets here -----------------------------------------------------------------------------


VERBS = ["", "accept", "decline", "date", "save", "send", "check", "recuse", "decision"]


@pytest.mark.parametrize("verb", [*VERBS, "calendar.ics"])
def test_a_seat_exists_for_its_own_person_alone(verb) -> None:
    case = case_in_decision()
    proposed(case)
    seat = one(case)
    people = {
        "superuser": make_user(is_superuser=True, is_staff=True),
        "moderator": moderator(),
        "chair": case.chair,
        "co-reviewer": other(case).user,
        "owner": case.solution.owner,
        "stranger": make_user(),
    }
    address = at(seat, verb).replace(".ics/", ".ics")

    answers = {
        name: {browser(person).get(address).status_code, browser(person).post(address).status_code}
        for name, person in people.items()
    }

    expected = {404} if verb in VERBS[1:] else {404, 405}
    assert answers == dict.fromkeys(people, expected)
    answer = Client().get(address)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("verb", ["", "decision"])
def test_no_page_is_kept_and_no_link_tells_where_it_stood(verb) -> None:
    case = case_in_decision()
    seat = one(case)

    answer = browser(seat.user).get(at(seat, verb))

    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "same-origin"


def test_links_to_evidence_carry_no_referrer() -> None:
    seat = one(case_in_review())

    page = browser(seat.user).get(at(seat)).content.decode()

    links = re.findall(r'<a href="https?://[^"]+"[^>]*>', page)
    assert len(links) == 3  # in the list, and at the two criteria it is tied to
    assert all('rel="noreferrer noopener nofollow" target="_blank"' in link for link in links)


# --- The queue ---------------------------------------------------------------------------------


def test_an_empty_queue_says_what_will_come() -> None:
    answer = browser(make_user()).get("/reviews/")

    assert "No review asks for you" in text_of(answer)
    assert "the invitation comes by e-mail and stands here" in text_of(answer)
    assert "calendar.ics" not in answer.content.decode()


def test_the_queue_says_what_waits_until_when_and_what_is_done() -> None:
    me = make_reviewer("ID")
    seat = accepted(chaired_case(), me)
    Seat.objects.filter(pk=seat.pk).update(due_at=timezone.now() - dt.timedelta(days=2))
    invited(chaired_case(), me)
    declined = invited(chaired_case(), me)
    panel.decline(declined, by=me, reason="time")

    said = text_of(browser(me).get("/reviews/"))

    assert "2 reviews ask for you" in said
    assert "2 days late · Due on" in said
    assert "11 days left · Answer by" in said
    assert re.search(r"Done .* Declined, ", said)


def test_a_decision_that_waits_for_confirmation_stands_in_the_queue() -> None:
    case = case_in_decision()
    seat = one(case)
    before = text_of(browser(seat.user).get("/reviews/"))
    proposed(case)
    after = browser(seat.user).get("/reviews/")

    assert "Sent, the panel goes on" in before
    assert "Decisions to confirm" not in before
    assert "Decisions to confirm" in text_of(after)
    assert at(seat, "decision") in after.content.decode()


@pytest.mark.parametrize("seats", [1, 12])
def test_the_queue_costs_the_same_for_one_and_for_twelve(seats, django_assert_num_queries) -> None:
    me = make_reviewer("ID")
    me.reviewer.most_open = 20
    me.reviewer.save()
    for _n in range(seats):
        accepted(chaired_case(), me)
    client = browser(me)
    client.get("/reviews/")

    with django_assert_num_queries(QUEUE):
        client.get("/reviews/")


#: Session, user; the seats going on, the number of ended ones; hubs and desk for the top.
QUEUE = 6
#: Session, user; the seat, the seat again with its scores; links, checks, questions; the top.
WORKSPACE = 11


@pytest.mark.parametrize("items", [1, 20])
def test_the_workspace_costs_the_same_for_one_and_for_twenty_items(
    items, django_assert_num_queries
) -> None:
    seat = one(case_in_review(case_with(items)))
    client = browser(seat.user)
    client.get(at(seat))

    with django_assert_num_queries(WORKSPACE):
        answer = client.get(at(seat))

    assert len(re.findall(r'id="check-E\d+"', answer.content.decode())) == items


def case_with(items: int, **more: Any) -> Case:
    solution = complete_full(**more)
    for n in range(1, items):
        Evidence.objects.create(
            solution=solution,
            title=f"Report {n}",
            kind="report",
            url=f"https://reports.test.example/{n}",
            criteria=["C2"],
            position=n,
        )
    published(solution, form="full")
    return Case.objects.get(solution=solution)


def test_a_first_visit_to_the_workspace_stays_within_60_kilobytes() -> None:
    seat = one(case_in_review(case_with(6)))
    judged(seat)

    page = browser(seat.user).get(at(seat)).content
    static = settings.BASE_DIR / "static"
    files = ["css/hub.css", "css/review.css", "js/display.js", "js/review.js", "img/mark.svg"]
    weight = len(brotli.compress(page, quality=4))
    weight += sum(len(brotli.compress((static / name).read_bytes())) for name in files)
    weight += (static / "fonts/literata-latin.woff2").stat().st_size

    assert weight < 60 * 1024


# --- Dates in a calendar -----------------------------------------------------------------------


def dates_in(answer: Any) -> list[tuple[str, Any, int, str]]:
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return [
        (str(event["UID"]), event.decoded("DTSTART"), event["SEQUENCE"], str(event["SUMMARY"]))
        for event in Calendar.from_ical(answer.content).walk("VEVENT")
    ]


def test_the_calendar_file_has_each_open_date_once_and_a_changed_one_moves() -> None:
    me = make_reviewer("ID")
    case = chaired_case()
    seat = accepted(case, me)
    asked = invited(chaired_case(), me)
    client = browser(me)
    today = timezone.localdate()

    answer = client.get("/reviews/calendar.ics")
    first = dates_in(answer)
    panel.set_due(Seat.objects.get(pk=seat.pk), by=case.chair, on=today + dt.timedelta(days=30))
    second = dates_in(client.get(at(seat, "calendar.ics").removesuffix("/")))

    title = seat.case.version.content["title"]
    host = first[0][0].partition("@")[2]
    assert answer["Content-Disposition"] == 'attachment; filename="reviews.ics"'
    assert first == [
        (
            f"{asked.uid}-answer@{host}",
            today + dt.timedelta(days=11),
            0,
            f"Answer to an invitation: {asked.case.version.content['title']}",
        ),
        (f"{seat.uid}-review@{host}", today + dt.timedelta(days=21), 1, f"Review due: {title}"),
    ]
    assert second == [
        (f"{seat.uid}-review@{host}", today + dt.timedelta(days=30), 2, f"Review due: {title}")
    ]


def test_a_review_without_a_date_has_no_calendar_file() -> None:
    case = case_in_decision()
    seat = one(case)

    assert browser(seat.user).get(f"/reviews/{seat.uid}/calendar.ics").status_code == 404


# --- The invitation ----------------------------------------------------------------------------


def test_an_invitation_shows_the_public_words_and_opens_no_file() -> None:
    case = chaired_case(case_with(1, summary="What is public about it."))
    Evidence.objects.filter(solution=case.solution).update(access="restricted")
    seat = invited(case)

    answer = browser(seat.user).get(at(seat))

    said = text_of(answer)
    assert "What is public about it." in said
    assert "Brazil" in said
    assert all(str(kind.label) in answer.content.decode() for kind in c.Conflict)
    assert "contact@test.example" not in said
    assert "reports.test.example" not in answer.content.decode()


def test_a_missing_answer_about_conflicts_is_asked_for_and_the_others_stay() -> None:
    seat = invited(chaired_case())

    answer = browser(seat.user).post(at(seat, "accept"), {**NO, "adviser": "", "gain": "maybe"})

    assert summary_of(answer) == ["2. Answer yes or no.", "3. Answer yes or no."]
    assert answer.content.decode().count('value="no" checked') == 3
    assert Seat.objects.get().state == "invited"


def test_accepting_opens_the_workspace() -> None:
    seat = invited(chaired_case())
    client = browser(seat.user)

    answer = client.post(at(seat, "accept"), NO, follow=True)

    assert "You have accepted." in text_of(answer)
    assert answer.redirect_chain == [(at(seat), 302)]
    assert Seat.objects.get().declared == NO_CONFLICT


def test_a_declared_conflict_ends_the_invitation_with_thanks() -> None:
    seat = invited(chaired_case())

    answer = browser(seat.user).post(at(seat, "accept"), {**NO, "family": "yes"}, follow=True)

    assert "Thank you for saying so." in text_of(answer)
    assert Seat.objects.get().state == "declined"


def test_declining_needs_a_reason_and_words_for_another_one() -> None:
    seat = invited(chaired_case())
    client = browser(seat.user)

    without = client.post(at(seat, "decline"), {"note": "Kept text"})
    wordless = client.post(at(seat, "decline"), {"reason": "other"})
    done = client.post(at(seat, "decline"), {"reason": "other", "note": "Travelling."})

    assert summary_of(without) == ["Choose a reason."]
    assert "Kept text" in without.content.decode()
    assert summary_of(wordless) == ["Say in a few words why."]
    assert done["Location"] == "/reviews/"
    seat.refresh_from_db()
    assert (seat.state, seat.decline_reason, seat.decline_note) == (
        "declined",
        "other",
        "Travelling.",
    )


@pytest.mark.parametrize("days", [0, 61, 400_000])
def test_another_date_lies_within_sixty_days(days) -> None:
    seat = invited(chaired_case())
    on = (timezone.localdate() + dt.timedelta(days=days)).isoformat() if days < 1000 else "99999"

    answer = browser(seat.user).post(at(seat, "date"), {"on": on})

    assert len(summary_of(answer)) == 1
    assert Seat.objects.get().asked_due_on is None


def test_another_date_is_proposed_and_shown() -> None:
    seat = invited(chaired_case())
    on = timezone.localdate() + dt.timedelta(days=40)

    answer = browser(seat.user).post(at(seat, "date"), {"on": on.isoformat()}, follow=True)

    assert Seat.objects.get().asked_due_on == on
    assert "you asked for" in text_of(answer)


# --- The workspace -----------------------------------------------------------------------------


def test_each_criterion_stands_beside_its_answers_its_evidence_and_its_anchors() -> None:
    seat = one(case_in_review())

    page = browser(seat.user).get(at(seat)).content.decode()

    sections = dict(
        re.findall(r'<section class="crit-part" id="(C\d+)"(.*?)</section>', page, re.DOTALL)
    )
    assert list(sections) == seat.case.scope
    assert "12,000 households in 2014." in sections["C1"]
    assert "Baseline and later value, with a plausible link." in sections["C2"]
    assert "Yearly report" in sections["C2"]
    assert "contact@test.example" in sections["C3"]
    assert "A line in the budget of each municipality" in sections["C5"]
    assert [text.count('type="radio"') for text in sections.values()] == [6] * 10


def test_saving_keeps_what_was_typed_and_says_when() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = typed(client, seat) | {
        "C1-value": "3",
        "C1-reason": "Two lines\r\nof it.",
        "C1-cites": ["E1"],
        "C2-value": "cannot",
        "C3-question": "Who measured?",
        "note": "For the chair.",
        "named": "on",
        "at": "C3",
    }

    with time_machine.travel(timezone.now().replace(hour=14, minute=5), tick=False):
        answer = client.post(at(seat, "save"), data, follow=True)

    assert answer.redirect_chain == [(at(seat) + "#C3", 302)]
    assert "Saved at 14:05 UTC." in text_of(answer)
    rows = seat.scores.order_by("pk").values_list(
        "criterion", "value", "cannot_judge", "reason", "cites", "question"
    )
    assert list(rows) == [
        ("C1", 3, False, "Two lines\nof it.", ["E1"], ""),
        ("C2", None, True, "", [], ""),
        ("C3", None, False, "", [], "Who measured?"),
    ]
    seat.refresh_from_db()
    assert (seat.note, seat.named, seat.strength) == ("For the chair.", True, None)


def test_the_page_shows_again_exactly_what_was_saved() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = fill(typed(client, seat), seat)
    client.post(at(seat, "save"), data)

    again = typed(client, seat)

    again.pop("opened"), data.pop("opened")
    plain = {key: value if isinstance(value, list) else [value] for key, value in data.items()}
    assert again == plain


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("C2-value", "7", "C2: Choose a score from 0 to 4."),
        ("C2-value", "-1", "C2: Choose a score from 0 to 4."),
        ("C2-value", "two", "C2: Choose a score from 0 to 4."),
        ("C2-cites", "E99", "C2: Cite evidence of this version only."),
        ("C11-value", "3", "This criterion is not part of the review."),
        ("strength", "9", "Choose one of E0 to E4."),
        ("strength", "strong", "Choose one of E0 to E4."),
    ],
)
@pytest.mark.parametrize("verb", ["save", "send"])
def test_what_can_never_be_is_refused_and_nothing_typed_is_lost(verb, name, value, said) -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = fill(typed(client, seat), seat) | {name: value}

    answer = client.post(at(seat, verb), data)
    quiet = client.post(at(seat, "save"), data, **JSON)

    assert said in summary_of(answer)
    assert "Seen in C9." in answer.content.decode()
    assert (quiet.status_code, quiet.json()) == (
        409,
        {"error": "Something here cannot be. Look at the fields."},
    )
    assert not Score.objects.exists()


def test_a_text_too_long_to_keep_stays_in_the_page_and_the_rest_is_saved() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = fill(typed(client, seat), seat) | {"C2-reason": "x" * 2001}

    answer = client.post(at(seat, "send"), data)

    assert summary_of(answer) == ["C2: Shorten this to 2000 characters. It has 2001 now."]
    assert "x" * 2001 in answer.content.decode()
    assert seat.scores.count() == 9
    assert Seat.objects.get(pk=seat.pk).state == "reviewing"


def test_sending_an_unfinished_review_lists_what_is_missing_with_links() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = fill(typed(client, seat), seat) | {"C1-value": "", "C2-cites": [], "strength": ""}
    data |= {"C4-value": "cannot", "C4-reason": " ", "C4-cites": []}

    answer = client.post(at(seat, "send"), data)

    assert summary_of(answer) == [
        "C1: Choose a score, or say that you cannot judge.",
        "C2: A score of 2 or more cites at least one item of evidence.",
        "C4: Give your reason in one sentence.",
        "Say how strong the evidence for results is.",
    ]
    assert seat.scores.count() == 10  # what was typed is saved all the same
    assert answer.content.decode().count("<title>Error:") == 1


def test_a_review_is_sent_once_however_often_the_button_is_pressed() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = fill(typed(client, seat), seat)

    answers = [client.post(at(seat, "send"), data) for _n in range(2)]

    assert [(a.status_code, a["Location"]) for a in answers] == [(302, at(seat))] * 2
    assert Seat.objects.get(pk=seat.pk).state == "sent"
    assert "Your review is in." in text_of(client.get(at(seat)))


def test_text_that_comes_too_late_is_shown_to_be_copied() -> None:
    case = case_in_review()
    seat = one(case)
    client = browser(seat.user)
    data = typed(client, seat) | {"C1-reason": "Hours of work."}
    panel.release(Seat.objects.get(pk=seat.pk), by=case.chair, note="Not needed.")

    answer = client.post(at(seat, "save"), data)

    assert answer.status_code == 409
    assert "Hours of work." in answer.content.decode()


# --- Two windows -------------------------------------------------------------------------------


def test_two_windows_on_different_criteria_both_arrive() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    first, second = typed(client, seat), typed(client, seat)

    client.post(at(seat, "save"), first | {"C1-value": "3"})
    answer = client.post(at(seat, "save"), second | {"C2-value": "1"})

    assert answer.status_code == 302
    assert dict(seat.scores.values_list("criterion", "value")) == {"C1": 3, "C2": 1}


def test_a_stale_window_overwrites_nothing_and_shows_both() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    old = typed(client, seat)
    client.post(at(seat, "save"), old | {"C1-value": "3", "C1-reason": "The newer one."})

    stale = old | {"C1-value": "1", "C1-reason": "The older one."}
    quiet = client.post(at(seat, "save"), stale, **JSON)
    answer = client.post(at(seat, "send"), stale)

    assert quiet.json()["problem"] == (
        "C1 was changed in another window too. Press Save to see both."
    )
    assert answer.status_code == 409
    assert summary_of(answer) == ["C1 was changed in another window too. Look at both."]
    assert seat.scores.get().reason == "The newer one."
    page = answer.content.decode()
    assert "The newer one." in page
    assert Page(answer, "/save/").data["C1-reason"] == ["The older one."]


@pytest.mark.parametrize(("take", "kept"), [("", "The older one."), ("C1", "The newer one.")])
def test_after_seeing_both_the_reviewer_chooses(take, kept) -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    old = typed(client, seat)
    client.post(at(seat, "save"), old | {"C1-reason": "The newer one."})
    both = client.post(at(seat, "save"), old | {"C1-reason": "The older one."})

    answer = client.post(at(seat, "save"), Page(both, "/save/").data | {"take": take})

    assert answer.status_code == 302
    assert seat.scores.get().reason == kept


def test_autosave_answers_with_the_time_and_the_marks_for_the_next_one() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)
    data = typed(client, seat)

    first = client.post(at(seat, "save"), data | {"C1-value": "2"}, **JSON).json()
    data["opened"] = first["opened"]
    second = client.post(at(seat, "save"), data | {"C1-value": "4"}, **JSON).json()

    assert re.fullmatch(r"Saved at \d\d:\d\d UTC\.", first["message"])
    assert (first["problem"], second["problem"]) == ("", "")
    assert seat.scores.get().value == 4


def test_autosave_after_signing_out_says_where_to_sign_in() -> None:
    seat = one(case_in_review())

    answer = Client().post(at(seat, "save"), {}, **JSON)

    assert (answer.status_code, answer.json()) == (401, {"login": "/accounts/login/"})


# --- Evidence ----------------------------------------------------------------------------------


def test_a_check_of_evidence_is_noted_with_and_without_scripts() -> None:
    seat = one(case_in_review())
    client = browser(seat.user)

    plain = client.post(at(seat, "check"), {"ref": "E1", "outcome": "opened"})
    quiet = client.post(
        at(seat, "check"), {"ref": "E1", "outcome": "contradicted", "note": "p. 3"}, **JSON
    )

    assert plain["Location"] == at(seat) + "#e1"
    assert quiet.json() == {"message": "Contradicted", "outcome": "contradicted"}
    assert EvidenceCheck.objects.values_list("ref", "outcome", "note").get() == (
        "E1",
        "contradicted",
        "p. 3",
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"ref": "E1"}, "Choose what you found."),
        ({"ref": "E1", "outcome": "burnt"}, "Choose what you found."),
        ({"ref": "E1", "outcome": "contradicted"}, "Say what contradicts it."),
        ({"ref": "E1", "outcome": "opened", "note": "x" * 501}, "Shorten this to 500 characters."),
    ],
)
def test_an_unfinished_check_is_said_at_its_item(data, said) -> None:
    seat = one(case_in_review())
    client = browser(seat.user)

    plain = client.post(at(seat, "check"), data)
    quiet = client.post(at(seat, "check"), data, **JSON)

    assert summary_of(plain) == [said]
    assert quiet.json() == {"error": said}
    assert not EvidenceCheck.objects.exists()


def test_evidence_that_is_not_there_cannot_be_checked() -> None:
    seat = one(case_in_review())

    answer = browser(seat.user).post(
        at(seat, "check"), {"ref": "E99", "outcome": "opened"}, follow=True
    )

    assert "There is no such item of evidence." in text_of(answer)


def test_a_restricted_file_opens_once_the_invitation_is_accepted() -> None:
    solution = complete_full()
    notes = SimpleUploadedFile("notes.txt", b"Plain notes of an interview.\n", "text/plain")
    stored = operations.store_file(notes, by=solution.owner)
    Evidence.objects.create(
        solution=solution, title="Notes", kind="report", file=stored, access="restricted",
        criteria=["C6"], position=1,
    )  # fmt: skip
    published(solution, form="full")
    seat = invited(chaired_case(Case.objects.get(solution=solution)))
    client = browser(seat.user)
    address = f"/files/{stored.pk}/"

    def seen() -> tuple[int, bool]:
        answer = client.get(address)
        if answer.streaming:
            assert b"".join(answer.streaming_content)
        return answer.status_code, address in client.get(at(seat)).content.decode()

    before = seen()
    client.post(at(seat, "accept"), NO)
    after = seen()

    assert (before, after) == ((404, False), (200, True))


# --- Clarification, short path -----------------------------------------------------------------


def test_an_answer_of_the_team_shows_at_its_criterion_once_it_is_sent() -> None:
    case = case_in_review()
    seat = one(case)
    client = browser(seat.user)
    round_one = clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    question = round_one.questions.get()
    case = Case.objects.get(pk=case.pk)
    clarifying.keep_answers(case, by=case.solution.owner, answers={question.pk: "Half an answer"})
    while_asking = client.get(at(seat)).content.decode()
    clarifying.answer(case, by=case.solution.owner, answers={question.pk: "With 2014."})
    after = client.get(at(seat)).content.decode()

    assert "Compared with what?" in while_asking
    assert "Half an answer" not in while_asking
    assert "The team is answering questions." in while_asking
    found = re.search(r'<section class="crit-part" id="C2".*?</section>', after, re.DOTALL)
    assert found is not None
    assert "With 2014." in found[0]


def test_while_the_team_is_asked_one_saves_but_cannot_send() -> None:
    case = case_in_review()
    seat = one(case)
    client = browser(seat.user)
    clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])

    answer = client.post(at(seat, "send"), fill(typed(client, seat), seat))

    assert len(summary_of(answer)) == 1
    assert seat.scores.count() == 10
    assert Seat.objects.get(pk=seat.pk).state == "reviewing"


def test_the_short_path_shows_what_the_owner_said_and_what_is_carried_over() -> None:
    record = labelled()
    solution = record.solution
    later = timezone.now() + dt.timedelta(days=365 * 3 - 40)
    with time_machine.travel(later):
        Evidence.objects.create(
            solution=solution,
            title="Later report",
            kind="report",
            url="https://reports.test.example/later",
            dated_on=later.date().isoformat(),
            criteria=["C2", "C5"],
            position=1,
        )
        said = {f"C{n}": Statement("unchanged") for n in range(1, 11)}
        said |= {
            "C2": Statement("changed", "It grew.", ("E2",)),
            "C5": Statement("unchanged", evidence=("E2",)),
        }
        renewing.file_renewal(
            type(solution).objects.get(pk=solution.pk), by=solution.owner, statements=said
        )
        screened_again(solution)
        case = case_in_review(Case.objects.open().get(solution=solution))
        seat = one(case)
        answer = browser(seat.user).get(at(seat))

    page = answer.content.decode()
    assert re.findall(r'<section class="crit-part" id="(C\d+)"', page) == ["C2", "C5"]
    assert "The owner says: Changed. It grew. E2" in text_of(answer).replace(" .", ".")
    assert f'href="/records/{record.reference}/"' in page
    assert "C1 Relevance 3 , C3 Verifiability 3" in text_of(answer)


# --- Sent, stepping down, the decision ---------------------------------------------------------


def test_a_sent_review_can_only_be_read() -> None:
    case = case_in_review()
    seat = sent(one(case))
    client = browser(seat.user)

    page = client.get(at(seat)).content.decode()

    assert "Because of what is in C10." in page
    assert "<textarea" not in page
    assert client.get(at(seat, "decision"))["Location"] == at(seat)


def test_before_the_decision_nothing_of_the_other_review_shows() -> None:
    case = case_in_review()
    mine, theirs = one(case), other(case)
    sent(mine)
    Score.objects.create(seat=theirs, criterion="C1", value=4, reason="A secret thought.")
    client = browser(mine.user)

    seen = [client.get(at(mine, verb), follow=True).content.decode() for verb in ("", "decision")]

    for page in [*seen, client.get("/reviews/").content.decode()]:
        assert "A secret thought." not in page
        assert f"Reviewer {theirs.alias}" not in page


@pytest.mark.parametrize("is_sent", [True, False])
def test_one_steps_down_with_a_reason(is_sent) -> None:
    case = case_in_review()
    seat = one(case)
    if is_sent:
        seat = sent(seat)
    client = browser(seat.user)

    empty = client.post(at(seat, "recuse"), {"note": " "})
    done = client.post(at(seat, "recuse"), {"note": "They hired me."}, follow=True)

    assert summary_of(empty) == ["Say why, in one sentence. Only the chair reads it."]
    assert "You have stepped down." in text_of(done)
    assert "You are no longer on this panel." in text_of(client.get(at(seat)))


def test_the_decision_shows_all_reviews_by_alias_and_no_name() -> None:
    case = case_in_decision(3, {**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C7": None})
    mine, theirs = one(case), other(case)
    client = browser(mine.user)

    waiting = client.get(at(mine, "decision"))
    proposed(case)
    page = client.get(at(mine, "decision"))

    assert "Waiting for the chair." in text_of(waiting)
    assert "Confirm the decision" not in text_of(waiting)
    for answer in (waiting, page):
        assert f"You, Reviewer {mine.alias} 3" in text_of(answer)
        assert f"Reviewer {theirs.alias} cannot judge" in text_of(answer)
        assert str(theirs.user) not in text_of(answer)
        assert theirs.user.email not in answer.content.decode()
    assert "Validated" in text_of(page)
    assert "Readers see why for C1." in text_of(page)
    assert "This is what was decided, and why." in text_of(page)


def test_what_keeps_it_from_a_label_is_said_in_words() -> None:
    low = {**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C6": 1}
    case = case_in_decision(low, low)
    proposed(case)

    said = text_of(browser(one(case).user).get(at(one(case), "decision")))

    assert "What keeps it from “Validated” C6 Inclusion and gender: 1, and 2 is needed." in said


def test_confirming_twice_gives_one_record() -> None:
    case = case_in_decision()
    decision = proposed(case)
    seat = one(case)
    client = browser(seat.user)
    data = {"proposal": decision.pk, "answer": "confirm"}

    answers = [client.post(at(seat, "decision"), data) for _n in range(2)]

    assert [answer["Location"] for answer in answers] == [at(seat)] * 2
    assert Record.objects.get().label == "validated"
    assert f'href="/records/{Record.objects.get().reference}/"' in (
        client.get(at(seat)).content.decode()
    )


def test_sending_back_needs_a_reason() -> None:
    case = case_in_decision()
    decision = proposed(case)
    seat = one(case)
    client = browser(seat.user)
    data = {"proposal": decision.pk, "answer": "refuse"}

    empty = client.post(at(seat, "decision"), data)
    done = client.post(at(seat, "decision"), data | {"note": "Look at C2."}, follow=True)

    assert summary_of(empty) == ["Say what the chair should look at again."]
    assert "Sent back to the chair" in text_of(done)
    decision = Decision.objects.get()
    assert (decision.state, decision.answer_note) == ("refused", "Look at C2.")


@pytest.mark.parametrize("proposal", ["0", "999999", "x", ""])
def test_only_the_proposal_of_this_case_is_answered(proposal) -> None:
    case = case_in_decision()
    proposed(case)
    seat = one(case)
    data = {"proposal": proposal, "answer": "confirm"}

    assert browser(seat.user).post(at(seat, "decision"), data).status_code == 404
    assert not Record.objects.exists()


def test_a_proposal_overtaken_meanwhile_is_not_confirmed() -> None:
    case = case_in_decision()
    old = proposed(case)
    proposed(case)
    seat = one(case)

    answer = browser(seat.user).post(
        at(seat, "decision"), {"proposal": old.pk, "answer": "confirm"}, follow=True
    )

    assert "This proposal was overtaken" in text_of(answer)
    assert not Record.objects.exists()


def test_gaps_are_named_by_the_operation_as_by_the_page() -> None:
    """The page tells what lacks before anything is sent; the operation has the last word."""
    seat = judged(one(case_in_review()), {f"C{n}": 3 for n in range(1, 11)})
    page = browser(seat.user).get(at(seat)).content.decode()

    assert reviewing.gaps_of(Seat.objects.get(pk=seat.pk)) == {}
    assert re.findall(r"<span data-done>(\d+)</span>", page) == ["10", "10"]
