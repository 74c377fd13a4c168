"""Servers of one storm: each in a process group of its own, on a free port of this machine.

Only groups that were started here are ever killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = 60.0


class Missing(Exception):
    """A program the storm needs is not installed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Where a program lies; those of PostgreSQL often lie outside the usual path."""
    found = shutil.which(name)
    if found is None:
        places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        found = str(places[-1]) if places else None
    if found is None:
        raise Missing(name)
    return found


@dataclass
class Service:
    """A program that can be killed with everything it started, and started again."""

    command: list[str]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    port: int = 0
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self.user,
            )
        if self.port:
            self.wait_for_port()

    def wait_for_port(self) -> None:
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{self.command[0]} does not listen: see {self.log}")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        self.process.wait()


def mail_server(folder: Path, port: int, *, cut: float, seed: str) -> Service:
    command = [sys.executable, "-m", "storm.sink", "--port", str(port), "--seed", seed]
    command += ["--log", str(folder / "sink.jsonl"), "--cut", str(cut)]
    return Service(command, folder / "sink.log", port=port)


def redis(folder: Path) -> Service:
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return Service([*command, "--appendonly", "no"], folder / "redis.log", port=port)


@dataclass
class Postgres:
    """A cluster of this storm alone. It crashes as after a cut of power, and recovers."""

    folder: Path
    port: int = field(default_factory=free_port)
    service: Service | None = None

    def __post_init__(self) -> None:
        # The server refuses to run as the administrator of the machine.
        self.user = "postgres" if os.geteuid() == 0 else None
        data = self.folder / "cluster"
        data.mkdir()
        if self.user:
            shutil.chown(self.folder, self.user)
            shutil.chown(data, self.user)
        self._call("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8")
        settings = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1"]
        settings += ["-c", f"unix_socket_directories={self.folder}", "-c", "max_connections=60"]
        self.service = Service(
            [program("postgres"), "-D", str(data), *settings],
            self.folder / "postgres.log",
            port=self.port,
            user=self.user,
        )
        (self.folder / "postgres.log").touch()
        self.service.start()
        self.wait()
        self._call("createdb", *self._there, "storm")

    @property
    def _there(self) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/storm"

    def _call(self, name: str, *arguments: str, stdin: bytes | None = None) -> None:
        subprocess.run(
            [program(name), *arguments],
            check=True,
            capture_output=True,
            input=stdin,
            cwd="/",
            user=self.user,
        )

    def wait(self) -> None:
        """Until it takes connections again; recovery takes a moment."""
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            with suppress(subprocess.CalledProcessError):
                self._call("psql", *self._there, "-d", "postgres", "-c", "SELECT 1")
                return
            time.sleep(0.1)
        raise TimeoutError("the database does not come back")

    def load(self, dump: bytes) -> None:
        self._call("psql", *self._there, "-d", "storm", "-q", stdin=dump)

    def crash(self) -> None:
        """Stop without writing anything down (``-m immediate``), and start again."""
        assert self.service is not None
        self.service.kill(signal.SIGQUIT)
        self.service.kill()
        time.sleep(1.0)
        self.service.start()
        self.wait()
