"""Logs and reports tell what happened, and no secret."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from django.test import Client

from hubportal import observability


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("GET /hubs/", "GET /hubs/"),
        ("GET /search/?q=my+illness", "GET /search/?…"),
        (
            "GET /accounts/password/reset/key/3f-c8a9-112/",
            "GET /accounts/password/reset/key/[removed]/",
        ),
        ("POST /accounts/confirm-email/MTI:abc/", "POST /accounts/confirm-email/[removed]/"),
        (
            "POST /notifications/stop/WzEsImNhc2UiXQ:1vM:3-f_/",
            "POST /notifications/stop/[removed]/",
        ),
        (
            "GET /ar/notifications/stop/WzEsImNhc2UiXQ/?a=b",
            "GET /ar/notifications/stop/[removed]/?…",
        ),
    ],
)
def test_addresses_are_logged_without_what_was_typed_and_without_keys(address, shown):
    assert observability.public_address(address) == shown


@pytest.mark.parametrize(
    "name",
    ["password", "new_password1", "csrftoken", "sessionid", "Cookie", "AUTHORIZATION", "api_key",
     "mail_body", "recovery_codes"],
)  # fmt: skip
def test_secrets_are_blanked_by_name(name):
    event = observability.hide_secrets(None, "info", {"event": "x", name: "value"})
    assert event == {"event": "x", name: "[removed]"}


def test_other_values_are_kept():
    event = {"event": "request_finished", "code": 200, "user_id": 7, "request": "GET /hubs/"}
    assert observability.hide_secrets(None, "info", dict(event)) == event


@pytest.fixture
def log_lines(caplog):
    """Lines as production writes them."""
    caplog.set_level(logging.INFO)
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(observability.line_formatter(json=True))
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_line_of_ours_is_json_with_time_level_and_logger(log_lines):
    structlog.get_logger("portal.trial").info("version_frozen", version=3, token="abc")
    (line,) = log_lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "version_frozen",
        "level": "info",
        "logger": "portal.trial",
        "token": "[removed]",
        "version": 3,
    }


def test_a_line_of_a_library_has_the_same_form(log_lines):
    logging.getLogger("some.library").warning("It is %s", "late")
    (line,) = log_lines()
    assert (line["event"], line["level"], line["logger"]) == (
        "It is late",
        "warning",
        "some.library",
    )


def test_an_exception_is_one_line(log_lines):
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("some.library").exception("Failed")
    (line,) = log_lines()
    assert "ValueError: broken" in line["exception"]


def test_a_request_is_one_line_with_its_id_and_no_address_of_the_visitor(log_lines, client: Client):
    client.get("/health/live?who=me", headers={"User-Agent": "probe"}, REMOTE_ADDR="192.0.2.77")
    (line,) = log_lines()
    assert (line["event"], line["code"], line["request"]) == (
        "request_finished",
        200,
        "GET /health/live?…",
    )
    assert len(line["request_id"]) == 36
    assert "192.0.2.77" not in json.dumps(line)


def test_a_report_leaves_without_cookies_query_and_secret_headers():
    event = {
        "request": {
            "url": "https://hubs.example.org/search/?q=secret",
            "query_string": "q=secret",
            "cookies": {"session": "abc"},
            "headers": {"Cookie": "session=abc", "Accept": "text/html"},
        }
    }
    assert observability.without_secrets(event, {}) == {
        "request": {
            "url": "https://hubs.example.org/search/?…",
            "headers": {"Cookie": "[removed]", "Accept": "text/html"},
        }
    }


def test_a_report_without_a_request_leaves_too():
    assert observability.without_secrets({"message": "x"}, {}) == {"message": "x"}
