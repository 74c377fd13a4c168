"""Bibliographies of other programs: BibTeX and RIS become works as the library tells them.

The text comes from anybody. It is limited before it is parsed, nothing in it is followed further
than one step, and what cannot be read is one row with its line and the reason, never the end of
the rest.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bibtexparser import entrypoint, model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]
from pylatexenc.latexwalker import LatexWalkerError  # type: ignore[import-untyped]

from community.choices import PublicationKind
from community.library.identifiers import doi_of, isbn_of

K = PublicationKind
MOST_BYTES = 1024 * 1024
MOST_ENTRIES = 1000
#: More letters than any abstract; what is longer is cut before anything looks at it.
LONGEST_FIELD = 20_000
MOST_BRACES = 40
MOST_NAMES = 100
#: How long columns are, and what a longer text means.
LONGEST = {
    "title": 400, "authors": 300, "publisher": 200, "site": 200, "container": 300, "volume": 40,
    "issue": 40, "pages": 40, "abstract": 5000, "url": 500, "doi": 200, "language": 10,
}  # fmt: skip

# A file with a thousand mistakes is reported row by row here, not in the log.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)


class Unreadable(Exception):
    """A text that is no bibliography at all; the message says why."""


@dataclass(slots=True)
class Row:
    """One entry of a file: where it stands, what it tells, or why it cannot be read."""

    line: int
    key: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    problem: str = ""
    taken: str = ""

    def kept(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Read:
    """A whole bibliography."""

    source: str
    rows: list[Row]
    notes: tuple[str, ...] = ()


def read(data: bytes) -> Read:
    """The entries of a file or of pasted text."""
    if len(data) > MOST_BYTES:
        raise Unreadable(_("This is more than 1 MB. Divide it and read the parts one by one."))
    text, notes = _decoded(data)
    if not text.strip():
        raise Unreadable(_("There is nothing to read."))
    if re.search(r"(?m)^\s{0,4}TY\s{0,2}-", text):
        source, rows = "ris", list(_ris(text))
    elif re.search(r"@\s*\w+\s*[{(]", text):
        source, rows = "bibtex", list(_bibtex(text))
    else:
        raise Unreadable(
            _("This is neither BibTeX (entries begin with @) nor RIS (entries begin with TY).")
        )
    if len(rows) > MOST_ENTRIES:
        raise _too_many()
    if not rows:
        raise Unreadable(_("No entry was found in it."))
    return Read(source, rows, notes)


def _too_many() -> Unreadable:
    return Unreadable(
        _("There are more than 1,000 entries. Divide the file and read the parts one by one.")
    )


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
            notes = (
                _("The file is not in UTF-8 and was read as Windows-1252. Look at the accents."),
            )
    if text.count("\x00"):
        raise Unreadable(_("This is not a text file."))
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


# --- BibTeX ------------------------------------------------------------------------------------

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BLOCKS = re.compile(r"@\s*\w+\s*[{(]")
_KINDS = {
    "article": K.ARTICLE, "periodical": K.ARTICLE, "book": K.BOOK, "mvbook": K.BOOK,
    "collection": K.BOOK, "booklet": K.GUIDE, "manual": K.GUIDE, "inbook": K.CHAPTER,
    "incollection": K.CHAPTER, "inproceedings": K.PROCEEDINGS, "conference": K.PROCEEDINGS,
    "proceedings": K.PROCEEDINGS, "techreport": K.REPORT, "report": K.REPORT,
    "phdthesis": K.THESIS, "mastersthesis": K.THESIS, "thesis": K.THESIS, "online": K.PAGE,
    "electronic": K.PAGE, "www": K.PAGE, "webpage": K.PAGE, "dataset": K.DATA,
    "video": K.RECORDING, "unpublished": K.PAPER,
}  # fmt: skip
#: What a ``type`` in words says besides; as the export writes it.
_NAMED = {
    "working paper": K.PAPER, "issues paper": K.PAPER, "discussion paper": K.PAPER,
    "communiqué": K.COMMUNIQUE, "communique": K.COMMUNIQUE, "declaration": K.COMMUNIQUE,
    "communiqué or declaration": K.COMMUNIQUE, "case study": K.CASE, "guide": K.GUIDE,
    "guide or toolkit": K.GUIDE, "toolkit": K.GUIDE, "data": K.DATA, "dataset": K.DATA,
    "film or recording": K.RECORDING, "recording": K.RECORDING, "web page": K.PAGE,
    "report": K.REPORT, "proceedings": K.PROCEEDINGS, "thesis": K.THESIS,
}  # fmt: skip


def _bibtex(text: str) -> Iterator[Row]:
    if sum(1 for _block in _BLOCKS.finditer(text)) > 3 * MOST_ENTRIES:
        raise _too_many()
    library = entrypoint.parse_string(text, parse_stack=[])
    strings = {row.key.lower(): str(row.value) for row in library.strings}
    rows: list[tuple[model.Entry | None, Row]] = []
    for block in library.blocks:
        entry, problem = _entry_of(block)
        line = (block.start_line or 0) + 1
        if entry is not None:
            rows.append((entry, Row(line, key=_plain(entry.key)[:100], problem=problem)))
        elif problem:
            rows.append((None, Row(line, problem=problem)))
    if len(rows) > MOST_ENTRIES:
        raise _too_many()
    fields = {
        entry.key.lower(): _fields(entry, strings) for entry, _row in rows if entry is not None
    }
    for entry, row in rows:
        if entry is not None and not row.problem:
            told = _fields(entry, strings)
            parent = fields.get(_plain(told.get("crossref", "")).lower())
            if parent is not None:
                told = _inherited(told, parent)
            _tell(row, _work_of(entry.entry_type.lower(), told), told.get("keywords", ""))
        yield row


def _entry_of(block: model.Block) -> tuple[model.Entry | None, str]:
    """The entry in a block, if there is one, and why it cannot be read."""
    if isinstance(block, model.Entry):
        return block, ""
    if isinstance(block, model.DuplicateBlockKeyBlock | model.DuplicateFieldKeyBlock):
        inner = block.ignore_error_block
        return (inner, "") if isinstance(inner, model.Entry) else (None, "")
    if isinstance(block, model.ParsingFailedBlock):
        return None, _("A bracket, quotation mark or comma is missing in this entry.")
    return None, ""


def _fields(entry: model.Entry, strings: Mapping[str, str]) -> dict[str, str]:
    """The fields by name in small letters; of a repeated one the first that says something."""
    found: dict[str, str] = {}
    for one in entry.fields[:200]:
        name = one.key.strip().lower()
        if not found.get(name):
            found[name] = _resolved(str(one.value), strings)
    return found


def _resolved(value: str, strings: Mapping[str, str], depth: int = 0) -> str:
    """A value without what encloses it, its abbreviations written out, cut to size."""
    parts: list[str] = []
    size = 0
    for piece in _pieces(value[: 2 * LONGEST_FIELD]):
        if piece[:1] in '{"' and len(piece) > 1:
            text = piece[1:-1]
        elif piece.lower() in strings and depth < 5:
            text = _resolved(strings[piece.lower()], strings, depth + 1)
        else:
            text = piece
        parts.append(text)
        size += len(text)
        if size > LONGEST_FIELD:
            break
    return "".join(parts)[:LONGEST_FIELD]


def _pieces(value: str) -> list[str]:
    """What stands between number signs that are in no brackets or quotation marks."""
    pieces, depth, quoted, begun = [], 0, False, 0
    for place, letter in enumerate(value):
        if letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
        elif letter == '"' and depth == 0:
            quoted = not quoted
        elif letter == "#" and depth == 0 and not quoted:
            pieces.append(value[begun:place].strip())
            begun = place + 1
            if len(pieces) > 50:
                break
    pieces.append(value[begun:].strip())
    return [piece for piece in pieces if piece]


def _inherited(told: dict[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """What a chapter takes from the volume it names. One step: a loop leads nowhere."""
    given = {name: value for name, value in parent.items() if name not in ("crossref", "doi")}
    title = given.pop("title", "")
    given.pop("keywords", None)
    given.pop("abstract", None)
    if title:
        given["booktitle"] = title
    return given | {name: value for name, value in told.items() if value}


def _work_of(kind: str, told: Mapping[str, str]) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((text for name in names if (text := letters(told.get(name, "")))), "")

    title = first("title")
    if subtitle := first("subtitle"):
        title = f"{title}: {subtitle}" if title else subtitle
    named = _NAMED.get(first("type", "entrysubtype").lower())
    howpublished = first("howpublished")
    publisher = first("publisher", "institution", "organization", "school")
    if not publisher and not _address(howpublished):
        publisher = howpublished
    return {
        "title": title,
        "authors": _names(told.get("author", "") or told.get("editor", "")),
        "publication": named or _KINDS.get(kind, K.OTHER),
        "date": _date(told),
        "publisher": publisher,
        "container": first("journal", "journaltitle", "booktitle", "series"),
        "volume": first("volume"),
        "issue": first("number", "issue"),
        "pages": first("pages").replace("--", "–"),
        "doi": doi_of(_plain(told.get("doi", ""))),
        "isbn": isbn_of(_plain(told.get("isbn", ""))),
        "url": _address(told.get("url", "")) or _address(told.get("howpublished", "")),
        "abstract": first("abstract"),
        "language": _language(first("language", "langid")),
    }


def _names(value: str) -> str:
    """Names as they stand, divided by semicolons; "and others" stays."""
    names: list[str] = []
    depth, begun = 0, 0
    marks = [found.start() for found in re.finditer(r"[{}]|(?<=\s)and(?=\s)", value, re.IGNORECASE)]
    for place in marks:
        if value[place] == "{":
            depth += 1
        elif value[place] == "}":
            depth -= 1
        elif depth <= 0:
            names.append(value[begun:place])
            begun = place + 3
            if len(names) >= MOST_NAMES:
                break
    names.append(value[begun:])
    return joined(letters(name) for name in names)


def joined(names: Any) -> str:
    """Names on one line, as many as there is room for."""
    kept: list[str] = []
    for name in names:
        clean = name.replace(";", ",").strip(" ,")
        if not clean:
            continue
        if len("; ".join([*kept, clean])) > LONGEST["authors"] - 14:
            kept.append("and others")
            break
        kept.append(clean if clean.lower() != "others" else "and others")
    return "; ".join(kept)


def _date(told: Mapping[str, str]) -> str:
    given = _plain(told.get("date", "")).partition("/")[0]
    if found := re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?$", given.strip()):
        return date_of(*(part or "" for part in found.groups()))
    year = re.search(r"(?<!\d)(\d{4})(?!\d)", _plain(told.get("year", "")) or given)
    if year is None:
        return ""
    month = re.sub(r"[^a-z0-9]", "", _plain(told.get("month", "")).lower())
    if month[:3] in _MONTHS:
        month = str(_MONTHS.index(month[:3]) + 1)
    day = re.sub(r"\D", "", _plain(told.get("day", "")))
    return date_of(year[1], month if month.isdigit() else "", day)


def date_of(year: str, month: str = "", day: str = "") -> str:
    """A date as far as it is known and can be; "" if not even the year can."""
    if not year.isdigit() or not 1800 <= int(year) <= 2100:
        return ""
    if not month.isdigit() or not 1 <= int(month[:3]) <= 12:
        return year
    if not day.isdigit() or not 1 <= int(day[:3]) <= 28 + 3 * (int(month) != 2):
        return f"{year}-{int(month):02}"
    if int(month) in (4, 6, 9, 11) and int(day) == 31:
        return f"{year}-{int(month):02}"
    return f"{year}-{int(month):02}-{int(day):02}"


_TO_TEXT = LatexNodes2Text(math_mode="verbatim", keep_braced_groups=False)
#: Signs the export names, which the library of TeX does not know as we write them.
_NAMED_SIGNS = (
    (re.compile(r"\\textbraceleft(?:\{\}|\s|\b)"), "\ue000", "{"),
    (re.compile(r"\\textbraceright(?:\{\}|\s|\b)"), "\ue001", "}"),
    (re.compile(r"\\textasciicircum(?:\{\}|\s|\b)"), "\ue002", "^"),
)
_SPACES = re.compile(r"\s+")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def letters(text: str) -> str:
    """TeX as ordinary letters on one line: ``Caf\\'e`` is "Café"."""
    text = text[:LONGEST_FIELD]
    if re.search(r"[\\{}$~]|--|``|''", text):
        for named, mark, _sign in _NAMED_SIGNS:
            text = named.sub(mark, text)
        if _depth(text) > MOST_BRACES or text.count("\\begin") > MOST_BRACES:
            text = re.sub(r"[{}]", "", text)
        try:
            # Here a percent sign begins no comment.
            text = _TO_TEXT.latex_to_text(re.sub(r"(?<!\\)%", r"\\%", text))
        except (LatexWalkerError, RecursionError, ValueError, IndexError):
            text = _plain(text)
        for _named, mark, sign in _NAMED_SIGNS:
            text = text.replace(mark, sign)
    return _tidy(text)


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _UNSEEN.sub("", text))).strip()


def _plain(text: str) -> str:
    """Without brackets and escapes, for what is no prose."""
    return _tidy(re.sub(r"\\([_%&#~{}$])", r"\1", text[:LONGEST_FIELD]).strip("{} "))


def _depth(text: str) -> int:
    depth = most = 0
    for letter in text:
        depth += (letter == "{") - (letter == "}")
        most = max(most, depth)
    return most


def _address(text: str) -> str:
    plain = re.sub(r"\\([_%&#~])", r"\1", text[:2000])
    found = re.search(r"https?://[^\s{}<>\"]+", plain, re.IGNORECASE)
    return found[0].rstrip(".,;)") if found and len(found[0]) <= LONGEST["url"] else ""


_LANGUAGES = {
    "english": "en", "british": "en", "american": "en", "spanish": "es", "español": "es",
    "french": "fr", "français": "fr", "portuguese": "pt", "português": "pt", "brazilian": "pt",
    "arabic": "ar", "indonesian": "id", "chinese": "zh", "russian": "ru", "german": "de",
    "ngerman": "de", "japanese": "ja", "korean": "ko", "italian": "it", "turkish": "tr",
}  # fmt: skip


def _language(text: str) -> str:
    told = text.strip().lower()
    if found := _LANGUAGES.get(told):
        return found
    code = re.match(r"[a-z]{2}(?=$|[-_])", told)
    return code[0] if code else ""


def _tell(row: Row, work: dict[str, Any], keywords: str = "") -> None:
    """Write down what an entry tells, or why it cannot be taken."""
    if not work["title"]:
        row.problem = _("This entry has no title.")
        return
    if len(work["title"]) > LONGEST["title"]:
        row.problem = _("The title is longer than 400 characters.")
        row.told = {"title": work["title"][:100] + "…"}
        return
    for name, most in LONGEST.items():
        value = work.get(name, "")
        if len(value) > most and name in ("url", "doi", "language", "volume", "issue", "pages"):
            work[name] = ""
        elif len(value) > most:
            work[name] = value[: most - 1] + "…"
    row.told = {name: str(value) for name, value in work.items() if value}
    given = re.split(r"[;,\n]", letters(keywords)) if keywords else []
    row.tags = [tag.strip()[:60] for tag in given if tag.strip()][:20]


# --- RIS ---------------------------------------------------------------------------------------

_TAG = re.compile(r"^\s{0,4}([A-Z][A-Z0-9])\s{0,2}-(?:\s(.*))?$")
_RIS_KINDS = {
    "RPRT": K.REPORT, "UNPB": K.PAPER, "JOUR": K.ARTICLE, "JFULL": K.ARTICLE, "MGZN": K.ARTICLE,
    "NEWS": K.ARTICLE, "EJOUR": K.ARTICLE, "ABST": K.ARTICLE, "INPR": K.ARTICLE, "BOOK": K.BOOK,
    "EBOOK": K.BOOK, "EDBOOK": K.BOOK, "CHAP": K.CHAPTER, "ECHAP": K.CHAPTER,
    "CONF": K.PROCEEDINGS, "CPAPER": K.PROCEEDINGS, "THES": K.THESIS, "DATA": K.DATA,
    "DBASE": K.DATA, "AGGR": K.DATA, "ELEC": K.PAGE, "BLOG": K.PAGE, "ICOMM": K.PAGE,
    "VIDEO": K.RECORDING, "MPCT": K.RECORDING, "SOUND": K.RECORDING, "ADVS": K.RECORDING,
    "CASE": K.CASE, "GOVDOC": K.COMMUNIQUE, "STAND": K.GUIDE, "PAMP": K.GUIDE,
}  # fmt: skip


def _ris(text: str) -> Iterator[Row]:
    """Entries from TY to ER. A tag stands at the beginning of a line; other lines go on."""
    entry: dict[str, list[str]] | None = None
    last, row, number = "", Row(0), 0
    for number, line in enumerate(text.split("\n"), start=1):
        found = _TAG.match(line[: LONGEST_FIELD + 10])
        tag = found[1] if found else ""
        value = (found[2] or "").strip() if found else line.strip()
        if tag == "TY":
            if entry is not None:
                row.problem = _("This entry has no end (ER).")
                yield row
            entry, row = {"TY": [value]}, Row(number)
        elif entry is None:
            if tag and tag != "ER":
                yield Row(number, problem=_("This line belongs to no entry: TY is missing."))
                entry, row = {}, Row(number, problem="-")
        elif tag == "ER":
            if row.problem != "-":
                _tell(row, _ris_work(entry), "; ".join(entry.get("KW", ())))
                row.key = (entry.get("ID") or [""])[0][:100]
                yield row
            entry = None
        elif tag:
            entry.setdefault(tag, []).append(value[:LONGEST_FIELD])
        elif value and last in entry:
            entry[last][-1] = f"{entry[last][-1]} {value}"[:LONGEST_FIELD]
        last = tag or last
    if entry is not None and row.problem != "-":
        row.problem = _("This entry has no end (ER).")
        yield row


def _ris_work(entry: Mapping[str, list[str]]) -> dict[str, Any]:
    def first(*tags: str) -> str:
        return next((text for tag in tags for v in entry.get(tag, ()) if (text := _tidy(v))), "")

    names = [name for tag in ("AU", "A1") for name in entry.get(tag, ())][:MOST_NAMES]
    names = names or [name for tag in ("A2", "ED") for name in entry.get(tag, ())][:MOST_NAMES]
    given = re.split(r"[/-]", first("DA", "PY", "Y1"))
    year = re.search(r"\d{4}", first("PY", "Y1", "DA"))
    date = date_of(*(part.strip() for part in given[:3])) if given[0] else ""
    start, end = first("SP"), first("EP")
    kind = _RIS_KINDS.get(first("TY").upper(), K.OTHER)
    title = first("TI", "T1", "CT")
    if not title and kind == K.BOOK:
        title = first("BT")
    return {
        "title": title,
        "authors": joined(_tidy(name) for name in names),
        "publication": _NAMED.get(first("M3").lower(), kind),
        "date": date or (date_of(year[0]) if year else ""),
        "publisher": first("PB"),
        "container": first("JO", "JF", "T2", "BT", "JA"),
        "volume": first("VL"),
        "issue": first("IS"),
        "pages": f"{start}–{end}" if start and end else start,
        "doi": doi_of(first("DO")) or doi_of(first("UR")),
        "isbn": isbn_of(first("SN")),
        "url": next((url for v in entry.get("UR", ()) if (url := _address(v))), ""),
        "abstract": first("AB", "N2"),
        "language": _language(first("LA")),
    }


SOURCES = {"bibtex": gettext_lazy("BibTeX"), "ris": gettext_lazy("RIS")}
