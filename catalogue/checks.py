"""What the portal can check by itself, before a person looks.

The same functions serve the team (live self-check against the criteria) and the desk
(automatic checks beside the gates): so nobody is surprised.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalogue import fields as f
from catalogue import finding
from catalogue.choices import Access, Form, LinkState
from catalogue.content import Document, gaps
from catalogue.models import Solution
from core import search

OK, WARN, STOP = "ok", "warn", "stop"
#: Similarity from which two titles are shown as possible duplicates (0 to 1).
NEAR = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``outcome`` is ok, warn (a person decides) or stop."""

    code: str
    outcome: str
    title: str
    detail: str


def automatic(solution: Solution, document: Document, form: str) -> list[Check]:
    """All automatic checks for the desk."""
    return [
        _complete(document, form),
        _links(solution),
        _duplicates(solution, document),
        _example(solution),
    ]


def _complete(document: Document, form: str) -> Check:
    missing = gaps(document, form)
    title = _("Complete")
    if not missing:
        return Check("complete", OK, title, str(_("Nothing is missing for this form.")))
    return Check("complete", STOP, title, "; ".join(gap.message for gap in missing))


def _links(solution: Solution) -> Check:
    rows = list(solution.evidence.all())
    broken = [row for row in rows if row.link_state in {LinkState.BROKEN, LinkState.REFUSED}]
    waiting = [row for row in rows if row.url and row.link_state == LinkState.UNCHECKED]
    title = _("Links and files open")
    if broken:
        return Check(
            "links",
            WARN,
            title,
            "; ".join(f"{row.title}: {row.get_link_state_display()}" for row in broken),
        )
    if waiting:
        n = len(waiting)
        return Check(
            "links",
            WARN,
            title,
            ngettext("%(n)d link is not checked yet.", "%(n)d links are not checked yet.", n)
            % {"n": n},
        )
    return Check("links", OK, title, str(_("Every link and file opened.")))


def _duplicates(solution: Solution, document: Document) -> Check:
    title = _("Not in the catalogue yet")
    near = near_duplicates(
        solution,
        document.content["title"],
        document.content["summary"],
        document.content["language"],
    )
    if not near:
        return Check("duplicates", OK, title, str(_("No record looks alike.")))
    return Check(
        "duplicates", WARN, title, "; ".join(f"{other.reference} {other}" for other in near)
    )


def _example(solution: Solution) -> Check:
    title = _("Real practice")
    if solution.is_example:
        return Check(
            "example", WARN, title, str(_("Marked as an example: it is shown with that mark."))
        )
    return Check("example", OK, title, str(_("Not marked as an example.")))


def near_duplicates(
    solution: Solution | None, title: str, summary: str, language: str
) -> list[Solution]:
    """Public records that look like this one, most alike first. Two queries at most."""
    if len(title.strip()) < 4:
        return []
    hits = search.similar(
        finding.KIND,
        title=title,
        summary=summary,
        language=language,
        exclude_id=str(solution.pk) if solution and solution.pk else None,
        limit=5,
    )
    keys = [int(key) for key, score in hits if score >= NEAR]
    found = Solution.objects.public().for_cards().in_bulk(keys)
    return [found[key] for key in keys if key in found]


# --- Self-check against the criteria -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """How well the record is prepared for one criterion or gate: what is there, what lacks."""

    code: str
    present: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.missing


def self_check(document: Document, form: str = Form.FULL) -> list[SelfCheck]:
    """For each gate and criterion, the fields it rests on that are filled and that are not.

    G5 asks for a complete record, so it rests on whatever the chosen form still lacks.

    It says whether the panel will find what it looks for, never how it will score: an
    answer that is there may still not convince.
    """
    both = document.content | document.private | {"evidence": document.content["evidence"]}
    needs: dict[str, list[f.Field]] = {}
    for item in f.FIELDS:
        for code in item.criteria:
            needs.setdefault(code, []).append(item)
    found = []
    for code in sorted(needs, key=lambda code: (code[0] != "G", int(code[1:]))):
        required = [item for item in needs[code] if item.needed_for(Form.FULL)]
        missing = [item.name for item in required if both[item.name] in ("", None, [], False)]
        if code == "C3" and not any(row["access"] == Access.OPEN for row in both["evidence"]):
            missing.append("evidence")
        if code == "C2" and not any(
            row["baseline"] and row["latest"] and row["latest_on"] and row["source"]
            for row in both["indicators"]
        ):
            missing.append("indicators")
        present = [
            item.name
            for item in needs[code]
            if item.name not in missing and both[item.name] not in ("", None, [], False)
        ]
        found.append(SelfCheck(code, tuple(present), tuple(dict.fromkeys(missing))))
    lacking = tuple(dict.fromkeys(gap.field for gap in gaps(document, form)))
    gates = sum(check.code.startswith("G") for check in found)
    found.insert(gates, SelfCheck("G5", (), lacking))
    return found
