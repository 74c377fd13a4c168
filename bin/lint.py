"""Every check that needs no database: style, layers, types, migrations, templates, locks.

``make lint`` calls this and runs all of them before it fails, so that one run shows
everything there is to mend. ``make format`` puts the sources into their standard form.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from setting_up import PYTHON, ROOT, VAR, Failed, Step, call, ensure_environment, environment, stop

SCRIPTS = PYTHON.parent
ENV = environment(HUB_PROFILE="test", HUB_VAR=str(VAR / "lint"))

# The content security policy forbids all three, and a page would break without a word. Data
# for search engines is no script.
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/ld\+json\"))[^>]*>|<style\b|<[a-z][^>]*\s(?:style|on[a-z]+)\s*=",
    re.IGNORECASE,
)
# A page in Arabic mirrors only what is said in logical words (inline-start, not left).
PHYSICAL = re.compile(
    r"(?:^|[\s;{])(?:(?:margin|padding|border)-(?:left|right)|(?:left|right)\s*:|"
    r"(?:text-align|float|clear)\s*:\s*(?:left|right)\b)"
)
# The lock names packages and hashes, never a place to fetch them from.
PLACES = re.compile(r"index-url|find-links|https?://")
REGISTRIES = re.compile(r"pythonhosted\.org|pypi\.org|registry\.npmjs\.org|deb\.debian\.org")


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository that match, with those not yet committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.splitlines() if (path := ROOT / name).is_file()]


def without_comments(text: str, opening: str, closing: str) -> str:
    """The text with comments blanked, line numbers kept."""
    pattern = re.escape(opening) + r".*?" + re.escape(closing)
    return re.sub(pattern, lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)


def hits(path: Path, text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for found in pattern.finditer(text):
        line = text.count("\n", 0, found.start(0) + len(found[0]) - len(found[0].lstrip())) + 1
        yield f"{path.relative_to(ROOT)}:{line}: {found[0].strip()}"


def check_templates() -> list[str]:
    """No script, style or handler inside a page."""
    found: list[str] = []
    for path in tracked("templates/*.html"):
        if "templates/emails/" in str(path):
            continue
        text = without_comments(path.read_text(), "{% comment", "{% endcomment %}")
        text = without_comments(text, "{#", "#}")
        found += hits(path, text, INLINE)
    return found


def check_style_sheets() -> list[str]:
    """Logical properties only."""
    found: list[str] = []
    for path in tracked("static/css/*.css"):
        found += hits(path, without_comments(path.read_text(), "/*", "*/"), PHYSICAL)
    return found


def digest(source: Path) -> str:
    """What a lock was made from: the requirements without comments and blank lines."""
    lines = [line.split("#")[0].strip() for line in source.read_text().splitlines()]
    text = "\n".join(line for line in lines if line)
    for included in re.findall(r"^-r (\S+)$", text, re.MULTILINE):
        text += "\n" + digest(source.parent / included)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_locks() -> list[str]:
    """Each lock belongs to its source, pins every package by hash and names no place."""
    found: list[str] = []
    pinned: dict[str, dict[str, str]] = {}
    for name in ("requirements", "requirements-dev"):
        source, lock = ROOT / f"{name}.in", ROOT / f"{name}.txt"
        text = lock.read_text()
        if f"# made from {name}.in {digest(source)}" not in text:
            found.append(f"{lock.name} was not made from the present {source.name}: make lock")
        found += hits(lock, text, PLACES)
        pins = re.findall(r"^([\w.\-\[\],]+)==(\S+)([^\n]*\\\n\s+--hash=)?", text, re.MULTILINE)
        pinned[name] = {package: version for package, version, _ in pins}
        bare = [package for package, _, hashed in pins if not hashed]
        found += [f"{lock.name}: {package} has no hash" for package in bare]
    for package, version in pinned["requirements"].items():
        other = pinned["requirements-dev"].get(package)
        if other != version:
            found.append(f"{package} is {version} at run time but {other} in tests: make lock")
    return found


def check_registries() -> list[str]:
    """Where packages are fetched from is each machine's own setting."""
    found: list[str] = []
    for path in tracked("*"):
        try:
            found += hits(path, path.read_text(), REGISTRIES)
        except UnicodeDecodeError:
            continue  # fonts, pictures
    return found


OWN: dict[str, Callable[[], list[str]]] = {
    "Nothing inline in templates": check_templates,
    "Logical CSS properties": check_style_sheets,
    "Locked requirements": check_locks,
    "No package registry named": check_registries,
}
TOOLS: dict[str, list[str | Path]] = {
    "Style (ruff)": [SCRIPTS / "ruff", "check", "--quiet", "."],
    "Format (ruff)": [SCRIPTS / "ruff", "format", "--check", "--quiet", "."],
    "Layers (import-linter)": [
        *(SCRIPTS / "lint-imports", "--no-logo", "--cache-dir", str(VAR / "import-linter-cache"))
    ],
    "Types (mypy)": [SCRIPTS / "mypy"],
    "System checks": [PYTHON, "manage.py", "check", "--fail-level", "WARNING"],
    "Migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}


def one(title: str, work: Callable[[Step], None]) -> str:
    """Run one check as a step. Returns what it found, or nothing."""
    try:
        with Step(title) as step:
            work(step)
    except Failed as refusal:
        return f"\n== {title} ==\n{refusal}"
    return ""


def check() -> int:
    def own(function: Callable[[], list[str]]) -> Callable[[Step], None]:
        def work(step: Step) -> None:
            found = function()
            if found:
                step.note = f"{len(found)} found"
                stop("\n".join(found))

        return work

    def tool(command: list[str | Path]) -> Callable[[Step], None]:
        return lambda step: void(call(command, step, env=ENV))

    reports = [one(title, own(function)) for title, function in OWN.items()]
    reports += [one(title, tool(command)) for title, command in TOOLS.items()]
    for report in filter(None, reports):
        print(report, file=sys.stderr)
    return 1 if any(reports) else 0


def void(result: object) -> None:
    """For a lambda whose value nobody wants."""


def format_sources() -> int:
    for title, command in {
        "Import order and simple mends": [SCRIPTS / "ruff", "check", "--fix-only", "--quiet", "."],
        "Format": [SCRIPTS / "ruff", "format", "--quiet", "."],
    }.items():
        with Step(title) as step:
            call(command, step, env=ENV)
    return 0


def main() -> int:
    try:
        ensure_environment(dev=True)
        return format_sources() if "--format" in sys.argv[1:] else check()
    except Failed as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
