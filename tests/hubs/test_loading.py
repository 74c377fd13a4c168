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
from claims.models import Contradiction, Reference
from claims.topics import Shape
from claims.weighing import Group, groups_of, in_conflict
from core.models import AuditEntry, JobRun, SearchDocument
from hubs import loading
from hubs.choices import Function, Modality
from hubs.models import (
    Country,
    CountryAlias,
    Goal,
    Hub,
    HubClaim,
    HubRevision,
    Lesson,
    LessonHub,
    Region,
    Sector,
    Target,
)
from hubs.profile import claims_of
from hubs.topics import TOPICS

#: The hubs that shared their experience at the meeting of 2012 (chapter 4, Annex 1).
IN_BALI = {
    "amexcid", "apc-colombia", "embrapa", "fo-ar", "indonesia-ct", "kdi", "sce", "teri", "tika",
}  # fmt: skip


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
    return {hub.slug: hub for hub in Hub.objects.prefetch_related("sectors", "claims")}


def everything() -> list[object]:
    models = (
        Language, Region, Country, CountryAlias, Sector, Goal, Target, Reference, Contradiction,
        Hub, HubClaim, HubRevision, Lesson, LessonHub, AuditEntry,
    )  # fmt: skip
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


def test_every_hub_of_the_file_is_loaded_with_its_statements(hubs: dict[str, Hub]) -> None:
    entries = {entry["slug"]: entry for entry in loading.hub_entries()}

    assert len(entries) == 24
    assert hubs.keys() == entries.keys()
    assert {slug: [claim.text for claim in hub.claims.all()] for slug, hub in hubs.items()} == {
        slug: [row["text"] for row in entry["claims"]] for slug, entry in entries.items()
    }
    assert {slug: sorted(s.pk for s in hub.sectors.all()) for slug, hub in hubs.items()} == {
        slug: sorted(entry.get("sectors", [])) for slug, entry in entries.items()
    }


def test_every_statement_would_pass_as_if_somebody_wrote_it(hubs: dict[str, Hub]) -> None:
    others = {"low", "high", "value", "source", "preferred", "contradiction"}
    known = others.union(loading.CLAIM_TEXTS)
    for entry in loading.hub_entries():
        for row in entry["claims"]:
            assert set(row) - known == set(), row
    for claim in HubClaim.objects.select_related("hub"):
        claim.full_clean()
        about = TOPICS[claim.topic]
        assert not about.kinds or claim.hub.kind in about.kinds, claim
        assert not claim.country or Country.objects.filter(pk=claim.country).exists(), claim
        assert bool(claim.unit) == (claim.has_number and about.shape != Shape.SHARE), claim
    for hub in hubs.values():
        hub.full_clean()


def test_codes_of_a_profile_are_of_the_closed_lists(hubs: dict[str, Hub]) -> None:
    for hub in hubs.values():
        assert set(hub.functions) <= set(Function.values)
        assert set(hub.modalities) <= set(Modality.values)
        assert set(hub.languages) <= set(Language.objects.values_list("pk", flat=True))


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
    studied = HubClaim.objects.filter(topic="study")
    said = {
        Hub.Kind.NATIONAL: "One of the five national hubs",
        Hub.Kind.SECTOR: "One of the seven thematic hubs",
    }

    kinds = sorted(claim.hub.kind for claim in studied.select_related("hub"))
    assert kinds == ["national"] * 5 + ["sector"] * 7
    assert [c for c in studied if not c.text.startswith(said[Hub.Kind(c.hub.kind)])] == []


def groups(hub: Hub) -> dict[tuple[str, str], Group[HubClaim]]:
    return {(group.topic, group.label): group for group in groups_of(claims_of(hub), TOPICS)}


def test_two_founding_years_stand_beside_each_other(hubs: dict[str, Hub]) -> None:
    founded = groups(hubs["ksp"])["founded", "launched"]

    assert [claim.starts for claim in founded.all] == ["2004", "2007"]
    assert founded.disagrees
    assert founded.shown.reference_id != founded.others[0].reference_id
    assert hubs["ksp"].founded == 2004


def test_steps_of_one_founding_do_not_contradict_each_other(hubs: dict[str, Hub]) -> None:
    steps = {
        label: [claim.starts for claim in group.all]
        for (topic, label), group in groups(hubs["sce"]).items()
        if topic == "founded"
    }

    assert steps == {"established": ["2006-05", "2006"], "launched": ["2006-07-12"]}
    assert [g for g in groups(hubs["sce"]).values() if g.disagrees and g.topic != "event"] == []


def test_a_policy_in_place_and_proposed_is_one_question_without_an_answer(
    hubs: dict[str, Hub],
) -> None:
    (policy,) = (g for g in groups(hubs["indonesia-ct"]).values() if g.topic == "policy_basis")

    assert policy.disagrees
    assert [(c.status, c.starts, c.ends, c.is_preferred) for c in policy.all] == [
        ("in_place", "2011", "2025", False),
        ("proposed", "2011", "2025", False),
    ]


def test_figures_of_later_years_follow_each_other_and_agree(hubs: dict[str, Hub]) -> None:
    countries = groups(hubs["ksp"])["partner_countries", ""]

    assert (countries.shown.as_of, countries.shown.low) == ("2012", 48)
    assert {(c.as_of, c.low) for c in countries.others} == {("2007", 3), ("2008", 8), ("2009", 11)}
    assert not countries.disagrees


def test_a_figure_keeps_its_bound_and_the_word_of_the_source(hubs: dict[str, Hub]) -> None:
    figures = {
        (claim.hub.slug, claim.topic): (claim.low, claim.high, claim.qualifier, claim.unit)
        for claim in HubClaim.objects.select_related("hub").filter(label="")
        if claim.has_number
    }
    expected: dict[tuple[str, str], tuple[int | None, int | None, str, str]] = {
        ("abc", "coordinated_institutions"): (39, None, "at least", "institutions"),
        ("abc", "staff"): (200, 200, "around", "people"),
        ("cabri", "share_fees"): (40, 40, "", ""),
        ("cabri", "partner_countries"): (35, None, "more than", "countries"),
        ("ksp", "budget"): (26_000_000, 26_000_000, "", "USD"),
    }

    assert {key: figures[key] for key in expected} == expected


def test_the_questions_on_which_sources_disagree_are_those_known(hubs: dict[str, Hub]) -> None:
    found = {
        (slug, group.topic)
        for slug, hub in hubs.items()
        for group in in_conflict(claims_of(hub), TOPICS)
    }

    assert found - {(slug, "event") for slug in IN_BALI} == {
        ("amexcid", "name"),
        ("apc-colombia", "name"),
        ("tika", "name"),
        ("fiocruz", "spelling"),
        ("semarnat", "spelling"),
        ("indonesia-ct", "founded"),
        ("indonesia-ct", "policy_basis"),
        ("indonesia-ct", "portfolio"),
        ("ksp", "founded"),
    }


def test_a_year_misprinted_in_a_title_is_told_with_the_meeting(hubs: dict[str, Hub]) -> None:
    meetings = HubClaim.objects.filter(contradiction__key="x1").select_related("hub")

    assert {claim.hub.slug for claim in meetings} == IN_BALI
    assert {(claim.starts, claim.ends) for claim in meetings} == {("2012-07-10", "2012-07-12")}


def test_a_hub_that_exists_stays_as_its_people_keep_it(hubs: dict[str, Hub], desk: User) -> None:
    Hub.objects.filter(slug="abc").update(name="Renamed")
    HubClaim.objects.filter(hub__slug="abc").exclude(topic="staff").delete()
    HubClaim.objects.filter(hub__slug="abc").update(text="Ours.")
    Hub.objects.filter(slug="dane").delete()

    new = loading.load_hubs(by=desk)

    assert [hub.slug for hub in new] == ["dane"]
    kept = Hub.objects.get(slug="abc")
    assert kept.name == "Renamed"
    assert [claim.text for claim in kept.claims.all()] == ["Ours."]


# --- Sources ---------------------------------------------------------------------------------


def test_every_source_of_the_file_is_loaded_under_its_key(hubs: dict[str, Hub]) -> None:
    entries = {entry["key"]: entry["citation"] for entry in loading.source_entries()}

    assert dict(Reference.objects.values_list("key", "citation")) == entries
    assert set(HubClaim.objects.values_list("reference__key", flat=True)) <= entries.keys()


def test_a_source_cited_before_in_the_same_words_is_taken_over(
    hubs: dict[str, Hub], desk: User
) -> None:
    Reference.objects.filter(key="page:tika").update(key="cited-1", title="", url="")
    Reference.objects.filter(key="ch4").update(url="https://chapter.example/4")
    Hub.objects.filter(slug="tika").delete()
    count = Reference.objects.count()

    loading.load_hubs(by=desk)

    assert Reference.objects.count() == count
    page = Reference.objects.get(key="cited-1")
    assert page.title == "Turkish Cooperation and Coordination Agency"
    assert page.hubclaims.filter(hub__slug="tika", topic="founded").exists()
    assert Reference.objects.get(key="ch4").url == "https://chapter.example/4"


def test_a_corrected_source_arrives(hubs: dict[str, Hub], desk: User) -> None:
    Reference.objects.filter(key="fs12").update(citation="Misquoted", date="2013")
    Contradiction.objects.filter(key="x1").update(what="?", position=99)

    loading.load_hubs(by=desk)

    session = Reference.objects.get(key="fs12")
    assert session.citation.startswith("Focus Session 12: Scaling Up Knowledge Sharing")
    assert session.date == "2014-04-15"
    assert Contradiction.objects.get(key="x1").position == 1


def test_all_contradictions_of_the_sources_are_loaded_and_point_somewhere(
    hubs: dict[str, Hub],
) -> None:
    loaded = list(Contradiction.objects.all())
    named = HubClaim.objects.exclude(contradiction=None)

    assert [row.key for row in loaded] == [f"x{number}" for number in range(1, 14)]
    assert [row.key for row in loaded if not (row.what and row.kind and row.sources)] == []
    assert set(named.values_list("contradiction__key", flat=True)) == {"x1", "x6", "x7", "x10"}


# --- Lessons ---------------------------------------------------------------------------------


def test_every_lesson_is_loaded_with_its_source_and_its_hubs(hubs: dict[str, Hub]) -> None:
    lessons = Lesson.objects.select_related("reference")
    examples = LessonHub.objects.select_related("lesson", "hub")

    assert [(lesson.kind, lesson.number) for lesson in lessons] == [
        (kind, number) for kind in ("capacity", "national", "sector") for number in range(1, 6)
    ]
    assert {(lesson.kind, lesson.reference.key) for lesson in lessons} == {
        ("national", "ch4"),
        ("sector", "ch4"),
        ("capacity", "fs12"),
    }
    for lesson in lessons:
        lesson.full_clean()
        assert lesson.place
        assert 1 <= lesson.text.count(". ") <= 4, lesson
    assert {(e.lesson.kind, e.lesson.number, e.hub.slug, e.text) for e in examples} == {
        (entry["kind"], entry["number"], example["hub"], example["how"])
        for entry in loading.lesson_entries()
        for example in entry["hubs"]
    }


def test_lessons_on_one_kind_of_hub_name_hubs_of_that_kind(hubs: dict[str, Hub]) -> None:
    examples = LessonHub.objects.exclude(lesson__kind="capacity").select_related("lesson", "hub")
    assert [str(e) for e in examples if e.hub.kind != e.lesson.kind] == []


def test_a_corrected_lesson_arrives(hubs: dict[str, Hub]) -> None:
    Lesson.objects.filter(kind="national", number=4).update(title="Wrong")
    LessonHub.objects.filter(hub__slug="ksp").update(text="")
    LessonHub.objects.filter(hub__slug="cabri").delete()
    before = Lesson.objects.get(kind="national", number=4).pk

    assert loading.load_lessons() == 15

    lesson = Lesson.objects.get(kind="national", number=4)
    assert (lesson.pk, lesson.title) == (before, "Dedicated teams are small, and people move on")
    assert LessonHub.objects.filter(hub__slug="ksp").exclude(text="").count() == 2
    assert LessonHub.objects.filter(hub__slug="cabri").count() == 2


def test_a_hub_merged_into_another_shows_its_lessons_there(hubs: dict[str, Hub]) -> None:
    Hub.objects.filter(slug="aibo").update(merged_into=hubs["gscass"])
    LessonHub.objects.filter(hub__slug__in=["aibo", "gscass"]).delete()
    Hub.objects.filter(slug="dane").delete()

    loading.load_lessons()

    assert not LessonHub.objects.filter(hub__slug="aibo").exists()
    shown = Lesson.objects.filter(shown_by__hub__slug="gscass")
    assert [(lesson.kind, lesson.number) for lesson in shown] == [("sector", 3), ("sector", 5)]


def test_every_data_file_says_where_it_comes_from() -> None:
    root = loading.DATA.parent.parent
    listed = {
        name
        for source in loading.document("attribution.json")["sources"]
        for name in source["files"]
    }
    present = {
        str(path.relative_to(root))
        for app in ("assessment", "catalogue", "community", "events", "hubs", "validation")
        for path in (root / app / "data").iterdir()
        if path.name != "attribution.json"
    }
    written = (root / "DATA-SOURCES.md").read_text(encoding="utf-8")

    assert present - listed == set()
    assert [name for name in listed if not (root / name).is_file()] == []
    assert [name for name in listed if f"`{name}`" not in written] == []


def test_columns_of_uncertain_licence_stay_out() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in loading.DATA.iterdir())
    assert [word for word in ("short_pt", "short_id") if word in text] == []
