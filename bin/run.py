"""Set up everything, start the web server and the worker, and stop them at the end.

``make run`` calls this. Everything it writes stays below ``var``; a second start skips
what has not changed. The services run in process groups of their own, so that nothing is
left behind when this program ends, however it ends.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from setting_up import (
    PYTHON,
    ROOT,
    VAR,
    Failed,
    Step,
    call,
    ensure_environment,
    environment,
    fingerprint,
    is_fresh,
    last_lines,
    say,
    stop,
)

SCRIPTS = PYTHON.parent
APPS = (
    "core", "accounts", "claims", "hubs", "assessment", "catalogue", "validation", "events",
    "participation", "community", "notifications", "hubportal",
)  # fmt: skip
READY_SECONDS = 60
STOP_SECONDS = 10
RESTARTS = 5
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Asked(Exception):
    """Somebody asked this program to end."""


def _end(number: int, frame: FrameType | None) -> None:
    raise Asked(signal.Signals(number).name)


def _with_parent() -> None:
    """Run in the child: end when this program is killed without a chance to clean up."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def adopt_orphans(*, adopt: bool = True) -> None:
    """Be the parent of what our services leave behind, so that it can be collected here."""
    if _libc is not None:
        _libc.prctl(36, int(adopt))  # PR_SET_CHILD_SUBREAPER


class Service:
    """One program we started, with the process group that holds all it starts itself."""

    def __init__(self, name: str, command: list[str | Path], env: dict[str, str]) -> None:
        self.name, self.command, self.env = name, command, env
        self.log = VAR / "log" / f"{name.partition(' ')[0]}.log"
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > 5_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_with_parent,  # noqa: PLW1509 (no threads run at this point)
            )

    @property
    def ended(self) -> int | None:
        return self.process.poll()

    def signal(self, number: int) -> bool:
        """Signal the whole group; False once nobody is left in it."""
        if self.process.poll() is not None:  # what has ended does not count as left
            with suppress(ChildProcessError):
                while os.waitpid(-self.process.pid, os.WNOHANG)[0]:
                    pass
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True


def end_all(services: list[Service]) -> None:
    """Ask every group to end, then insist. A second signal insists at once."""
    for service in services:
        service.signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    left = services
    try:
        while left and time.monotonic() < deadline:
            left = [service for service in left if service.signal(0)]
            time.sleep(0.05)
    except Asked:
        pass
    for service in left:
        service.signal(signal.SIGKILL)
    for service in services:
        service.process.wait()


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            stop(f"Port {port} needs administrator rights. Choose another: make run PORT=8123")
        except OSError as error:
            stop(
                f"Port {port} on {host} cannot be used: {error.strerror}. "
                f"Choose another: make run PORT={port + 1}"
            )


@contextmanager
def only_one() -> Iterator[None]:
    """The services of one clone run once."""
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            stop(f"The portal of this folder is already running: {file.read().strip()}")
        file.truncate(0)
        yield


def note_address(address: str) -> None:
    (VAR / "run.lock").write_text(f"process {os.getpid()}, {address}")


def prepare_static(env: dict[str, str]) -> None:
    """Collect, hash and compress style sheets, scripts and fonts, when one has changed."""
    target, stamp = VAR / "static", VAR / "static.stamp"
    sources = [ROOT / "static", ROOT / "requirements.txt", ROOT / "hubportal" / "settings.py"]
    value = fingerprint(sources)
    with Step("Static files") as step:
        if target.is_dir() and is_fresh(stamp, value):
            step.note = "unchanged"
            return
        shutil.rmtree(target, ignore_errors=True)
        command: list[str | Path] = [PYTHON, "manage.py", "collectstatic", "--no-input", "-v", "1"]
        call(command, step, env=env)
        stamp.write_text(value)


def prepare_data(env: dict[str, str]) -> str:
    """Database, reference data and demonstration content. Returns the table of accounts."""
    accounts, stamp = VAR / "accounts.txt", VAR / "data.stamp"
    folders = [ROOT / app for app in APPS]
    value = fingerprint([*folders, ROOT / "requirements.txt"], env.get("DATABASE_URL", ""))
    with Step("Database and demonstration content") as step:
        known = bool(env.get("DATABASE_URL")) or (VAR / "db.sqlite3").exists()
        if known and accounts.exists() and is_fresh(stamp, value):
            step.note = "unchanged"
            return accounts.read_text()
        text = call([PYTHON, "manage.py", "prepare", "--demo"], step, env=env)
        accounts.write_text(text)
        stamp.write_text(value)
        return text


def make_folders() -> None:
    shutil.rmtree(VAR / "metrics", ignore_errors=True)  # counters of processes that are gone
    for folder in ("broker/queue", "broker/control", "mail", "media", "metrics"):
        (VAR / folder).mkdir(parents=True, exist_ok=True)


def web(host: str, port: int, *, dev: bool) -> list[str | Path]:
    if dev:
        return [PYTHON, "manage.py", "runserver", f"{host}:{port}"]
    return [
        SCRIPTS / "granian",
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "5", "--no-ws", "hubportal.wsgi:application"),
    ]


def worker() -> list[str | Path]:
    """Worker and clock in one: two threads for tasks, one process that says what is due."""
    return [
        *(SCRIPTS / "celery", "-A", "hubportal", "worker", "--beat", "--pool", "threads"),
        *("--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def wait_until_ready(host: str, port: int, service: Service) -> None:
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 (compared, not bound)
    with Step("Web server") as step:
        while True:
            if service.ended is not None:
                stop(f"The {service.name} ended:\n\n{last_lines(service.log)}")
            connection = http.client.HTTPConnection(host, port, timeout=5)
            try:
                connection.request("GET", "/health/ready")
                answer = connection.getresponse()
                step.detail = answer.read(200).decode(errors="replace")
                if answer.status == 200:
                    return
            except OSError:
                step.detail = "not listening yet"
            finally:
                connection.close()
            if step.seconds > READY_SECONDS:
                stop(f"Not ready after {READY_SECONDS} s ({step.detail}). See {VAR / 'log'}")
            time.sleep(0.1)


def watch(services: list[Service]) -> None:
    """Until asked to end. A service that ends is started again, a few times."""
    while True:
        for service in services:
            code = service.ended
            if code is None:
                continue
            service.signal(signal.SIGKILL)  # whatever it left of its group
            say(f"✗ The {service.name} ended (status {code}); its last lines:")
            say(last_lines(service.log, 10))
            if service.starts > RESTARTS:
                stop(f"The {service.name} ended {service.starts} times. See {service.log}")
            service.start()
            say(f"✓ The {service.name} was started again")
        time.sleep(0.3)


def run(arguments: argparse.Namespace) -> None:
    host, port, dev = arguments.host, arguments.port, arguments.dev
    start = time.monotonic()
    address = f"http://{host}:{port}/"
    env = environment(DJANGO_SETTINGS_MODULE="hubportal.settings")
    env.setdefault("PORTAL_URL", address.rstrip("/"))
    env["PROMETHEUS_MULTIPROC_DIR"] = str(VAR / "metrics")
    if dev:
        env["DEBUG"] = "1"
    with only_one():
        check_port(host, port)
        ensure_environment()
        if not dev:
            prepare_static(env)
        accounts = prepare_data(env)
        check_port(host, port)
        services: list[Service] = []
        try:
            make_folders()
            services.append(Service("web server", web(host, port, dev=dev), env))
            wait_until_ready(host, port, services[0])
            services.append(Service("worker", worker(), env))
            note_address(address)
            say(f"\n{accounts.rstrip()}\n")
            say(f"The portal is at {address}  (started in {time.monotonic() - start:.1f} s)")
            say(f"Mail it sends can be read at {address}demo/mail/ and logs in {VAR / 'log'}")
            say("Ctrl-C stops everything.")
            watch(services)
        finally:
            if services:
                say()
                with Step("Stopping"):
                    end_all(services)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000)
    parser.add_argument("--dev", action="store_true", help="reload on change, show errors in full")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    adopt_orphans()
    try:
        run(arguments)
    except Asked:
        return 0
    except Failed as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
