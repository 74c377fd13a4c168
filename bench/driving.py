"""Drive servers side by side and count what each request costs them: shared by the benchmarks.

    with portal(Path("var/mine")) as ours, anchors() as bare:
        cases = [
            Case("L2_cat", bare, "/catalogue"),
            Case("no filter", ours, "/en/solutions/", shows="10,000", anchor="L2_cat"),
        ]
        measured = drive(cases, rounds=12, each=8)
        print(table(measured))
        print(goal_lines([Goal("10k any", measured["no filter"].ratio, must=2, best=1.5)]))

``Served``    a started server: ``port``, ``clock()`` in milliseconds of processor time of its
              processes and of the PostgreSQL back ends of its database, ``memory()`` in megabytes
              (the proportional share of each worker), ``stop()``.
``serve``     starts a WSGI application under the production server (granian, two workers).
``portal``    the same for the portal on the data below a folder or at an address of a database.
``anchors``   the same for the bare templates of ``anchors.py``, which ratios are made against.
``Case``      what is asked of which server and what the right answer holds.
``drive``     asks in small turns, A B C … C B A, so that a busy machine disturbs all alike;
              returns ``{name: Measured}`` and stops at the first wrong answer.
``table``     a Markdown table of what was measured.
``Goal``, ``goal_lines``, ``read_goals``
              the last lines of a benchmark: ``name ratio``, with what was aimed at behind.

Processor time hardly moves when the machine is busy; time on the clock does. So only processor
time is compared, and only as ratios to an anchor of the same run. Standard library only.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / "var" / "venv" / "bin" / "python"
SERVER = PYTHON.parent / "granian"
WORKERS = 2
READY_SECONDS = 90


class WrongAnswer(Exception):
    """A server answered something else than what is measured."""


# --- Processor time and memory --------------------------------------------------------------


def tree(root: int) -> list[int]:
    """A process and everything it has started."""
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            with suppress(OSError):
                waiting += map(int, children.read_text().split())
    return found


def back_ends(database: str) -> list[int]:
    """The PostgreSQL back ends of a database of this machine, by the titles they carry."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = command.read_bytes().replace(b"\0", b" ").decode(errors="replace").split()
            if words[:1] == ["postgres:"] and database in words:
                found.append(int(command.parent.name))
    return found


class ProcessorClock:
    """Milliseconds of processor time that some processes have used since this was made.

    Read thread by thread, in nanoseconds. What a thread used counts up to when it was last
    seen, so processes may come and go between two readings but should not within one turn.
    """

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes
        self._seen = self._read()
        self._spent = 0

    def _read(self) -> dict[tuple[int, str], int]:
        used = {}
        for process in self._processes():
            for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
                with suppress(OSError, IndexError, ValueError):
                    used[process, thread.parent.name] = int(thread.read_text().split()[0])
        return used

    def now(self) -> float:
        used = self._read()
        self._spent += sum(max(0, value - self._seen.get(key, 0)) for key, value in used.items())
        self._seen = used
        return self._spent / 1e6


def proportional_size(process: int) -> float:
    """Megabytes of a process, what it shares with others counted in part."""
    try:
        rolled = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+)", rolled, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


# --- Servers --------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_name(url: str) -> str:
    """The name of the PostgreSQL database at an address; empty for SQLite."""
    return urlsplit(url).path.strip("/") if url.startswith("postgres") else ""


@dataclass
class Served:
    """A server that answers, until it is stopped."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    database: str = ""
    #: Processor milliseconds until it answered for the first time.
    started_in: float = 0.0
    #: What must be there before a request; ``drive`` sends it.
    host: str = "127.0.0.1"
    _clock: ProcessorClock | None = None
    _connection: http.client.HTTPConnection | None = None

    def processes(self) -> list[int]:
        return tree(self.process.pid) + (back_ends(self.database) if self.database else [])

    def clock(self) -> float:
        if self._clock is None:
            self._clock = ProcessorClock(self.processes)
        return self._clock.now()

    def memory(self) -> list[float]:
        """Megabytes: first the process that watches, then each worker."""
        return [proportional_size(process) for process in tree(self.process.pid)]

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One request over a connection that stays open, from sending it to its last byte."""
        for last_try in (False, True):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.host, self.port, timeout=300)
            began = time.perf_counter()
            try:
                self._connection.request("GET", path, headers=dict(headers or {}))
                answer = self._connection.getresponse()
                body = answer.read()
            except (http.client.HTTPException, OSError):
                self.leave()
                if last_try:
                    raise
                continue
            taken = (time.perf_counter() - began) * 1000
            if answer.will_close:
                self.leave()
            sent = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, body, sent, taken)
        raise AssertionError

    def leave(self) -> None:
        """Close the connection, so that the next request may meet another worker."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def stop(self) -> None:
        self.leave()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]
    milliseconds: float

    def text(self) -> str:
        """The body as sent without compression."""
        return self.body.decode(errors="replace")


@contextmanager
def serve(
    name: str,
    application: str,
    *,
    env: Mapping[str, str],
    ready: str,
    log: Path,
    folder: Path = ROOT,
    database: str = "",
    workers: int = WORKERS,
) -> Iterator[Served]:
    """A WSGI application under the production server, once it answers 200 at ``ready``."""
    port = free_port()
    command = [
        *(str(SERVER), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *(
            "--workers",
            str(workers),
            "--blocking-threads",
            "4",
            "--no-ws",
            "--log-level",
            "warning",
        ),
        application,
    ]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as lines:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    served = Served(name, port, process, log, database)
    try:
        _wait_until_ready(served, ready)
        yield served
    finally:
        served.stop()


def _wait_until_ready(served: Served, path: str) -> None:
    began = time.monotonic()
    clock = ProcessorClock(lambda: tree(served.process.pid))
    while time.monotonic() - began < READY_SECONDS:
        if served.process.poll() is not None:
            break
        with suppress(OSError, http.client.HTTPException):
            if served.get(path).status == 200:
                served.started_in = clock.now()
                return
        clock.now()
        time.sleep(0.05)
    lines = served.log.read_text(errors="replace").splitlines()[-25:]
    raise WrongAnswer("\n".join([f"{served.name} did not get ready at {path}:", *lines]))


def portal_environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """What the portal needs to run on the data below a folder, as in production."""
    return {
        "HUB_VAR": str(folder),
        "HUB_PROFILE": "development",
        "DEBUG": "",
        "DATABASE_URL": one_back_end(database_url),
        "REDIS_URL": os.environ.get("REDIS_URL", ""),
        "DJANGO_SETTINGS_MODULE": "hubportal.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "LOG_LEVEL": "WARNING",
        "GZIP": "",  # a proxy compresses in production
        "REPEAT_VISITS": "no",  # or pages would be counted that nobody draws
        "PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
        "MALLOC_ARENA_MAX": "2",
    }


def one_back_end(url: str) -> str:
    """The address with the usual limits and no helpers: they are gone before they are counted."""
    if not url.startswith("postgres") or "?" in url:
        return url
    limits = "-c lock_timeout=3000 -c statement_timeout=15000"
    # The PostgreSQL library does not read a plus as a space.
    return f"{url}?options={quote(f'{limits} -c max_parallel_workers_per_gather=0')}"


@contextmanager
def portal(
    folder: Path, database_url: str = "", *, workers: int = WORKERS, **more: str
) -> Iterator[Served]:
    """The portal itself; the folder holds its static files and, without an address, its data.

    ``more`` are further variables of its environment.
    """
    (folder / "metrics").mkdir(parents=True, exist_ok=True)
    for counter in (folder / "metrics").glob("*.db"):
        counter.unlink()  # counters of processes that are gone
    with serve(
        "portal",
        "hubportal.wsgi:application",
        env={**portal_environment(folder, database_url), **more},
        ready="/health/ready",
        log=folder / "log" / "bench-portal.log",
        database=database_name(database_url),
        workers=workers,
    ) as served:
        yield served


@contextmanager
def anchors(folder: Path = ROOT / "var" / "bench") -> Iterator[Served]:
    """The bare templates that pages are compared with."""
    with serve(
        "anchors",
        "bench.anchors:application",
        env={"PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache"), "PYTHONPATH": str(ROOT)},
        ready="/prebuilt",
        log=folder / "log" / "bench-anchors.log",
    ) as served:
        yield served


# --- Measuring ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What is asked, of whom, and what the right answer holds."""

    name: str
    server: Served
    path: str
    #: The case that this one is compared with.
    anchor: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    #: Text that the uncompressed answer must hold.
    shows: str = ""
    #: Queries of one request, when somebody counted them.
    queries: int | None = None


@dataclass
class Measured:
    """What a case cost, a number per turn or per request."""

    case: Case
    cpu: list[float] = field(default_factory=list)  # milliseconds a request, one value a turn
    clock: list[float] = field(default_factory=list)  # milliseconds, each request
    bytes: int = 0
    anchor: Measured | None = None

    @property
    def milliseconds(self) -> float:
        """The middle of all turns, in processor time."""
        return statistics.median(self.cpu)

    @property
    def ratio(self) -> float:
        """How often the anchor's cost this is."""
        if self.anchor is None:
            return float("nan")
        return self.milliseconds / self.anchor.milliseconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.clock)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def check(case: Case) -> Answer:
    """The answer to a case, if it is the right one."""
    answer = case.server.get(case.path, case.headers)
    if answer.status != case.status:
        raise WrongAnswer(f"{case.name}: {case.path} answers {answer.status}, not {case.status}")
    if case.shows and case.shows not in answer.text():
        raise WrongAnswer(f"{case.name}: {case.path} does not show “{case.shows}”")
    return answer


def drive(
    cases: Sequence[Case], *, rounds: int = 12, each: int = 6, warm: int = 6
) -> dict[str, Measured]:
    """Ask all cases in turns; each turn is so many requests to one case in one go.

    Every worker is asked before anything counts. The two ends of a turn are read outside of
    what the server does, so reading costs it nothing.
    """
    measured = {case.name: Measured(case) for case in cases}
    if len(measured) != len(cases):
        raise ValueError("Two cases have the same name.")
    for result in measured.values():
        if result.case.anchor:
            result.anchor = measured[result.case.anchor]
        check(result.case)
        _warm_up(result.case, warm)
    for number in range(rounds):
        turn = list(measured.values())
        for result in turn if number % 2 == 0 else reversed(turn):
            _one_turn(result, each)
    return measured


def _warm_up(case: Case, times: int) -> None:
    # A connection stays with the worker that took it: several, so that all workers are warm.
    for _connection in range(2 * WORKERS):
        case.server.leave()
        for _time in range(max(1, times // WORKERS)):
            case.server.get(case.path, case.headers)


def _one_turn(result: Measured, each: int) -> None:
    case = result.case
    before = case.server.clock()
    for _time in range(each):
        answer = case.server.get(case.path, case.headers)
        if answer.status != case.status:
            raise WrongAnswer(f"{case.name}: {case.path} answers {answer.status}")
        result.clock.append(answer.milliseconds)
        result.bytes = len(answer.body)
    result.cpu.append((case.server.clock() - before) / each)


# --- Telling --------------------------------------------------------------------------------


def table(measured: Mapping[str, Measured]) -> str:
    """A Markdown table; ratios are of processor time, each to its anchor."""
    lines = [
        "| case | queries | bytes | CPU ms | least | p50 ms | p95 ms | anchor | ratio |",
        "|---|--:|--:|--:|--:|--:|--:|---|--:|",
    ]
    for name, result in measured.items():
        queries = "–" if result.case.queries is None else str(result.case.queries)
        ratio = f"{result.ratio:.2f}" if result.anchor else "–"
        lines.append(
            f"| {name} | {queries} | {result.bytes:,} | {result.milliseconds:.2f} "
            f"| {min(result.cpu):.2f} | {result.quantile(0.5):.1f} | {result.quantile(0.95):.1f} "
            f"| {result.case.anchor or '–'} | {ratio} |"
        )
    return "\n".join(lines)


@dataclass(frozen=True)
class Goal:
    """One aim of a benchmark: at most ``must``; the best imaginable is ``best``."""

    name: str
    value: float
    must: float
    best: float | None = None


_LINE = re.compile(
    r"^(?P<name>\S.*?) (?P<value>\d+\.\d+) \(must (?P<must>[\d.]+)"
    r"(?:, aim (?P<best>[\d.]+))?: (?P<verdict>met|best|missed)\)$"
)


def verdict(goal: Goal) -> str:
    if goal.best is not None and goal.value <= goal.best:
        return "best"
    return "met" if goal.value <= goal.must else "missed"


def goal_lines(goals: Iterable[Goal]) -> str:
    """One line per goal: its name, what was reached, and in brackets what was aimed at."""
    lines = []
    for goal in goals:
        aim = "" if goal.best is None else f", aim {goal.best:g}"
        lines.append(f"{goal.name} {goal.value:.3f} (must {goal.must:g}{aim}: {verdict(goal)})")
    return "\n".join(lines)


def read_goals(text: str) -> list[Goal]:
    """The goals among the lines of a benchmark's output."""
    found = []
    for line in text.splitlines():
        if said := _LINE.match(line.strip()):
            best = float(said["best"]) if said["best"] else None
            found.append(Goal(said["name"], float(said["value"]), float(said["must"]), best))
    return found


def load_of_machine() -> str:
    """How busy the machine was, to be printed beside figures."""
    one, five, _fifteen = os.getloadavg()
    return f"load {one:.1f} (five minutes: {five:.1f}), {os.cpu_count()} processors"


def tell(*words: object) -> None:
    """Progress, apart from results."""
    print(*words, file=sys.stderr, flush=True)
