"""Fill an installation with demonstration content: hubs, records, accounts, work in progress."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from assessment import demonstration as team_example
from assessment import loading as framework
from catalogue import loading as records
from community import demonstration as example_month
from community import loading as community
from core.models import JobRun
from events import loading as meetings
from hubportal import demo_accounts
from hubs import loading as reference
from hubs.models import Hub
from participation import demonstration as taking_part
from validation import demonstration
from validation import loading as reviews

NAME = "demo"
#: The account that holds the records taken over. Nobody can sign in with it.
DESK_ADDRESS = "editorial-desk@demo.example"
DESK_NAME = "Editorial desk"
#: The hubs the demonstration accounts act for; the first is the one with roles.
HUBS = ("lamata", "abes")


class Command(BaseCommand):
    """Progress goes to standard error, the table of accounts to standard output.

    Everything is made once; a second run finds it and changes nothing. In production there
    are no demonstration accounts and no examples, for their password is public.
    """

    help = "Load the demonstration content (safe to repeat)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--i-know",
            action="store_true",
            help="in production: load hubs and records, without accounts and examples",
        )

    def handle(self, *args: Any, i_know: bool, **options: Any) -> None:
        production = settings.HUB_PROFILE == "production"
        if production and not i_know:
            msg = "This is a production installation. Use --i-know to load hubs and records here."
            raise CommandError(msg)
        content = content_hash()
        if JobRun.objects.filter(name=NAME, period=content).exists() and Hub.objects.exists():
            self._say("Demonstration content: unchanged")
        else:
            self._load(production=production)
            JobRun.objects.filter(name=NAME).exclude(period=content).delete()
            JobRun.claim(NAME, content)
        if not production:
            self._print_accounts()

    def _load(self, *, production: bool) -> None:
        desk = editorial_desk()
        self._say(f"Hubs: {len(reference.load_hubs(by=desk))} new")
        self._say(f"Events: {len(meetings.load_events(by=desk))} new")
        self._say(f"Community: {community.load_community(by=desk)} new")
        for collection in (records.practices(), records.registry()):
            with transaction.atomic():
                new = records.take_over(collection, by=desk, report=self._say)
            self._say(f"{collection.name}: {new} new")
        reviews.replay(desk, self._say)
        if production:
            return
        by_slug = Hub.objects.in_bulk(HUBS, field_name="slug")
        people = demo_accounts.ensure_demo_accounts([by_slug[slug] for slug in HUBS])
        self._say(f"Demonstration accounts: {len(people)}")
        self._say(f"Examples: {records.make_examples(people, desk='focal-point')} new")
        validated = demonstration.make_examples(people, hub=by_slug[HUBS[0]])
        self._say(f"Examples of validation: {validated} new")
        framework.load_framework()
        if team_example.make_example(people, by=desk):
            self._say("Example hub: made")
        example = Hub.objects.get(slug=team_example.SLUG)
        self._say(f"Example webinars: {taking_part.make_examples(people, hub=example)} new")
        self._say(f"Example month: {example_month.make_examples(people)} new")

    def _say(self, line: str) -> None:
        self.stderr.write(line, style_func=str)

    def _print_accounts(self) -> None:
        accounts = demo_accounts.DEMO_ACCOUNTS
        width = max(len(account.email) for account in accounts)
        password = demo_accounts.DEMO_PASSWORD
        self.stdout.write(f"Demonstration accounts, password “{password}”, codes at /demo/:")
        for account in accounts:
            self.stdout.write(f"  {account.email:<{width}}  {account.purpose}")


def content_hash() -> str:
    """What the content of this release is: the fingerprint of its files."""
    return reference.fingerprint(
        [
            *(reference.DATA / name for name in reference.HUB_FILES),
            *(records.DATA / name for name in records.FILES),
            *(meetings.DATA / name for name in meetings.FILES),
            *community.FILES,
            *reviews.FILES,
            demonstration.EXAMPLES,
        ]
    )


def editorial_desk() -> User:
    """The moderators' account in whose name records are taken over."""
    desk = User.objects.filter(email=DESK_ADDRESS).first()
    if desk is None:
        desk = User.objects.create_user(DESK_ADDRESS, name=DESK_NAME, is_staff=True)
    return desk
