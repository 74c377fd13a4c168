"""The commands of the Makefile: what they start they stop, and what they check they find."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

sys.path.insert(0, str(settings.BASE_DIR / "bin"))

import lint
import run
import setting_up

sys.path.remove(str(settings.BASE_DIR / "bin"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "VAR", tmp_path)
    monkeypatch.setattr(run, "STOP_SECONDS", 0.5)
    run.adopt_orphans()
    yield
    run.adopt_orphans(adopt=False)


def alive(pid: int) -> bool:
    """Whether a process exists and is not just waiting to be collected."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def service_with_child(tmp_path, script: str) -> tuple[run.Service, int]:
    """A service that starts a child of its own and writes down its number."""
    note = tmp_path / "child"
    command = ["sh", "-c", f'sleep 300 & echo $! > "{note}"; {script}']
    service = run.Service("trial", command, dict(os.environ))
    deadline = time.monotonic() + 10
    while not (note.exists() and note.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return service, int(note.read_text())


@pytest.mark.parametrize(
    "script",
    ["wait", "trap '' TERM; while :; do sleep 0.1; done"],
    ids=["ends when asked", "does not listen"],
)
def test_stopping_leaves_nobody(tmp_path, script):
    service, child = service_with_child(tmp_path, script)
    run.end_all([service])
    assert not alive(service.process.pid)
    assert not alive(child)


def test_stopping_also_ends_the_children_of_one_that_died(tmp_path):
    service, child = service_with_child(tmp_path, "exit 3")
    service.process.wait()
    assert alive(child)
    run.end_all([service])
    assert not alive(child)


def test_a_service_that_keeps_ending_is_given_up(capsys):
    service = run.Service("trial", ["sh", "-c", "echo broken; exit 3"], dict(os.environ))
    with pytest.raises(setting_up.Failed, match="The trial ended 6 times"):
        run.watch([service])
    said = capsys.readouterr().out
    assert said.count("The trial was started again") == run.RESTARTS
    assert "status 3" in said
    assert "broken" in said


def test_a_taken_port_is_said_plainly():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(setting_up.Failed, match=f"make run PORT={port + 1}"):
            run.check_port("127.0.0.1", port)


def test_one_folder_runs_once():
    with run.only_one():
        run.note_address("http://127.0.0.1:8000/")
        with (
            pytest.raises(setting_up.Failed, match=r"already running: process \d+, http://127"),
            run.only_one(),
        ):
            pass


def test_a_step_is_repeated_when_its_sources_changed(tmp_path):
    source, stamp = tmp_path / "source", tmp_path / "stamp"
    source.mkdir()
    (source / "a.css").write_text("a")
    before = setting_up.fingerprint([source])
    assert not setting_up.is_fresh(stamp, before)
    stamp.write_text(before)
    assert setting_up.is_fresh(stamp, setting_up.fingerprint([source]))
    (source / "b.css").write_text("b")
    assert not setting_up.is_fresh(stamp, setting_up.fingerprint([source]))


@pytest.mark.parametrize(
    ("markup", "refused"),
    [
        ('<script src="/static/a.js" defer></script>', False),
        ('<script type="application/ld+json">{}</script>', False),
        ("<script>go()</script>", True),
        ('<script type="module">go()</script>', True),
        ("<style>p{}</style>", True),
        ('<p class="a" style="color: red">', True),
        ('<button type="button" onclick="go()">', True),
        ('<a href="/on-time/" title="style = plain">', False),
    ],
)
def test_inline_code_is_found(markup, refused):
    assert bool(lint.INLINE.search(markup)) is refused


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ("p { margin-left: 1rem }", True),
        ("p { padding-right: 1rem }", True),
        ("p { border-left: 1px solid }", True),
        ("p {left: 0}", True),
        ("p { text-align: right; }", True),
        ("p { float:left }", True),
        ("p { margin-inline-start: 1rem; inset-inline-end: 0; text-align: end }", False),
        ("p { background: url(left.svg); --left: 1 }", False),
    ],
)
def test_physical_directions_are_found(rule, refused):
    assert bool(lint.PHYSICAL.search(rule)) is refused


def test_a_lock_belongs_to_its_source_and_what_that_includes(tmp_path):
    base, dev = tmp_path / "base.in", tmp_path / "dev.in"
    base.write_text("django~=5.2\n")
    dev.write_text("-r base.in\npytest\n")
    before = lint.digest(dev)
    dev.write_text("# tools\n-r base.in\n\npytest  # runs them\n")
    assert lint.digest(dev) == before
    base.write_text("django~=5.2\nnh3\n")
    assert lint.digest(dev) != before
