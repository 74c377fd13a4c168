"""Plain functions that make what tests need. Every name and text is made up for the test.

``reference()`` lays a small piece of the reference data; the others call it themselves.
"""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

from accounts.models import Language, User
from catalogue.choices import (
    Access,
    BlockRole,
    ContributorRole,
    EvidenceKind,
    Form,
    Kind,
    Modality,
    Scale,
    Stage,
)
from catalogue.models import BuildingBlock, Contributor, Evidence, Indicator, Solution
from claims.models import Reference
from hubs import reference as kept
from hubs.models import (
    Country,
    CountryAlias,
    Goal,
    Hub,
    HubClaim,
    Membership,
    Region,
    Sector,
    Target,
)

if TYPE_CHECKING:
    from catalogue.models import Submission

PASSWORD = "a long test password"
_count = itertools.count(1)


# --- Reference data -----------------------------------------------------------------------


def reference() -> None:
    """Six languages, five countries with other names, three sectors, two goals, seven targets."""
    if Language.objects.filter(pk="en").exists():
        return
    Language.objects.bulk_create(
        [
            Language(code="en", name="English", native_name="English"),
            Language(code="fr", name="French", native_name="Français"),
            Language(code="es", name="Spanish", native_name="Español"),
            Language(code="pt", name="Portuguese", native_name="Português"),
            Language(code="id", name="Indonesian", native_name="Bahasa Indonesia"),
            Language(code="ar", name="Arabic", native_name="العربية", direction="rtl"),
        ]
    )
    world = Region.objects.create(code="001", names={"en": "World"})
    for code, name in (("019", "Americas"), ("142", "Asia"), ("002", "Africa")):
        Region.objects.create(code=code, names={"en": name}, parent=world)
    for iso2, iso3, region, names in (
        ("BR", "BRA", "019", {"en": "Brazil", "fr": "Brésil", "es": "Brasil"}),
        ("ID", "IDN", "142", {"en": "Indonesia", "fr": "Indonésie", "ar": "إندونيسيا"}),
        ("CD", "COD", "002", {"en": "Congo, Democratic Republic of the"}),
        ("CG", "COG", "002", {"en": "Congo"}),
        ("CI", "CIV", "002", {"en": "Côte d’Ivoire", "fr": "Côte d’Ivoire"}),
    ):
        Country.objects.create(
            iso2=iso2, iso3=iso3, region_id=region, names=names, name_sort=names["en"].lower()
        )
    for iso2, alias, folded in (
        ("BR", "Brazil", "brazil"),
        ("BR", "Brésil", "bresil"),
        ("BR", "Brasil", "brasil"),
        ("ID", "Indonesia", "indonesia"),
        ("CD", "DR Congo", "dr congo"),
        ("CD", "Kongo", "kongo"),
        ("CG", "Kongo", "kongo"),
        ("CI", "Ivory Coast", "ivory coast"),
    ):
        CountryAlias.objects.create(country_id=iso2, alias=alias, folded=folded)
    for position, (code, name) in enumerate(
        (("health", "Health"), ("education", "Education"), ("water", "Water and sanitation"))
    ):
        Sector.objects.create(code=code, names={"en": name}, position=position)
    position = 0
    for number, name, targets in (
        (3, "Good health and well-being", ("3.1", "3.2", "3.8", "3.d")),
        (6, "Clean water and sanitation", ("6.1", "6.2", "6.b")),
    ):
        goal = Goal.objects.create(number=number, names={"en": name}, colour="#123456")
        for code in targets:
            position += 1
            Target.objects.create(
                code=code, goal=goal, position=position, names={"en": f"Text of target {code}"}
            )
    kept.forget()


# --- People and hubs ----------------------------------------------------------------------


def make_user(name: str = "", **more: Any) -> User:
    """A member with a password, of no hub."""
    number = next(_count)
    more.setdefault("email", f"person{number}@test.example")
    return User.objects.create_user(password=PASSWORD, name=name or f"Person {number}", **more)


def make_hub(**more: Any) -> Hub:
    number = next(_count)
    more.setdefault("slug", f"hub-{number}")
    more.setdefault("name", f"Hub {number}")
    more.setdefault("kind", Hub.Kind.NATIONAL)
    return Hub.objects.create(**more)


def state(hub: Hub, topic: str, text: str, **more: Any) -> HubClaim:
    """A statement about the hub, with a source of its own unless given one."""
    if "reference" not in more:
        key = f"source-{next(_count)}"
        more["reference"] = Reference.objects.create(key=key, title="Report", citation=key)
    return HubClaim.objects.create(hub=hub, topic=topic, text=text, **more)


def make_member(hub: Hub, role: str = Membership.Role.MEMBER, **more: Any) -> User:
    """A person with a role in that hub."""
    user = make_user(**more)
    Membership.objects.create(hub=hub, user=user, role=role)
    return user


# --- Solutions ----------------------------------------------------------------------------


def make_solution(owner: User | None = None, **more: Any) -> Solution:
    """A private draft with a title; its owner is its author. ``more`` are columns."""
    reference()
    owner = owner or make_user()
    more.setdefault("title", f"Solution {next(_count)}")
    more.setdefault("form_key", uuid.uuid4())
    solution = Solution.objects.create(owner=owner, **more)
    Contributor.objects.create(
        solution=solution, user=owner, name=str(owner), role=ContributorRole.AUTHOR
    )
    return solution


def complete_snapshot(owner: User | None = None, hub: Hub | None = None, **more: Any) -> Solution:
    """A draft with everything a snapshot needs, and nothing else."""
    reference()
    values: dict[str, Any] = {
        "summary": "Volunteers test wells every month and publish the results.",
        "language_id": "en",
        "kind": Kind.SERVICE,
        "started_on": "2015-03",
        "is_running": True,
        "stage": Stage.SCALING,
        "owner_institution": "Institute of Water",
        "hub": hub or make_hub(),
        "problem": "<p>Half of the wells were never tested.</p>",
        "approach": "<p>Volunteers take samples with a simple kit.</p>",
        "narrative": "<p>Nine of ten wells are now tested each month.</p>",
        "failure": "<p>Paper forms were lost; a telephone line replaced them.</p>",
        "consent": True,
        "contact_name": "Contact for verification",
        "contact_email": "contact@test.example",
    }
    solution = make_solution(owner, **(values | more))
    solution.sectors.set(["water"])
    solution.countries.set(["BR"])
    Evidence.objects.create(
        solution=solution,
        title="Yearly report",
        kind=EvidenceKind.REPORT,
        url="https://reports.test.example/2021",
        dated_on="2021",
        criteria=["C2", "C3"],
        access=Access.OPEN,
    )
    return solution


def complete_full(owner: User | None = None, hub: Hub | None = None, **more: Any) -> Solution:
    """A draft with everything the panel will look for."""
    values: dict[str, Any] = {
        "scale": Scale.SUBNATIONAL,
        "affected": "<p>12,000 households in 2014.</p>",
        "steps": "<ol><li>Train volunteers.</li><li>Hand out kits.</li></ol>",
        "unintended": "<p>Some wells were closed at once, before others were ready.</p>",
        "preconditions": "<p>A laboratory within a day’s travel.</p>",
        "do_not_use_when": "<p>Arsenic is suspected: the kit does not show it.</p>",
        "cost_total": "250000.00",
        "cost_currency": "USD",
        "cost_year": 2020,
        "cost_payers": "The municipalities.",
        "sustainability": "<p>A line in the budget of each municipality since 2018.</p>",
        "inclusion": "<p>Half of the volunteers are women.</p>",
        "participation": "<p>Municipalities pay, the university trains.</p>",
        "modalities": [Modality.FIELD_VISIT],
        "personal_data": "No personal data.",
    }
    solution = complete_snapshot(owner, hub, **(values | more))
    solution.goals.set([6])
    solution.targets.set(["6.1"])
    for position, (title, role) in enumerate(
        (("Test kit", BlockRole.CORE), ("Reporting line", BlockRole.ADAPTABLE))
    ):
        BuildingBlock.objects.create(
            solution=solution, title=title, purpose="To know.", role=role, position=position
        )
    Indicator.objects.create(
        solution=solution,
        name="Wells tested each month",
        unit="%",
        baseline="50",
        baseline_on="2014",
        latest="91",
        latest_on="2020",
        source="Yearly report",
    )
    return solution


def submitted(solution: Solution, form: str = Form.SNAPSHOT) -> Submission:
    """Hand a complete draft to the desk."""
    from catalogue import operations

    return operations.submit_solution(solution, by=solution.owner, form=form)


def published(solution: Solution, form: str = Form.SNAPSHOT) -> Solution:
    """Take a complete draft through screening, answered by the focal point of its hub."""
    from catalogue import criteria, operations

    submission = submitted(solution, form)
    screener = make_member(solution.hub, Membership.Role.FOCAL_POINT)
    operations.answer_gates(
        submission, by=screener, answers=dict.fromkeys(criteria.GATES, (True, "Seen."))
    )
    operations.pass_screening(submission, by=screener)
    return Solution.objects.get(pk=solution.pk)
