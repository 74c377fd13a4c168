"""``python -m storm --db postgres|sqlite --size small|medium|full [--guard off] [--seed 7]``."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from storm import services
from storm.services import Missing, Postgres, Service, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = services.ROOT


@dataclass(frozen=True)
class Size:
    """How much happens in a storm. ``lease`` in seconds: 60 is what the portal really uses."""

    letters: int
    posts: int
    readers: int
    followers: int
    digests: int
    kills: int
    flushes: int
    redis_kills: int
    crashes: int
    outages: int
    outage: float
    celery: bool
    lease: float
    burst: int
    pause: float
    longest: float


SIZES = {
    "small": Size(
        letters=240, posts=6, readers=60, followers=10, digests=20, kills=8, flushes=1,
        redis_kills=0, crashes=1, outages=1, outage=1.0, celery=False, lease=4, burst=60,
        pause=0.5, longest=1200,
    ),
    "medium": Size(
        letters=1600, posts=20, readers=200, followers=20, digests=100, kills=30, flushes=2,
        redis_kills=1, crashes=1, outages=1, outage=5.0, celery=True, lease=15, burst=200,
        pause=2.0, longest=1800,
    ),
    "full": Size(
        letters=8000, posts=25, readers=500, followers=80, digests=200, kills=100, flushes=5,
        redis_kills=3, crashes=3, outages=3, outage=5.0, celery=True, lease=60, burst=500,
        pause=6.0, longest=3600,
    ),
}  # fmt: skip
#: Share of mails whose reply is lost after the server took them.
CUT = 0.1


class Talker:
    """A process that answers each line we send it with one line."""

    def __init__(self, module: str, env: dict[str, str], log: Path) -> None:
        self.log = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env={**os.environ, **env}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        self.hear()

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"it ended: see {self.log.name}")
        return line.strip()

    def say(self, words: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


class Storm:
    """One storm with everything it started, all of it below one folder."""

    def __init__(self, asked: argparse.Namespace, folder: Path, stack: ExitStack) -> None:
        self.asked, self.folder, self.stack = asked, folder, stack
        self.size = SIZES[asked.size]
        self.chance = random.Random(asked.seed)
        self.did: Counter[str] = Counter()
        self.began = time.monotonic()
        self.postgres: Postgres | None = None
        self.redis: Service | None = None
        self.celery: list[Service] = []
        mail_port = free_port()
        self.env = {
            "DJANGO_SETTINGS_MODULE": "storm.settings",
            "HUB_VAR": str(folder / "var"),
            "STORM_MAIL_PORT": str(mail_port),
            "STORM_LEASE": str(self.size.lease),
            "STORM_GUARD": asked.guard,
        }
        (folder / "var").mkdir()
        self.mail = services.mail_server(folder, mail_port, cut=CUT, seed=f"{asked.seed}")

    # --- Before --------------------------------------------------------------------------------

    def prepare(self) -> None:
        try:
            self.redis = services.redis(self.folder)
            self._keep(self.redis)
            url = f"redis://127.0.0.1:{self.redis.port}/0"
            self.env |= {"REDIS_URL": url, "BROKER_URL": url}
        except Missing:
            print("no redis-server here: the storm goes without")
            self.env |= {"REDIS_URL": "", "BROKER_URL": ""}
        if self.asked.db == "postgres":
            self.postgres = Postgres(self.folder)
            assert self.postgres.service is not None
            self.stack.callback(self.postgres.service.kill)
            self.env["DATABASE_URL"] = self.postgres.url
        else:
            self.env["DATABASE_URL"] = ""
        self._schema()
        size = self.size
        self._python(
            "import django; django.setup(); from storm.people import settle;"
            f" settle(readers={size.readers}, followers={size.followers}, digests={size.digests})"
        )
        self._keep(self.mail)

    def _schema(self) -> None:
        """The tables: migrated, or copied from a database that has them and is at rest."""
        template = self.asked.template
        if not template:
            self._python(
                "import sys; from django.core.management import execute_from_command_line;"
                "execute_from_command_line(['manage.py', 'migrate', '-v', '0'])"
            )
        elif self.postgres is not None:
            dump = subprocess.run(
                [services.program("pg_dump"), "--no-owner", "--no-privileges", template],
                check=True, capture_output=True,
            )  # fmt: skip
            self.postgres.load(dump.stdout)
        else:
            Path(self.env["HUB_VAR"], "db.sqlite3").write_bytes(Path(template).read_bytes())

    def _keep(self, service: Service) -> None:
        service.start()
        self.stack.callback(service.kill)

    def _python(self, code: str) -> None:
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **self.env}, check=True
        )

    # --- During --------------------------------------------------------------------------------

    def rage(self) -> None:
        nursery = Talker("storm.senders", self.env, self.folder / "senders.log")
        self.stack.callback(nursery.end)
        asking = Talker("storm.owed", self.env, self.folder / "owed.log")
        self.stack.callback(asking.end)
        if self.size.celery and self.redis is not None:
            self._celery()
        writer = self._writer()
        self._keep(writer)
        faults = self._faults()
        for n in range(self.size.kills):
            nursery.say("start")
            time.sleep(
                self.chance.uniform(0.2, 2.2)
                if self.size.lease == 60
                else self.chance.uniform(0.1, 0.8)
            )
            nursery.say("kill")
            self.did["groups of senders killed"] += 1
            for fault in faults.get(n, []):
                fault()
            self._restart_celery()
        nursery.say("start")
        self._wait(lambda: not writer.is_running, "the writer")
        self._wait(lambda: asking.say("owed") == "0", "what is owed")
        nursery.say("kill")

    def _writer(self) -> Service:
        size = self.size
        command = [
            sys.executable,
            "-m",
            "storm.writing",
            "--ledger",
            str(self.folder / "ledger.jsonl"),
        ]
        for name in ("letters", "posts", "readers", "burst", "pause"):
            command += [f"--{name}", str(getattr(size, name))]
        return Service(command, self.folder / "writing.log", self.env)

    def _celery(self) -> None:
        """Workers and two clocks, as a careless installation would start them."""
        program = str(Path(sys.executable).with_name("celery"))
        worker = [program, "-A", "hubportal", "worker", "-c", "2", "-Q", "celery,urgent,mail,bulk"]
        self.celery = [Service(worker, self.folder / "celery.log", self.env)]
        for n in (1, 2):
            beat = [program, "-A", "hubportal", "beat", "-s", str(self.folder / f"beat-{n}")]
            beat += ["--pidfile", ""]
            self.celery.append(Service(beat, self.folder / f"beat-{n}.log", self.env))
        for service in self.celery:
            self._keep(service)

    def _restart_celery(self) -> None:
        for service in self.celery:
            if not service.is_running:
                service.start()
                self.did["Celery started again"] += 1

    def _faults(self) -> dict[int, list[Callable[[], None]]]:
        """After which kill of senders what else happens."""
        size, found = self.size, {}
        wanted: list[tuple[Callable[[], None], int]] = [
            (self.no_mail, size.outages),
            (self.crash, size.crashes),
        ]
        if self.redis is not None:
            wanted += [(self.flush, size.flushes), (self.no_redis, size.redis_kills)]
        if self.celery:
            wanted += [(self.no_celery, max(1, size.kills // 10)), (self.no_beat, 1)]
        for fault, number in wanted:
            for _n in range(number):
                found.setdefault(self.chance.randrange(size.kills), []).append(fault)
        return found

    def no_mail(self) -> None:
        self.mail.kill()
        time.sleep(self.size.outage)
        self.mail.start()
        self.did["mail server down"] += 1

    def crash(self) -> None:
        if self.postgres is None:
            return  # a file has no server: killing who writes is its crash
        self.postgres.crash()
        self.did["database crashed"] += 1

    def flush(self) -> None:
        assert self.redis is not None
        subprocess.run(
            [services.program("redis-cli"), "-p", str(self.redis.port), "FLUSHALL"],
            check=False, capture_output=True,
        )  # fmt: skip
        self.did["FLUSHALL"] += 1

    def no_redis(self) -> None:
        assert self.redis is not None
        self.redis.kill()
        time.sleep(self.size.outage)
        self.redis.start()
        self.did["Redis killed"] += 1

    def no_celery(self) -> None:
        self.celery[0].kill()
        self.did["Celery workers killed"] += 1

    def no_beat(self) -> None:
        for beat in self.celery[1:]:
            beat.kill()
        self.did["both clocks killed"] += 1

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self.size.longest
        while not done():
            if time.monotonic() > deadline:
                print(f"{what} does not come to an end")
                return
            time.sleep(0.3)

    # --- After ---------------------------------------------------------------------------------

    def judge(self) -> str:
        for service in self.celery:
            service.kill()
        for what, n in sorted(self.did.items()):
            print(f"{what:26} {n}")
        print(f"{'seconds':26} {time.monotonic() - self.began:.0f}")
        told = subprocess.run(
            [sys.executable, "-m", "storm.verdict", str(self.folder)],
            cwd=ROOT, env={**os.environ, **self.env}, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return told.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(prog="storm", description=__doc__)
    parser.add_argument("--db", choices=["postgres", "sqlite"], default="sqlite")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--guard", choices=["on", "off"], default="on")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--template", default="", help="copy the tables from there: a file or URL")
    parser.add_argument("--keep", action="store_true", help="leave the logs where they are")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    folder.chmod(0o755)
    print(f"storm on {asked.db}, {asked.size}, guards {asked.guard}, seed {asked.seed}")
    try:
        with ExitStack() as stack:
            storm = Storm(asked, folder, stack)
            storm.prepare()
            storm.rage()
            print(storm.judge(), flush=True)
    finally:
        if asked.keep:
            print(f"logs: {folder}", file=sys.stderr)
        else:
            services.shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
