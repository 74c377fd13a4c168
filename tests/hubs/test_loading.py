"""Reference data and hubs arrive whole, once, and with their sources."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import Language, User
from core.models import JobRun, SearchDocument
from hubs import loading
from hubs.models import Country, CountryAlias, Goal, Hub, Region, Sector, Target


@dataclass(frozen=True)
class Loaded:
    counts: dict[str, int]
    desk: User


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[Loaded]:
    """All of it, loaded once for this module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        counts = loading.load_reference()
        desk = User.objects.create_user("desk@test.example", name="Desk", is_staff=True)
        loading.load_hubs(by=desk)
        yield Loaded(counts, desk)
        transaction.set_rollback(True)


@pytest.fixture
def reference(loaded: Loaded, db: None) -> dict[str, int]:
    return loaded.counts


@pytest.fixture
def desk(loaded: Loaded) -> User:
    return loaded.desk


@pytest.fixture
def hubs(loaded: Loaded, db: None) -> dict[str, Hub]:
    return {hub.slug: hub for hub in Hub.objects.prefetch_related("sectors")}


def everything() -> list[object]:
    models = (Language, Region, Country, CountryAlias, Sector, Goal, Target, Hub)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_all_reference_rows_of_the_files_are_loaded(reference: dict[str, int]) -> None:
    assert {
        "languages": Language.objects.count(),
        "regions": Region.objects.count(),
        "countries": Country.objects.count(),
        "aliases": CountryAlias.objects.count(),
        "sectors": Sector.objects.count(),
        "goals": Goal.objects.count(),
        "targets": Target.objects.count(),
    } == reference
    assert {kind: reference[kind] for kind in ("regions", "countries", "goals", "targets")} == {
        "regions": 30,
        "countries": 249,
        "goals": 17,
        "targets": 169,
    }


def test_loading_twice_changes_nothing(hubs: dict[str, Hub], desk: User) -> None:
    before = everything()

    loading.load_reference()
    new = loading.load_hubs(by=desk)

    assert new == []
    assert everything() == before


def test_a_corrected_file_mends_the_row(reference: dict[str, int]) -> None:
    Country.objects.filter(pk="KE").update(names={"en": "Kenia"}, name_sort="kenia")

    loading.load_reference()

    kenya = Country.objects.get(pk="KE")
    assert (kenya.names["en"], kenya.name_sort) == ("Kenya", "kenya")


def test_the_command_skips_what_it_loaded_before(reference: dict[str, int]) -> None:
    first, second = io.StringIO(), io.StringIO()

    call_command("load_reference", stdout=first)
    Country.objects.filter(pk="KE").update(name_sort="moved")
    call_command("load_reference", stdout=second)

    assert "249 countries" in first.getvalue()
    assert second.getvalue() == "Reference data: unchanged\n"
    assert Country.objects.get(pk="KE").name_sort == "moved"
    assert JobRun.objects.filter(name="load-reference").count() == 1


def test_every_place_has_a_name_in_the_portals_languages(reference: dict[str, int]) -> None:
    languages = set(loading.NAME_LANGUAGES)
    gaps = {
        row.pk: sorted(languages - row.names.keys())
        for model in (Region, Country, Sector)
        for row in model.objects.all()
        if languages - row.names.keys()
    }
    assert gaps == {"TW": ["ar", "es", "fr", "ru", "zh"]}


def test_every_active_purpose_code_has_at_most_one_sector(reference: dict[str, int]) -> None:
    active = {row["code"]: row["category"] for row in loading.rows("dac-purposes.csv")}
    mapped = [code for sector in Sector.objects.all() for code in sector.crs_purposes]
    unmapped = set(loading.document("sectors.json")["unmapped"]["categories"])

    assert len(mapped) == len(set(mapped))
    assert set(mapped) <= active.keys()
    assert {active[code] for code in active.keys() - set(mapped)} <= unmapped


def test_every_target_hangs_on_the_goal_of_its_number(reference: dict[str, int]) -> None:
    wrong = [t.code for t in Target.objects.all() if t.code.split(".")[0] != str(t.goal_id)]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("Turkiye", "TR"),
        ("Türkiye", "TR"),
        ("  united republic of TANZANIA ", "TZ"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Egipto", "EG"),
        ("República Democrática do Congo", "CD"),
        ("Congo (Congo-Brazzaville)", "CG"),
        ("Eswatini (fmr. 'Swaziland')", "SZ"),
    ],
)
def test_a_country_is_found_by_its_other_names(
    reference: dict[str, int], name: str, code: str
) -> None:
    assert loading.resolve_countries([name]).codes == {name: code}


def test_a_name_of_two_countries_is_refused_and_reported(reference: dict[str, int]) -> None:
    found = loading.resolve_countries(["Congo", "Kenya", "Atlantis", "  "])

    assert found == loading.Resolution(
        codes={"Kenya": "KE"}, unknown=["Atlantis", "  "], ambiguous={"Congo": ["CD", "CG"]}
    )


def test_every_hub_of_the_file_is_loaded_with_its_sources(hubs: dict[str, Hub]) -> None:
    entries = {entry["slug"]: entry for entry in loading.hub_entries()}

    assert len(entries) == 24
    assert hubs.keys() == entries.keys()
    assert [slug for slug, hub in hubs.items() if not hub.sources.get("*")] == []
    assert [
        (slug, fact["text"])
        for slug, hub in hubs.items()
        for fact in hub.facts
        if not fact["source"] or not fact["text"]
    ] == []
    assert {slug: len(hub.facts) for slug, hub in hubs.items()} == {
        slug: len(entry["facts"]) for slug, entry in entries.items()
    }
    assert {slug: sorted(s.pk for s in hub.sectors.all()) for slug, hub in hubs.items()} == {
        slug: sorted(entry.get("sectors", [])) for slug, entry in entries.items()
    }


def test_every_hub_can_be_found_and_filtered_by_its_sectors(hubs: dict[str, Hub]) -> None:
    found = SearchDocument.objects.filter(kind="hub")
    in_health = found.filter(facets__group="sector", facets__value="health")

    assert found.count() == 24
    assert sorted(in_health.values_list("title", flat=True)) == [
        "Mexican Agency for International Development Cooperation",
        "Oswaldo Cruz Foundation",
    ]


def test_the_study_of_twelve_hubs_counts_five_national_and_seven_sector(
    hubs: dict[str, Hub],
) -> None:
    studied = [entry["slug"] for entry in loading.hub_entries() if entry.get("in_study")]
    kinds = sorted(hubs[slug].kind for slug in studied)
    assert kinds == ["national"] * 5 + ["sector"] * 7


def test_a_disagreement_of_sources_is_kept(hubs: dict[str, Hub]) -> None:
    founded = [fact for fact in hubs["ksp"].facts if fact["topic"] == "founded"]

    assert [(fact["value"], "conflict" in fact) for fact in founded] == [
        (2004, False),
        (2007, True),
    ]
    assert founded[0]["source"] != founded[1]["source"]


def test_a_citation_names_the_place_in_the_source(hubs: dict[str, Hub]) -> None:
    assert hubs["abc"].sources == {
        "*": (
            "Choesni and Schulz, Chapter 4: Knowledge Hubs — Progress in Practice since the "
            "Bali Communiqué, section 2"
        ),
        "staffing": (
            "Choesni and Schulz, Chapter 4: Knowledge Hubs — Progress in Practice since the "
            "Bali Communiqué, section 2 and footnote 7"
        ),
    }


def test_a_hub_that_exists_stays_as_its_people_keep_it(hubs: dict[str, Hub], desk: User) -> None:
    Hub.objects.filter(slug="abc").update(name="Renamed", staffing="Ours")
    Hub.objects.filter(slug="dane").delete()

    new = loading.load_hubs(by=desk)

    assert [hub.slug for hub in new] == ["dane"]
    kept = Hub.objects.get(slug="abc")
    assert (kept.name, kept.staffing) == ("Renamed", "Ours")


def test_all_contradictions_of_the_sources_are_there_and_point_somewhere() -> None:
    listed = {entry["id"] for entry in loading.document("sources.json")["contradictions"]}
    named = {
        fact["contradiction"]
        for entry in loading.hub_entries()
        for fact in entry["facts"]
        if "contradiction" in fact
    }
    assert listed == {f"x{number}" for number in range(1, 14)}
    assert named == {"x6", "x7", "x10"}


def test_every_data_file_says_where_it_comes_from() -> None:
    root = loading.DATA.parent.parent
    listed = {
        name
        for source in loading.document("attribution.json")["sources"]
        for name in source["files"]
    }
    present = {
        str(path.relative_to(root))
        for folder in (loading.DATA, root / "catalogue" / "data", root / "validation" / "data")
        for path in folder.iterdir()
        if path.name != "attribution.json"
    }
    written = (root / "DATA-SOURCES.md").read_text(encoding="utf-8")

    assert present - listed == set()
    assert [name for name in listed if not (root / name).is_file()] == []
    assert [name for name in listed if f"`{name}`" not in written] == []


def test_columns_of_uncertain_licence_stay_out() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in loading.DATA.iterdir())
    assert [word for word in ("short_pt", "short_id") if word in text] == []
