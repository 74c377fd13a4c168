"""Made-up solutions for benchmarks: the same for the same number, in any order, as many as wanted.

Facets are spread as they are in real catalogues, a few values very common and most of them rare.
One word in eight of a text is about the sectors of the record, the others are made of syllables,
as frequent as their rank allows. Some words have a known frequency: "education" is in
5.0 percent of the records, "teacher" in 3.6, always beside it, "water" in 9.3; "early warning"
stands in that order in all records about risks.

Records are made a block at a time, each block from its own seed; so blocks can be made side by
side, and a catalogue of 10,000 is the beginning of one of a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

import numpy as np

#: Another number makes catalogues that are kept from earlier runs anew.
EDITION = 1
SEED = 8
BLOCK = 1_000
COUNTRIES, TAGS, HUBS, WORDS = 193, 5_000, 400, 20_000
LANGUAGES = {"en": 0.46, "es": 0.18, "fr": 0.14, "id": 0.09, "pt": 0.08, "ar": 0.05}
#: Sectors from the most to the least frequent, with the goal they go with.
SECTORS = {
    "health": 3, "agriculture": 2, "government": 16, "environment": 13, "water-sanitation": 6,
    "social-protection": 1, "public-finance": 17, "energy": 7, "disaster-risk": 11,
    "employment": 8, "education": 4, "transport": 11, "gender": 5, "statistics": 17,
    "digital": 9, "finance": 8, "culture-tourism": 8, "urban-development": 11,
    "business-trade": 8, "rural-development": 2, "food-nutrition": 2, "population": 3,
    "research-training": 9, "humanitarian": 16,
}  # fmt: skip
#: How often one choice of a sector is that one, where it is not left to its place.
CHOSEN = {"education": 0.0321, "water-sanitation": 0.0605}
TEACHER = 0.72  # of the records about education
VALIDATIONS = {
    "none": 0.40, "validated": 0.34, "promising": 0.12, "in_review": 0.09, "expired": 0.03,
    "suspended": 0.02,
}  # fmt: skip
KINDS = {"policy": 0.15, "programme": 0.35, "service": 0.2, "technology": 0.18, "method": 0.12}
STAGES = {"pilot": 0.4, "scaling": 0.35, "institutional": 0.25}
TOPICS = {
    "health": {
        "en": "vaccine clinic maternal malaria nurse immunization hospital milk tuberculosis",
        "es": "salud vacuna clínica materna enfermera hospital",
        "fr": "santé vaccin clinique maternelle hôpital",
        "id": "kesehatan vaksin klinik bidan puskesmas",
        "pt": "saúde vacina clínica materna hospital",
        "ar": "صحة لقاح عيادة مستشفى",
    },
    "agriculture": {
        "en": "farmer seed harvest livestock extension cooperative soil maize rice fertilizer",
        "es": "agricultor semilla cosecha ganado",
        "fr": "agriculteur semence récolte bétail",
        "id": "petani benih panen ternak",
        "pt": "agricultor semente colheita",
        "ar": "زراعة مزارع بذور حصاد",
    },
    "water-sanitation": {
        "en": "sanitation hygiene pump latrine aquifer irrigation pipeline tariff utility wells",
        "es": "agua saneamiento higiene acueducto pozo riego",
        "fr": "eau assainissement hygiène forage puits",
        "id": "air sanitasi kebersihan sumur irigasi",
        "pt": "água saneamento higiene poço",
        "ar": "مياه صرف نظافة آبار",
    },
    "disaster-risk": {
        "en": "flood earthquake preparedness resilience evacuation tsunami shelter drill",
        "es": "riesgo alerta inundación terremoto resiliencia",
        "fr": "risque alerte inondation séisme",
        "id": "bencana risiko peringatan banjir gempa",
        "pt": "risco alerta enchente",
        "ar": "كارثة مخاطر إنذار فيضان",
    },
    "education": {
        "en": "school literacy curriculum pupils scholarship classroom reading",
        "es": "maestro escuela alfabetización beca",
        "fr": "enseignant école alphabétisation",
        "id": "pendidikan guru sekolah literasi",
        "pt": "professor escola alfabetização",
        "ar": "تعليم معلم مدرسة",
    },
    "public-finance": {
        "en": "budget fiscal audit treasury procurement tax expenditure transparency",
        "es": "presupuesto fiscal auditoría tesoro impuesto",
        "fr": "budget fiscal audit trésor impôt",
        "id": "anggaran fiskal pajak",
        "pt": "orçamento fiscal auditoria imposto",
        "ar": "ميزانية ضريبة تدقيق",
    },
    "energy": {
        "en": "solar grid electrification biogas cookstove hydropower battery metering",
        "es": "solar red electrificación biogás",
        "fr": "solaire réseau électrification",
        "id": "energi surya listrik",
        "pt": "solar rede eletrificação",
        "ar": "طاقة شمسية كهرباء",
    },
}
FUNCTION_WORDS = {
    "en": "the of and to in for with by on from that as are is this",
    "es": "de la que el en y a los del las para con por",
    "fr": "de la le et les des en un une du pour dans par",
    "id": "yang dan di untuk dengan dari pada ini dalam oleh",
    "pt": "de a o que e do da em para com os no por",
    "ar": "في من على إلى عن مع التي هذا",
}
SYLLABLES = {
    "en": "ing ter con pro ment ac tion le ver ro de lo ca si re na mu port an cy form struct",
    "es": "ción mi en to ra cio na li dad re con do ga so te ra bre ño",
    "fr": "tion ment ré con é que eur age li té dé ou vrai ance gn",
    "id": "me ber pen kan an ter ang ke se lah nya per di tu ng ka",
    "pt": "ção men to ra ci on ais dade re con do ga ão lh ei",
    "ar": "ال مع ية ات تن مو سا كر بر نظ حل دو طف",
}
NO_TOPIC = {
    "en": "pilot scheme network partners",
    "es": "programa red piloto",
    "fr": "programme réseau pilote",
    "id": "program jaringan",
    "pt": "programa rede piloto",
    "ar": "برنامج شبكة شركاء",
}
BEGAN = datetime(2012, 7, 12, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """What is made up of one solution; codes and names are given to it where it is written."""

    number: int  # from 1
    language: str
    title: str
    summary: str
    paragraphs: tuple[str, str, str, str]
    sectors: tuple[str, ...]
    countries: tuple[int, ...]  # places in a list of countries
    goals: tuple[int, ...]
    tags: tuple[str, ...]
    hub: int | None  # place in a list of hubs
    kind: str
    stage: str
    validation: str
    started_on: str
    published_at: datetime


def _shares(number: int, power: float) -> np.ndarray:
    """Cumulated shares of so many values, the first the most frequent."""
    parts = 1.0 / np.arange(1, number + 1) ** power
    return np.cumsum(parts) / parts.sum()


def _sector_shares() -> np.ndarray:
    parts = 1.0 / np.arange(1, len(SECTORS) + 1) ** 0.7
    fixed = np.array([CHOSEN.get(code, 0.0) for code in SECTORS])
    parts[fixed > 0] = 0
    parts *= (1 - fixed.sum()) / parts.sum()
    return np.cumsum(parts + fixed)


@cache
def vocabulary(language: str, number: int = WORDS) -> tuple[str, ...]:
    """Words that the language could have; the first ones are its own."""
    chance = np.random.default_rng([SEED, *language.encode()])
    syllables = SYLLABLES[language].split()
    words = dict.fromkeys(FUNCTION_WORDS[language].split())
    while len(words) < number:
        drawn = chance.integers(0, len(syllables), (8192, 4)).tolist()
        for places, length in zip(drawn, chance.integers(2, 5, 8192).tolist(), strict=True):
            words["".join(syllables[place] for place in places[:length])] = None
    return tuple(words)[:number]


@lru_cache(maxsize=1)
def tag_names() -> tuple[str, ...]:
    """Tags are words that no text has."""
    return tuple(f"{word}ix" for word in vocabulary("en", TAGS))


@cache
def _words(language: str) -> np.ndarray:
    return np.array(vocabulary(language), dtype=object)


@cache
def _topic(sector: str, language: str) -> np.ndarray:
    return np.array(TOPICS.get(sector, NO_TOPIC).get(language, "").split(), dtype=object)


def _picked(chance: np.random.Generator, shares: dict[str, float], number: int) -> list[str]:
    return chance.choice(list(shares), size=number, p=list(shares.values())).tolist()


def block(number: int) -> list[Record]:
    """The thousand records of one block; the first block is 0."""
    chance = np.random.default_rng([SEED, number])
    size = BLOCK
    languages = _picked(chance, LANGUAGES, size)
    kinds, stages = _picked(chance, KINDS, size), _picked(chance, STAGES, size)
    validations = _picked(chance, VALIDATIONS, size)
    several = {
        "sectors": chance.choice([1, 2, 3], size=size, p=[0.55, 0.32, 0.13]),
        "countries": chance.choice([1, 2, 3], size=size, p=[0.85, 0.1, 0.05]),
        "goals": chance.choice([1, 2, 3, 4], size=size, p=[0.35, 0.35, 0.2, 0.1]),
        "tags": chance.integers(2, 9, size),
    }
    hubs = np.searchsorted(_shares(HUBS, 0.8), chance.random(size)).tolist()
    has_hub = (chance.random(size) < 0.8).tolist()
    days = (chance.beta(2.2, 1.0, size) * 5200).astype(int).tolist()
    minutes = chance.integers(0, 600, size).tolist()
    lengths = np.stack(
        [
            chance.integers(5, 12, size),
            chance.integers(28, 52, size),
            np.clip(chance.lognormal(np.log(183) - 0.18, 0.6, size).astype(int), 40, 1500),
        ]
    )
    ends = np.concatenate(([0], np.cumsum(lengths.sum(axis=0))))
    total = int(ends[-1])
    places = np.searchsorted(_shares(WORDS, 1.05), chance.random(total))
    topical = chance.random(total) < 0.12
    within = chance.random(total) ** 2
    made = []
    for n in range(size):
        sectors = _some(chance, _SECTOR_SHARES, int(several["sectors"][n]))
        codes = tuple(_SECTOR_CODES[place] for place in sectors)
        goals = {SECTORS[codes[0]], *chance.integers(1, 18, int(several["goals"][n]) - 1).tolist()}
        begin, end = int(ends[n]), int(ends[n + 1])
        about = codes[int(within[begin] * len(codes))]
        words = _text(languages[n], about, places[begin:end], topical[begin:end], within[begin:end])
        title, summary, paragraphs = _parts(words, *lengths[:2, n].tolist())
        paragraphs = _planted(paragraphs, codes, float(chance.random()))
        made.append(
            Record(
                number=number * BLOCK + n + 1,
                language=languages[n],
                title=title,
                summary=summary,
                paragraphs=paragraphs,
                sectors=codes,
                countries=_some(chance, _COUNTRY_SHARES, int(several["countries"][n])),
                goals=tuple(sorted(goals)),
                tags=_tags(chance, sectors[0], int(several["tags"][n])),
                hub=hubs[n] if has_hub[n] else None,
                kind=kinds[n],
                stage=stages[n],
                validation=validations[n],
                started_on=str(2000 + days[n] % 22),
                published_at=BEGAN + timedelta(days=days[n], minutes=minutes[n]),
            )
        )
    return made


def _some(chance: np.random.Generator, shares: np.ndarray, number: int) -> tuple[int, ...]:
    """So many values at most, in order: the same one may be drawn twice."""
    return tuple(sorted(set(np.searchsorted(shares, chance.random(number)).tolist())))


def _tags(chance: np.random.Generator, sector: int, number: int) -> tuple[str, ...]:
    """Half of them from all tags, half from those that the sector often has."""
    names = tag_names()
    half = number // 2
    drawn = set(np.searchsorted(_TAG_SHARES, chance.random(number - half)).tolist())
    drawn |= {
        int(place) * len(SECTORS) + sector
        for place in np.searchsorted(_POOL_SHARES, chance.random(half)).tolist()
    }
    return tuple(sorted(names[place] for place in drawn))


def _text(
    language: str, sector: str, places: np.ndarray, topical: np.ndarray, within: np.ndarray
) -> list[str]:
    words = _words(language)[places]
    topic = _topic(sector, language)
    words[topical] = topic[(within[topical] * len(topic)).astype(int)]
    return words.tolist()


def _parts(
    words: list[str], in_title: int, in_summary: int
) -> tuple[str, str, tuple[str, str, str, str]]:
    """Title, summary in one sentence and four paragraphs of sentences of fourteen words."""
    title = " ".join(words[:in_title]).capitalize()[:150].rstrip()
    rest = words[in_title:]
    summary = (" ".join(rest[:in_summary]).capitalize()[:299]).rstrip() + "."
    rest = rest[in_summary:]
    quarter = -(-len(rest) // 4)
    one, two, three, four = (
        _sentences(rest[start : start + quarter]) for start in range(0, 4 * quarter, quarter)
    )
    return title, summary, (one, two, three, four)


def _sentences(words: Sequence[str]) -> str:
    parts = (" ".join(words[n : n + 14]).capitalize() for n in range(0, len(words), 14))
    return ". ".join(parts) + "." if words else ""


def _planted(
    paragraphs: tuple[str, str, str, str], sectors: Sequence[str], drawn: float
) -> tuple[str, str, str, str]:
    """The words of known frequency that no sector's name brings along."""
    first, second, third, fourth = paragraphs
    if "education" in sectors and drawn < TEACHER:
        second = f"{second} With each teacher."
    if "disaster-risk" in sectors:
        third = f"{third} An early warning in time."
    return first, second, third, fourth


_SECTOR_CODES = tuple(SECTORS)
_SECTOR_SHARES = _sector_shares()
_COUNTRY_SHARES = _shares(COUNTRIES, 0.9)
_TAG_SHARES = _shares(TAGS, 1.0)
_POOL_SHARES = _shares(200, 1.0)
