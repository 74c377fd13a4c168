"""Texts and statements of hubs become claims, each with its reference, and a first revision.

Nothing is lost: what has no place in a claim is written into its note, a topic that is no
longer known stands under "focus", a text without a source refers to "Source not stated". The
way back writes the claims into the columns again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import migrations
from django.utils.timezone import now

BATCH = 200
UNSTATED = "Source not stated"
NOTE = "What was kept in columns and lists before."

#: Columns of prose, and the topics of their claims.
PROSE = {
    "organisational_model": "organisational_model",
    "coordinates": "coordinates",
    "staffing": "staffing",
    "financing": "financing",
    "networks": "network",
    "policy_basis": "policy_basis",
    "note": "focus",
}
#: Topics that were called otherwise.
RENAMED = {
    "name_as_written": "spelling",
    "membership_fees": "share_fees",
    "participation": "partner_countries",
    "mapping": "method",
    "organisation": "governance",
    "networks": "network",
}
DATED = {"founded", "legal_basis", "milestone", "event"}
SHARES = {"share_fees"}
TOPICS = {
    "name", "acronym", "other_name", "kind", "host", "sector", "country", "founded",
    "legal_basis", "milestone", "organisational_model", "parent", "governance", "committee",
    "role", "coordinates", "coordinated_institutions", "institution", "staffing", "staff",
    "staff_permanent", "staff_seconded", "staff_consultants", "turnover", "financing", "budget",
    "budget_source", "share_core", "share_programme", "share_fees", "share_partners",
    "share_foundations", "share_cost_sharing", "share_services", "joint_fund", "policy_basis",
    "partner", "network", "expert_network", "partner_country", "partner_countries", "offered",
    "sought", "modality", "method", "focus", "portfolio", "volume", "balance",
    "living_laboratory", "event", "study", "spelling",
}  # fmt: skip
KINDS = {
    "national": "National hub",
    "sector": "Sector hub",
    "cross_country": "Cross-country hub",
    "city": "City hub",
    "programme": "Multilateral programme",
}
HUB_COLUMNS = (
    "name", "acronym", "summary", "kind", "country_id", "region_id", "model", "functions",
    "modalities", "languages", "contacts", "website", "is_pilot", "is_listed",
)  # fmt: skip
CLAIM_COLUMNS = (
    "topic", "label", "text", "low", "high", "unit", "qualifier", "starts", "ends", "as_of",
    "role", "actor", "country", "status", "place", "is_preferred", "note", "conflict", "derived",
    "position",
)  # fmt: skip
DATE = re.compile(r"(18|19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?|2100")
#: Pieces of a statement that are columns of a claim, and how long they may be.
SHORT = {"unit": 60, "qualifier": 60, "conflict": 500, "label": 200, "role": 200, "status": 20}
LARGEST = Decimal(10) ** 15
Values = dict[str, Any]


# --- Sources ---------------------------------------------------------------------------------


class References:
    """One row for each citation, however often it is cited; places in it stand with the claim."""

    def __init__(self, apps: Any) -> None:
        self.model = apps.get_model("claims", "Reference")
        self._known = {row.citation: row for row in self.model.objects.all()}
        self._documents: set[str] = set()

    def learn(self, facts: Iterable[Any]) -> None:
        """Which documents are cited, from the statements that name them apart from the place."""
        for fact in facts:
            if isinstance(fact, dict):
                citation, place = self._apart(fact)
                if place:
                    self._documents.add(citation)

    def _apart(self, fact: Values) -> tuple[str, str]:
        """The document and the place of a statement that names both as ``ch4:section 2``."""
        citation = str(fact.get("source") or "").strip()
        keys = fact.get("source_keys")
        if not isinstance(keys, list) or not keys:
            return citation, ""
        parts = [str(key).rpartition(":") for key in keys]
        place = " and ".join(found for _document, _colon, found in parts)
        one = len({document for document, _colon, _place in parts}) == 1 and parts[0][0]
        if one and len(place) <= 120 and citation.endswith(f", {place}"):
            return citation.removesuffix(f", {place}"), place
        return citation, ""

    def of_fact(self, fact: Values) -> tuple[Any, str]:
        citation, place = self._apart(fact)
        return (self.row(citation), place) if place else self.of_text(citation)

    def of_text(self, citation: str) -> tuple[Any, str]:
        """The reference, and the place where the document is one that is known."""
        citation = citation.strip()
        document, comma, place = citation.partition(", ")
        while comma:
            if document in self._documents and ";" not in place and len(place) <= 120:
                return self.row(document), place
            more, comma, place = place.partition(", ")
            document = f"{document}, {more}"
        return self.row(citation), ""

    def row(self, citation: str) -> Any:
        citation = citation or UNSTATED
        if citation not in self._known:
            digest = hashlib.sha256(citation.encode()).hexdigest()[:12]
            self._known[citation] = self.model.objects.get_or_create(
                key=f"cited-{digest}",
                defaults={
                    "kind": "document",
                    "title": citation[:400],
                    "citation": citation[:600],
                    "note": citation[600:1100],
                },
            )[0]
        return self._known[citation]


class Contradictions:
    """The list of contradictions by key; loading the sources words those that are missing."""

    def __init__(self, apps: Any) -> None:
        self.model = apps.get_model("claims", "Contradiction")
        self._known = {row.key: row for row in self.model.objects.all()}

    def row(self, key: str, text: str) -> Any:
        if not re.fullmatch(r"[\w-]{1,20}", key, re.ASCII):
            return None
        if key not in self._known:
            self._known[key] = self.model.objects.create(key=key, what=text[:500], position=999)
        return self._known[key]


# --- One claim -------------------------------------------------------------------------------


def number(value: Any) -> Decimal | None:
    """The value as a column takes it; None where it is none that fits."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    fits = found.is_finite() and abs(found) < LARGEST and found == round(found, 4)
    return found if fits else None


def is_date(value: Any) -> bool:
    return DATE.fullmatch(str(value)) is not None


class Statement:
    """A statement as it was, taken apart piece by piece into the values of a claim.

    Pieces nobody took are written into the note.
    """

    def __init__(self, fact: Any) -> None:
        self.left: Values = dict(fact) if isinstance(fact, dict) else {"text": str(fact)}
        self.values: Values = {}

    def take(self, name: str) -> Any:
        return self.left.pop(name, None)

    def take_if(self, name: str, fits: Any) -> Any:
        """The piece if it fits; otherwise it stays for the note."""
        value = self.left.get(name)
        return self.left.pop(name) if value not in (None, "") and fits(value) else None

    def topic(self) -> str:
        said = str(self.take("topic") or "")
        topic = RENAMED.get(said, said)
        if topic in SHARES and not all(
            value is None or 0 <= value <= 100
            for value in (number(self.left.get("value")), number(self.left.get("value_min")))
        ):
            topic = ""
        if topic in TOPICS:
            return topic
        if said:
            self.left["topic"] = said
        return "focus"

    def bounds(self, topic: str) -> None:
        if topic in DATED and is_date(self.left.get("value")):
            year = str(self.take("value"))
            self.left.pop("unit", None) if self.left.get("unit") == "year" else None
            self.values["starts"] = year
        found = [
            value
            for name in ("value_min", "value")
            if (value := number(self.take_if(name, lambda one: number(one) is not None)))
            is not None
        ]
        if len(found) == 2:
            self.values["low"], self.values["high"] = sorted(found)
        elif found:
            exact = "value_min" not in self.said
            self.values["low"] = found[0]
            self.values["high"] = found[0] if exact else None

    def dates(self, topic: str) -> None:
        as_of = self.take_if("as_of", is_date)
        begins = self.values.get("starts", "")
        if as_of and topic in DATED and str(as_of).startswith(begins):
            self.values["starts"] = str(as_of)
        elif as_of:
            self.values["as_of"] = str(as_of)
        starts, slash, ends = str(self.left.get("period") or "").partition("/")
        if is_date(starts) and (is_date(ends) or not slash) and not self.values.get("starts"):
            self.values |= {"starts": starts, "ends": ends}
            self.take("period")

    def worked_out(self) -> None:
        """What the editors concluded; a mere yes says so in words."""
        said, derived = self.take_if("derived_note", lambda text: len(str(text)) <= 300), None
        if isinstance(self.left.get("derived"), bool):
            derived = self.take("derived")
        if said or derived:
            self.values["derived"] = str(said or "Worked out by the editors.")

    def read(self) -> Iterator[Values]:
        """The claim; and one more for each year of a series."""
        self.said = frozenset(self.left)
        topic = self.topic()
        values = self.values
        values["topic"] = topic
        values["is_preferred"] = self.take("preferred") is True
        self.bounds(topic)
        self.dates(topic)
        self.worked_out()
        if topic in SHARES and str(self.left.get("unit", "")).startswith("percent"):
            self.take("unit")
        short = lambda most: lambda text: len(str(text)) <= most  # noqa: E731
        for name, most in SHORT.items():
            values[name] = str(self.take_if(name, short(most)) or "")
        series = self.take_if("series", self._is_series) or {}
        values["text"] = str(self.take("text") or "").strip()
        for name in ("source", "source_keys"):
            self.take(name)
        yield self.noted(values)
        for year, count in series.items():
            yield {
                "topic": topic,
                "text": f"{year}: {count} {values['unit']}".strip(),
                "low": number(count),
                "high": number(count),
                "unit": values["unit"],
                "as_of": year,
            }

    @staticmethod
    def _is_series(series: Any) -> bool:
        return isinstance(series, dict) and all(
            is_date(year) and number(count) is not None for year, count in series.items()
        )

    def noted(self, values: Values) -> Values:
        """Write what is left into the note, or behind the text if it is too much for a note."""
        own = str(self.take("note") or "")
        parts = [own] * bool(own) + [
            f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            for name, value in self.left.items()
            if value not in (None, "", False, [], {})
        ]
        note = "; ".join(parts)
        if not values["text"]:
            values["text"], note = note or "–", ""
        if len(note) > 500:
            values["text"], note = f"{values['text']}\n\n{note}", ""
        return {**values, "note": note}


# --- One hub ---------------------------------------------------------------------------------


class Migrated:
    """The claims of one hub, in their order."""

    def __init__(self, hub: Any, *, countries: Values, sectors: list[str], names: Values) -> None:
        self.hub, self.countries, self.sectors, self.sector_names = hub, countries, sectors, names
        self.rows: list[Values] = []
        self._preferred: set[tuple[str, str]] = set()

    def add(self, reference: Any, place: str, **values: Any) -> None:
        question = (values["topic"], values.get("label", ""))
        if values.get("is_preferred") and question in self._preferred:
            values["is_preferred"] = False
        if values.get("is_preferred"):
            self._preferred.add(question)
        self.rows.append(
            {**values, "reference": reference, "place": place, "position": len(self.rows) + 1}
        )

    def source_of(self, field: str, references: References) -> tuple[Any, str, str]:
        """Reference, place, and what the editors worked out, for one of the columns."""
        sources = self.hub.sources if isinstance(self.hub.sources, dict) else {}
        said = str(sources.get(field) or "")
        if said.endswith("by the editors.") and len(said) <= 300:
            return (*references.of_text(str(sources.get("*") or "")), said)
        return (*references.of_text(said or str(sources.get("*") or "")), "")

    def states(self, topic: str, text: str) -> bool:
        """Whether a statement of the list says just this."""
        facts = self.hub.facts if isinstance(self.hub.facts, list) else []
        return any(
            isinstance(fact, dict) and (fact.get("topic"), fact.get("text")) == (topic, text)
            for fact in facts
        )

    def column(self, field: str, topic: str, text: str, references: References, **more: Any) -> None:
        reference, place, derived = self.source_of(field, references)
        self.add(reference, place, topic=topic, text=text, derived=derived, **more)

    def columns(self, references: References) -> None:
        """Everything that stood in a column of its own, with the source of that column."""
        hub = self.hub
        sources = hub.sources if isinstance(hub.sources, dict) else {}
        for citation in sources.values():
            references.of_text(str(citation or ""))
        for field, topic, texts, if_cited in self.texts():
            if if_cited and not {*if_cited, field} & set(sources):
                continue
            for text in texts:
                if text and not (field in TOPICS and self.states(topic, text)):
                    self.column(field, topic, text, references)

    def texts(self) -> Iterator[tuple[str, str, list[str], tuple[str, ...]]]:
        """Column, topic, texts; and where it is stated only if cited, by which names besides."""
        hub = self.hub
        others = hub.other_names if isinstance(hub.other_names, list) else []
        country = self.countries.get(hub.country_id, hub.country_id)
        sectors = ", ".join(self.sector_names.get(code, code) for code in self.sectors)
        yield "name", "name", [hub.name], ()
        yield "acronym", "acronym", [hub.acronym], ()
        yield "other_names", "other_name", [str(name).strip() for name in others], ()
        yield "kind", "kind", [KINDS.get(hub.kind, hub.kind)], ("*",)
        yield "country", "country", [country or ""], ("*",)
        yield "sectors", "sector", [sectors], ("*",)
        yield "host", "host", [hub.host], ()
        for field, topic in PROSE.items():
            yield field, topic, [getattr(hub, field).strip()], ()
        yield "summary", "focus", [hub.summary], ("summary",)
        yield "website", "focus", [hub.website], ("website",)

    def facts(self, references: References, contradictions: Contradictions) -> None:
        for fact in self.hub.facts if isinstance(self.hub.facts, list) else []:
            statement = Statement(fact)
            reference, place = references.of_fact(statement.left)
            key = str(statement.left.get("contradiction") or "")
            contradiction = contradictions.row(key, str(statement.left.get("text"))) if key else None
            if contradiction is not None:
                statement.take("contradiction")
            for values in statement.read():
                self.add(reference, place, contradiction=contradiction, **values)

    def founding(self, references: References) -> int | None:
        """The year of the column as a claim, unless a statement says the same by the same
        source; and the year that counts from now on, which stays what it was."""
        year = self.hub.founded
        if year:
            reference, _place, _derived = self.source_of("founded", references)
            if not any(
                row["reference"] == reference and row["starts"][:4] == str(year)
                for row in self.dated()
            ):
                starts = str(year) if is_date(year) else ""
                text = f"Founded in {year}."
                self.column("founded", "founded", text, references, starts=starts)
        same = [row for row in self.dated() if row["starts"][:4] == str(year)]
        chosen = any(row.get("is_preferred") for row in self.dated())
        if same and not chosen and min(row["starts"] for row in self.dated())[:4] != str(year):
            same[0]["is_preferred"] = True
        order = sorted(self.dated(), key=lambda row: (not row.get("is_preferred"), row["starts"]))
        return int(order[0]["starts"][:4]) if order else None

    def dated(self) -> list[Values]:
        return [row for row in self.rows if row["topic"] == "founded" and row.get("starts")]


def plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def document(hub: Any, sectors: list[str], claims: Iterable[Any]) -> Values:
    """The profile as its first revision keeps it."""
    return {
        "columns": {name: getattr(hub, name) for name in HUB_COLUMNS},
        "sectors": sorted(sectors),
        "claims": {
            claim.uid: {
                **{name: getattr(claim, name) for name in CLAIM_COLUMNS},
                "low": plain(claim.low),
                "high": plain(claim.high),
                "reference": claim.reference.key,
                "contradiction": claim.contradiction.key if claim.contradiction else "",
            }
            for claim in claims
        },
    }


def keys_of(first: Values) -> list[str]:
    """What the first revision says at all, as revisions name their changes."""
    columns = [name for name, value in first["columns"].items() if value is not None]
    return [*columns, "sectors", *(f"claims.{uid}" for uid in first["claims"])]


def batches(rows: Any) -> Iterator[list[Any]]:
    last = 0
    while found := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield found
        last = found[-1].pk


def sectors_of(through: Any, hubs: list[Any]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {hub.pk: [] for hub in hubs}
    rows = through.objects.filter(hub__in=hubs).order_by("sector_id")
    for hub, sector in rows.values_list("hub_id", "sector_id"):
        found[hub].append(sector)
    return found


def forward(apps: Any, schema_editor: Any) -> None:
    Hub = apps.get_model("hubs", "Hub")
    HubClaim = apps.get_model("hubs", "HubClaim")
    HubRevision = apps.get_model("hubs", "HubRevision")
    references, contradictions = References(apps), Contradictions(apps)
    for hubs in batches(Hub.objects.all()):
        for hub in hubs:
            references.learn(hub.facts if isinstance(hub.facts, list) else [])
    english = lambda name: {  # noqa: E731
        row.pk: row.names.get("en", row.pk) for row in apps.get_model("hubs", name).objects.all()
    }
    countries, names = english("Country"), english("Sector")
    for hubs in batches(Hub.objects.filter(revision=0)):
        sectors = sectors_of(Hub.sectors.through, hubs)
        claims, revisions = [], []
        for hub in hubs:
            made = Migrated(hub, countries=countries, sectors=sectors[hub.pk], names=names)
            made.columns(references)
            made.facts(references, contradictions)
            hub.founded = made.founding(references)
            hub.revision = 1
            own = [HubClaim(hub=hub, **values) for values in made.rows]
            claims += own
            revisions.append(
                HubRevision(
                    hub=hub,
                    number=1,
                    document=(first := document(hub, sectors[hub.pk], own)),
                    changed=keys_of(first),
                    note=NOTE,
                    at=now(),
                )
            )
        HubClaim.objects.bulk_create(claims, batch_size=BATCH)
        HubRevision.objects.bulk_create(revisions, batch_size=BATCH)
        Hub.objects.bulk_update(hubs, ["founded", "revision"], batch_size=BATCH)


# --- The way back ----------------------------------------------------------------------------

BACK = {topic: field for field, topic in PROSE.items() if topic != "focus"} | {"host": "host"}


def cited(claim: Any) -> str:
    """The words of the source, with the place in it; empty where none was stated."""
    reference = claim.reference
    citation = reference.citation + (reference.note if len(reference.citation) == 600 else "")
    if claim.place:
        return f"{citation}, {claim.place}"
    return "" if citation == UNSTATED else citation


def fact_of(claim: Any) -> Values:
    """A claim as a statement of the list that was kept before."""
    fact: Values = {"topic": claim.topic, "text": claim.text, "source": cited(claim)}
    low, high = plain(claim.low), plain(claim.high)
    if low is not None and low == high:
        fact["value"] = json.loads(low)
    else:
        fact |= {"value_min": json.loads(low)} if low is not None else {}
        fact |= {"value": json.loads(high)} if high is not None else {}
    for name in ("label", "unit", "qualifier", "as_of", "conflict", "role", "note", "status"):
        if value := getattr(claim, name):
            fact[name] = value
    if claim.starts:
        dated = claim.topic in DATED and not claim.as_of and not claim.ends
        fact |= (
            {"as_of": claim.starts}
            if dated
            else {"period": "/".join(filter(None, (claim.starts, claim.ends)))}
        )
    if claim.derived:
        fact |= {"derived": True, "derived_note": claim.derived}
    if claim.is_preferred:
        fact["preferred"] = True
    if claim.contradiction:
        fact["contradiction"] = claim.contradiction.key
    return fact


def backward(apps: Any, schema_editor: Any) -> None:
    Hub = apps.get_model("hubs", "Hub")
    HubClaim = apps.get_model("hubs", "HubClaim")
    fields = ["facts", "sources", "other_names", "note", "revision", *BACK.values()]
    for hubs in batches(Hub.objects.all()):
        rows = HubClaim.objects.filter(hub__in=hubs).select_related("reference", "contradiction")
        claims: dict[int, list[Any]] = {hub.pk: [] for hub in hubs}
        for claim in rows.order_by("position", "pk"):
            claims[claim.hub_id].append(claim)
        for hub in hubs:
            hub.facts, hub.sources, hub.other_names, hub.revision = [], {}, [], 0
            for field in (*BACK.values(), "note"):
                setattr(hub, field, "")
            for claim in claims[hub.pk]:
                put_back(hub, claim)
        Hub.objects.bulk_update(hubs, fields, batch_size=BATCH)
    apps.get_model("hubs", "HubRevision").objects.all().delete()
    HubClaim.objects.all().delete()


def put_back(hub: Any, claim: Any) -> None:
    """A claim into the column its topic once had, if that is free, else into the list."""
    bare = claim.low is claim.high is claim.contradiction_id is None and not any(
        getattr(claim, name)
        for name in ("label", "unit", "qualifier", "starts", "as_of", "conflict", "note", "derived")
    )
    field, source = BACK.get(claim.topic, claim.topic), cited(claim)
    if bare and field in {"name", "acronym"} and claim.text == getattr(hub, field):
        free = field not in hub.sources
    elif bare and field == "other_name":
        field = "other_names"
        free = hub.sources.get(field, source) == source
        hub.other_names += [claim.text] * free
    elif bare and field in BACK.values() and not (field == "host" and len(claim.text) > 200):
        free = not getattr(hub, field)
        setattr(hub, field, claim.text if free else getattr(hub, field))
    else:
        free = False
    if free:
        hub.sources[field] = source
    else:
        hub.facts.append(fact_of(claim))


class Migration(migrations.Migration):
    """Texts and statements of hubs become claims with a reference each."""

    dependencies = [
        ('hubs', '0002_claims'),
    ]

    operations = [migrations.RunPython(forward, backward)]
