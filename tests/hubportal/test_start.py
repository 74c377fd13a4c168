"""A process that only shows pages starts without what few pages need: time and memory of all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

#: Not loaded by a start nor by the first page of somebody signed out, and who loads each.
LATE = {
    "celery": "handing a task over",
    "kombu": "handing a task over",
    "PIL": "taking a picture",
    "puremagic": "taking a file",
    "qrcode": "printing a code",
    "numpy": "a snapshot of the search",
    "pyroaring": "a snapshot of the search",
    "sentry_sdk": "reporting errors, where wanted",
}

FIRST_PAGE = """
import gc, io, sys
from hubportal.wsgi import application

def begin(status, headers):
    print("status", status)

loaded = gc.isenabled() and gc.get_freeze_count() > 100_000
body = application({
    "REQUEST_METHOD": "GET", "PATH_INFO": "/accounts/login/", "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1",
    "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
}, begin)
assert b"".join(body)
print("frozen", loaded)
print("modules", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, list[str]]:
    """What a fresh process says after it has shown the page that asks no table."""
    folder = tmp_path_factory.mktemp("start")
    env = {
        **os.environ,
        "HUB_PROFILE": "test",
        "HUB_VAR": str(folder),
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "DJANGO_SETTINGS_MODULE": "hubportal.settings",
    }
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}


def test_a_first_page_is_shown(told):
    assert told["status"][0] == "200"


@pytest.mark.parametrize("name", sorted(LATE))
def test_what_few_pages_need_is_not_loaded_by_all(told, name):
    assert name not in told["modules"], f"{name} is for {LATE[name]} only"


def test_what_is_loaded_is_left_alone_by_the_collector(told):
    assert told["frozen"] == ["True"]
