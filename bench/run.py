"""Count what each page costs: queries, bytes on the wire, processor time. `make bench` calls this.

Starts a portal of its own with the demonstration content (in ``var/bench``), as a visitor's
browser would see it, and prints a table for docs/performance.md. Times are processor time of
the server's processes, which is steady on a shared machine; compare ratios, not
milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bin"))
os.environ.setdefault("HUB_VAR", str(ROOT / "var" / "bench"))

from setting_up import PYTHON, Failed, environment, stop  # noqa: E402 (bin/ comes first)

TICK = os.sysconf("SC_CLK_TCK")
BUDGET = 60 * 1024
ROUNDS = 100


class Browser:
    """Fetches like a first visit: compressed, and everything a page needs to be drawn."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.port = port

    def get(self, path: str, cookie: str = "") -> tuple[bytes, dict[str, str]]:
        headers = {"Accept-Encoding": "br, gzip", "Host": f"127.0.0.1:{self.port}"}
        if cookie:
            headers["Cookie"] = cookie
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            stop(f"{path} answers {answer.status}")
        return body, {name.lower(): value for name, value in answer.getheaders()}

    def text(self, path: str) -> str:
        """A page or file uncompressed, to read what it needs."""
        self.connection.request("GET", path, headers={"Host": f"127.0.0.1:{self.port}"})
        return self.connection.getresponse().read().decode()


def needed(browser: Browser, path: str, html: str) -> set[str]:
    """Addresses a browser fetches to draw the page: styles, scripts and what they import, images.

    Of the fonts only the preloaded one: the others are for letters this page may not have.
    """
    found = set(re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', html))
    found |= set(re.findall(r'<link[^>]+href="([^"]+)"[^>]+rel="stylesheet"', html))
    found |= set(
        re.findall(r'<link[^>]+rel="(?:preload|modulepreload|icon)"[^>]+href="([^"]+)"', html)
    )
    found |= set(re.findall(r'<script[^>]+src="([^"]+)"', html))
    found |= {src for src in re.findall(r'<img[^>]+src="([^"]+)"', html) if src[:5] != "data:"}
    addresses = {urljoin(path, address) for address in found}
    waiting = [address for address in addresses if address.endswith(".js")]
    while waiting:
        script = waiting.pop()
        for name in re.findall(
            r'(?:from|import)\s*\(?\s*["\'](\.[^"\']+)["\']', browser.text(script)
        ):
            address = urljoin(script, name)
            if address not in addresses:
                addresses.add(address)
                waiting.append(address)
    other = [address for address in addresses if urlsplit(address).netloc]
    if other:
        stop(f"{path} asks other hosts: {', '.join(other)}")
    return addresses


def processor_seconds(group: int) -> float:
    """What all processes of a group have used so far."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def web_group() -> int:
    """The process group of the web server of our portal."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().split(b"\0")
            environ = (command.parent / "environ").read_bytes()
        except OSError:
            continue
        ours = f"HUB_VAR={os.environ['HUB_VAR']}".encode() in environ.split(b"\0")
        if ours and any(word.endswith(b"granian") for word in words[:2]):
            return os.getpgid(int(command.parent.name))
    raise Failed("The web server is not running.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(port: int, rounds: int) -> None:
    command = [PYTHON, ROOT / "bench" / "pages.py"]
    env = environment(LOG_LEVEL="ERROR", REPEAT_VISITS="no")
    listed = subprocess.run(command, cwd=ROOT, env=env, stdout=-1)
    if listed.returncode:
        stop("The pages could not be listed.")
    known = json.loads(listed.stdout)
    browser, group = Browser(port), web_group()
    print("| page | queries | HTML | on the wire | first visit | requests | CPU ms |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    times: dict[str, float] = {}
    heavy = []
    for page in known["pages"]:
        cookie = known["cookie"] if page["member"] else ""
        path = page["path"]
        body, _ = browser.get(path, cookie)
        browser.connection.request(
            "GET",
            path,
            headers={"Host": f"127.0.0.1:{port}", **({"Cookie": cookie} if cookie else {})},
        )
        html = browser.connection.getresponse().read()
        assets = needed(browser, path, html.decode())
        total = len(body) + sum(len(browser.get(asset)[0]) for asset in assets)
        for _ in range(10):
            browser.get(path, cookie)
        before = processor_seconds(group)
        for _ in range(rounds):
            browser.get(path, cookie)
        times[page["name"]] = (processor_seconds(group) - before) / rounds * 1000
        if total > BUDGET:
            heavy.append(page["name"])
        print(
            f"| {page['name']} | {page['queries']} | {len(html):,} | {len(body):,} | {total:,} "
            f"| {len(assets) + 1} | {times[page['name']]:.1f} |",
            flush=True,
        )
    many, one = times["solutions, first page"], times["solutions, one found"]
    print(f"\nList of solutions, a full page against one record: {many / one:.2f} times the CPU")
    print(
        f"First visit within {BUDGET // 1024} KB: {'no: ' + ', '.join(heavy) if heavy else 'all'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="requests per page for CPU time")
    arguments = parser.parse_args()
    port = free_port()
    command = [sys.executable, ROOT / "bin" / "run.py", "--port", str(port)]
    portal = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(REPEAT_VISITS="no"),  # what drawing costs
        stdout=subprocess.PIPE,
        text=True,
    )
    assert portal.stdout is not None
    try:
        for line in portal.stdout:
            print(line, end="", file=sys.stderr)
            if "Ctrl-C" in line:
                break
        else:
            stop("The portal did not start.")
        measure(port, arguments.rounds)
    except Failed as refusal:
        print(refusal, file=sys.stderr)
        return 1
    finally:
        portal.send_signal(signal.SIGTERM)
        portal.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
