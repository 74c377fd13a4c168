"""What statements about hubs can be about, in the order of a hub's page (specification, §5)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from claims.topics import Section, Shape, Topic

NATIONAL = ("national",)
SECTOR = ("sector", "cross_country", "city", "programme")

#: The parts of a financing mix, in the order of the plot.
SHARES = (
    Topic("share_core", _("Core budget"), Shape.SHARE, one=True),
    Topic("share_programme", _("Programmes"), Shape.SHARE, one=True),
    Topic("share_fees", _("Membership fees"), Shape.SHARE, one=True),
    Topic("share_partners", _("Partners"), Shape.SHARE, one=True),
    Topic("share_foundations", _("Foundations"), Shape.SHARE, one=True),
    Topic("share_cost_sharing", _("Cost sharing"), Shape.SHARE, one=True),
    Topic("share_services", _("Paid services"), Shape.SHARE, one=True),
)
SHARE_CODES = tuple(topic.code for topic in SHARES)

SECTIONS = (
    Section(
        "names",
        _("What it is called and what it is"),
        (
            Topic("name", _("Name"), one=True),
            Topic("acronym", _("Short name"), one=True),
            Topic("other_name", _("Other name"), hint=_("As a source writes it.")),
            Topic("kind", _("Kind of hub"), one=True),
            Topic("host", _("Host institution"), one=True),
            Topic("sector", _("Sector, as written"), one=True),
            Topic("country", _("Country"), one=True),
        ),
    ),
    Section(
        "start",
        _("How it began"),
        (
            Topic(
                "founded",
                _("Founded"),
                Shape.DATE,
                one=True,
                hint=_("Name the step, like “established” or “launched”, if there were several."),
            ),
            Topic("legal_basis", _("Legal basis"), Shape.DATE),
            Topic("milestone", _("Milestone"), Shape.DATE),
        ),
    ),
    Section(
        "organisation",
        _("How it is organised"),
        (
            Topic("organisational_model", _("Organisational model")),
            Topic("parent", _("Parent institution"), Shape.NAME, kinds=SECTOR),
            Topic("governance", _("Governance")),
            Topic("committee", _("Consultative committee"), Shape.NAME),
            Topic("role", _("Task")),
            Topic("coordinates", _("What it coordinates")),
            Topic(
                "coordinated_institutions",
                _("Institutions coordinated"),
                Shape.NUMBER,
                one=True,
                unit="institutions",
            ),
            Topic("institution", _("Institution it coordinates"), Shape.NAME),
        ),
    ),
    Section(
        "staff",
        _("Who works there"),
        (
            Topic("staffing", _("Staff in words")),
            Topic("staff", _("Staff"), Shape.NUMBER, one=True, unit="people"),
            Topic("staff_permanent", _("Permanent staff"), Shape.NUMBER, one=True, unit="people"),
            Topic("staff_seconded", _("Seconded staff"), Shape.NUMBER, one=True, unit="people"),
            Topic("staff_consultants", _("Consultants"), Shape.NUMBER, one=True, unit="people"),
            Topic(
                "turnover",
                _("Staff who left within a year"),
                Shape.SHARE,
                one=True,
            ),
        ),
    ),
    Section(
        "money",
        _("How it is paid for"),
        (
            Topic("financing", _("Financing in words")),
            Topic("budget", _("Annual budget"), Shape.NUMBER, one=True),
            Topic("budget_source", _("Source of money"), Shape.NAME, wants=("actor", "country")),
            *SHARES,
            Topic(
                "joint_fund",
                _("Joint fund"),
                Shape.NAME,
                hint=_("A fund from which both partners give and take solutions."),
                wants=("country", "status", "period"),
            ),
        ),
    ),
    Section(
        "policy",
        _("Which policy it rests on"),
        (
            Topic(
                "policy_basis",
                _("Policy"),
                Shape.NAME,
                one=True,
                wants=("status", "period"),
            ),
        ),
    ),
    Section(
        "partners",
        _("Whom it works with"),
        (
            Topic("partner", _("Partner"), Shape.NAME, wants=("actor", "country")),
            Topic("network", _("Network"), Shape.NAME),
            Topic(
                "expert_network",
                _("Expert network"),
                Shape.NAME,
                wants=("actor",),
                kinds=SECTOR,
            ),
            Topic("partner_country", _("Partner country"), Shape.NAME, wants=("country",)),
            Topic(
                "partner_countries",
                _("Partner countries"),
                Shape.NUMBER,
                one=True,
                unit="countries",
            ),
        ),
    ),
    Section(
        "exchange",
        _("How it shares"),
        (
            Topic("offered", _("Service offered"), Shape.NAME),
            Topic("sought", _("Service sought"), Shape.NAME),
            Topic("modality", _("Way to exchange")),
            Topic("method", _("Method")),
            Topic("focus", _("Focus")),
            Topic("portfolio", _("Portfolio"), Shape.NUMBER, one=True, wants=("period",)),
            Topic("volume", _("Volume"), Shape.NUMBER, one=True, wants=("period",)),
            Topic(
                "balance",
                _("Exchanges as provider"),
                Shape.SHARE,
                one=True,
                hint=_("Of all exchanges, how many it provides; the rest it receives."),
                kinds=NATIONAL,
            ),
            Topic("living_laboratory", _("Living laboratory")),
        ),
    ),
    Section(
        "seen",
        _("Where it appears"),
        (
            Topic("event", _("At an event"), Shape.DATE),
            Topic("study", _("In a study")),
            Topic("spelling", _("As written")),
        ),
    ),
)

TOPICS: dict[str, Topic] = {topic.code: topic for section in SECTIONS for topic in section.topics}
