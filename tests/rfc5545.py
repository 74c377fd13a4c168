"""Reads calendar files as RFC 5545 writes them, without the library that made them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: name *(";" parameter) ":" value, where a parameter's value may be quoted.
LINE = re.compile(
    r'(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[A-Za-z0-9-]+=(?:"[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*)'
    r'(?:,(?:"[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*))*)*):(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)'
)
PARAM = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME", "COMMENT", "TZNAME"}
#: What every entry has exactly once.
ONCE = ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "STATUS", "LAST-MODIFIED")


@dataclass
class Component:
    """A component with its properties in order and what is inside it."""

    name: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    inside: list[Component] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        found = [value for known, _params, value in self.lines if known == name]
        assert len(found) == 1, (self.name, name, found)
        return found[0]

    def params(self, name: str) -> dict[str, str]:
        return next(params for known, params, _value in self.lines if known == name)

    def has(self, name: str) -> bool:
        return any(known == name for known, _params, _value in self.lines)

    def all(self, name: str) -> list[Component]:
        return [row for row in self.inside if row.name == name]


def unescaped(text: str) -> str:
    """The text that a value stands for. A bare comma, semicolon or lost backslash is an error."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", text), text
    assert re.fullmatch(r"(?:[^\\]|\\[\\;,nN])*", text), text
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "N": "\n"}.get(m[1], m[1]), text)


def read(content: bytes) -> Component:
    """One calendar; fails on whatever the standard forbids."""
    assert content.endswith(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b""), "a line ends in CR LF"
    raw = content[:-2].split(b"\r\n")
    assert max(map(len, raw)) <= 75, "no line is longer than 75 bytes"
    for line in raw:
        line.decode()  # no character is cut in two
    lines: list[str] = []
    for line in raw:
        if line[:1] in (b" ", b"\t"):
            lines[-1] += line[1:].decode()
        else:
            lines.append(line.decode())
    open_ones = [Component("")]
    for line in lines:
        found = LINE.fullmatch(line)
        assert found, line
        name, value = found["name"].upper(), found["value"]
        if name == "BEGIN":
            open_ones.append(Component(value))
        elif name == "END":
            done = open_ones.pop()
            assert done.name == value
            open_ones[-1].inside.append(done)
        else:
            params = {key.upper(): text.strip('"') for key, text in PARAM.findall(found["params"])}
            text = unescaped(value) if name in TEXTS else value
            open_ones[-1].lines.append((name, params, text))
    (root,) = open_ones
    (calendar,) = root.inside
    _check(calendar)
    return calendar


def _check(calendar: Component) -> None:
    assert (calendar.name, calendar["VERSION"]) == ("VCALENDAR", "2.0")
    assert calendar["PRODID"]
    assert calendar["METHOD"] == "PUBLISH"
    zones = {zone["TZID"] for zone in calendar.all("VTIMEZONE")}
    assert len(zones) == len(calendar.all("VTIMEZONE"))
    used, names = set(), []
    for entry in calendar.all("VEVENT"):
        for name in ONCE:
            assert entry[name] != "", name
        names.append(entry["UID"])
        for name in ("DTSTART", "DTEND"):
            if not entry.has(name):
                continue
            params = entry.params(name)
            if params.get("VALUE") == "DATE":
                assert re.fullmatch(r"\d{8}", entry[name])
            elif "TZID" in params:
                assert re.fullmatch(r"\d{8}T\d{6}", entry[name])
                used.add(params["TZID"])
            else:
                assert re.fullmatch(r"\d{8}T\d{6}Z", entry[name]), "no hour without a zone"
        for name in ("DTSTAMP", "LAST-MODIFIED"):
            assert re.fullmatch(r"\d{8}T\d{6}Z", entry[name])
    assert len(set(names)) == len(names), "each entry has a name of its own"
    assert used == zones, "the rules of each zone that is used, and no others"
