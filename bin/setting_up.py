"""What all commands of the Makefile share: paths, steps with durations, the environment.

Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("HUB_VAR") or ROOT / "var").resolve()
VENV = ROOT / "var" / "venv"
PYTHON = VENV / "bin" / "python"
TTY = sys.stdout.isatty()
QUIET_SECONDS = 2.0  # what takes longer shows that it is still at work
REPORT_EVERY = 10.0  # without a terminal: one line in so many seconds

for _stream in (sys.stdout, sys.stderr):
    _stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]


class Failed(Exception):
    """A step that cannot go on, worded for the person at the keyboard."""


def stop(message: str) -> NoReturn:
    raise Failed(message)


def say(text: str = "", end: str = "\n") -> None:
    """Print, and never fail for it: the terminal may be gone while we still clean up."""
    with suppress(OSError):
        sys.stdout.write(text + end)
        sys.stdout.flush()


class Step:
    """One line of output for one piece of work: its name, what it is doing, how long it took."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.note = ""
        self._done = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Step:
        self._start = time.monotonic()
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._ticker.join()
        mark = "✓" if kind is None else "✗"
        note = f" ({self.note})" if self.note else ""
        self._print(f"{mark} {self.title}{note}  {self.seconds:.1f} s", end="\n")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def _print(self, line: str, end: str) -> None:
        if TTY:
            width = shutil.get_terminal_size().columns - 1
            say("\r\x1b[K" + (line if end else line[:width]), end)
        else:
            say(line)

    def _tick(self) -> None:
        pause = 0.5 if TTY else REPORT_EVERY
        if self._done.wait(QUIET_SECONDS):
            return
        while True:
            detail = f": {self.detail}" if self.detail else ""
            self._print(f"… {self.title}, {self.seconds:.0f} s{detail}", end="")
            if self._done.wait(pause):
                return


def call(
    command: list[str | Path],
    step: Step,
    *,
    env: dict[str, str] | None = None,
    describe: re.Pattern[str] | None = None,
) -> str:
    """Run a command inside a step; its lines become the step's detail. Returns its standard output.

    Only lines that match ``describe`` are shown (group 1); standard error likewise, and its
    end is part of the refusal when the command fails.
    """
    tail: deque[str] = deque(maxlen=200)
    out: list[str] = []
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )

    def read(stream: Iterable[str], keep: list[str] | None) -> None:
        for line in stream:
            tail.append(line)
            if keep is not None:
                keep.append(line)
            found = describe.search(line) if describe else None
            if found:
                step.detail = found.group(1).strip()
            elif describe is None and line.strip():
                step.detail = line.strip()

    assert process.stdout is not None
    assert process.stderr is not None
    errors = threading.Thread(target=read, args=(process.stderr, None), daemon=True)
    errors.start()
    try:
        read(process.stdout, out)
        errors.join()
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code:
        words = " ".join(str(part) for part in command)
        stop(f"{words}\nended with status {code}:\n\n{''.join(tail)}")
    return "".join(out)


def fingerprint(paths: Iterable[Path], *more: str) -> str:
    """A short hash of names, sizes and times of all files below some paths."""
    lines = sorted(
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for path, status in ((path, path.stat()) for path in _files(paths))
    )
    return hashlib.sha256("\n".join([*lines, *more]).encode()).hexdigest()[:32]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if name != "__pycache__"]
            yield from (Path(folder, name) for name in names)


def is_fresh(stamp: Path, value: str) -> bool:
    """Whether a step was done before for exactly these sources."""
    try:
        return stamp.read_text() == value
    except OSError:
        return False


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Two commands of one clone never install at the same time; the second waits."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def environment(**more: str) -> dict[str, str]:
    """The environment for everything we start: what it writes stays below ``var``."""
    return {
        **os.environ,
        "HUB_VAR": str(VAR),
        # Compiled once, whatever the caller's shell says: it is half of every start.
        "PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
        "MALLOC_ARENA_MAX": "2",  # few threads: more pools only hold memory
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        **more,
    }


def as_administrator() -> list[str] | None:
    """The words before a command that installs system packages, or None if we may not."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def apt_install(package: str, why: str) -> None:
    """Install a Debian package if we may; otherwise say which command does."""
    words, apt = as_administrator(), shutil.which("apt-get")
    if words is None or apt is None:
        stop(f"{why} Install it with:\n\n    sudo apt-get install -y {package}\n")
    env = environment(DEBIAN_FRONTEND="noninteractive")
    with Step(f"Debian package {package}") as step:
        with suppress(Failed):  # lists may be there already
            call([*words, apt, "update"], step, env=env)
        call([*words, apt, "install", "-y", "--no-install-recommends", package], step, env=env)


def ensure_environment(*, dev: bool = False) -> None:
    """A virtual environment with exactly the locked packages; nothing to do if it has them."""
    if sys.version_info < (3, 11):
        stop("Python 3.11 or newer is needed. On Debian 12: sudo apt-get install -y python3.11")
    name = "requirements-dev.txt" if dev else "requirements.txt"
    lock = ROOT / name
    value = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamps = [VENV / ".installed-requirements.txt"]
    if dev:
        stamps.append(VENV / ".installed-requirements-dev.txt")
    with one_at_a_time("setup.lock"):
        _ensure_venv()
        if is_fresh(stamps[-1], value):
            return
        lines = lock.read_text().splitlines()
        count = sum(1 for line in lines if re.match(r"[A-Za-z0-9].*==", line))
        with Step(f"{count} packages from {name}") as step:
            pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
            options = ["--require-hashes", "--no-compile", "--progress-bar=off", "-r", lock]
            call(
                [*pip, *options],
                step,
                env=environment(),
                describe=re.compile(r"^(Collecting [\w.\-]+|Installing collected packages)"),
            )
            stamps[-1].write_text(value)
        if dev:  # the development lock holds every runtime package at the same version
            runtime = (ROOT / "requirements.txt").read_bytes()
            stamps[0].write_text(hashlib.sha256(runtime).hexdigest())


def _ensure_venv() -> None:
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True).returncode == 0
    ):
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 (Debian ships it apart)
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        apt_install(f"python{version}-venv", "Python's venv module lacks its pip.")
    with Step("Virtual environment") as step:
        call([sys.executable, "-m", "venv", "--clear", VENV], step, env=environment())


def last_lines(path: Path, count: int = 25) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""
