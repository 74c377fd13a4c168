"""Check a validation record from its file, without database and network."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from validation import signing, verifying
from validation.verifying import Outcome, Result, Verdict

MARKS = {Result.PASSED: "✓", Result.FAILED: "✗", Result.OPEN: "–"}
PLAIN_MARKS = {Result.PASSED: "ok", Result.FAILED: "NO", Result.OPEN: "--"}
NOT_VALID, CANNOT_READ = 1, 2
STDIN = "-"


class Command(BaseCommand):
    """For anybody who holds a record: the portal it came from is not asked."""

    help = (
        "Checks a validation record, or a bundle of record, frozen version and status list. "
        "Without --key the keys of this installation are trusted; with --key only those given. "
        "Ends with 0 if the record is valid (in force, or as issued when no recent status list "
        "was given), with 1 if it is not, with 2 if something cannot be read."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Django's own --version gives way to that of the solution.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the record or bundle; - reads standard input")
        parser.add_argument(
            "--version",
            dest="version_file",
            metavar="FILE",
            help="the content of the frozen version, as published",
        )
        parser.add_argument(
            "--status", dest="status_file", metavar="FILE", help="the signed status list"
        )
        parser.add_argument(
            "--key",
            dest="keys",
            action="append",
            metavar="FILE_OR_BASE64",
            help="a public key to trust; may be given several times",
        )
        parser.add_argument(
            "--at", metavar="DATE", help="the day or moment (UTC) asked about; without it, now"
        )
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")

    def handle(
        self,
        *args: Any,
        file: str,
        version_file: str | None = None,
        status_file: str | None = None,
        keys: list[str] | None = None,
        at: str | None = None,
        **options: Any,
    ) -> None:
        if [file, version_file, status_file].count(STDIN) > 1:
            raise _unreadable("Only one file can come from standard input.")
        verdict = verifying.verify(
            _bytes(file),
            keys=_keys(keys),
            at=_moment(at),
            version=_bytes(version_file) if version_file else None,
            status=_bytes(status_file) if status_file else None,
        )
        if options["json"]:
            self.stdout.write(json.dumps(verdict.as_json(), indent=2))
        else:
            self._print(verdict)
        if verdict.outcome == Outcome.UNREADABLE:
            sys.exit(CANNOT_READ)
        if not verdict.is_valid:
            sys.exit(NOT_VALID)

    def _print(self, verdict: Verdict) -> None:
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        marks = MARKS
        try:
            "".join(MARKS.values()).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            encoding, marks = "ascii", PLAIN_MARKS
        lines = [
            f"{marks[check.result]} {check.name.label}: {check.text}" for check in verdict.checks
        ]
        for line in [*lines, f"{verdict.outcome.label}. {verdict.summary}"]:
            self.stdout.write(line.encode(encoding, "replace").decode(encoding))


def _unreadable(message: str) -> CommandError:
    return CommandError(message, returncode=CANNOT_READ)


def _bytes(name: str) -> bytes:
    """The file, or enough of it to see that it is too long."""
    most = verifying.LONGEST + 1
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise _unreadable(f"{name!r} cannot be read: {reason}.") from error


def _keys(given: list[str] | None) -> dict[str, bytes]:
    """The keys to trust by their ids."""
    if given is None:
        try:
            return signing.known_keys()
        except ImproperlyConfigured as error:
            raise _unreadable(f"This installation's own keys cannot be read. {error}") from error
    found = []
    for entry in given:
        try:
            found.append(signing.public_key_from_file_or_text(entry))
        except signing.NotAKey as error:
            raise _unreadable(f"--key {entry[:80]!r}: {error}") from error
    return {signing.key_id(key): key for key in found}


def _moment(given: str | None) -> datetime:
    """A moment in UTC; a day means its end."""
    if given is None:
        return timezone.now()
    try:
        if len(given) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(given), time(23, 59, 59), UTC)
        moment = datetime.fromisoformat(given)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _unreadable(f"--at {given[:40]!r}: write 2026-01-31 or 2026-01-31T12:00Z.") from error
