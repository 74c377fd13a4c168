"""What a browser without scripts would send: the controls of a page's form, as they stand."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        self.name = ""
        self.text: list[str] | None = None
        self.select = ""
        self.hidden = 0
        self.first_option: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "template":
            self.hidden += 1
        if tag == "form":
            self.forms.append((found, {}))
        if self.hidden or not self.forms:
            return
        name = found.get("name", "")
        kind = found.get("type", "text")
        if tag == "input" and name and kind not in {"file", "submit", "button"}:
            if kind not in {"checkbox", "radio"} or "checked" in found:
                self.put(name, found.get("value", "on" if kind in {"checkbox", "radio"} else ""))
        elif tag == "textarea":
            self.name, self.text = name, []
        elif tag == "select":
            self.select, self.first_option = name, None
        elif tag == "option" and self.select and "selected" in found:
            self.put(self.select, found.get("value", ""))
            self.select = ""
        elif tag == "option" and self.select and self.first_option is None:
            self.first_option = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self.hidden -= 1
        if tag == "textarea" and self.text is not None:
            self.put(self.name, "".join(self.text).removeprefix("\n"))
            self.text = None
        if tag == "select" and self.select and not self.hidden:
            self.put(self.select, self.first_option or "")
            self.select = ""

    def handle_data(self, data: str) -> None:
        if self.text is not None and not self.hidden:
            self.text.append(data)

    def put(self, name: str, value: str) -> None:
        self.forms[-1][1].setdefault(name, []).append(value)


def controls(response: Any, action: str = "") -> dict[str, list[str]]:
    """Name to values of the form whose address ends in ``action``; the page's own by default."""
    reader = _Forms()
    reader.feed(response.content.decode())
    wanted = action or response.request["PATH_INFO"]
    for attrs, found in reader.forms:
        if attrs.get("action", "").endswith(wanted) and attrs.get("method") == "post":
            return {k: v for k, v in found.items() if k != "csrfmiddlewaretoken"}
    raise AssertionError(f"no form for {wanted}")


def changed(data: dict[str, list[str]], **values: Any) -> dict[str, Any]:
    """The same with other values; ``__`` in a name stands for a dash, None takes it out."""
    found: dict[str, Any] = dict(data)
    for name, value in values.items():
        key = name.replace("__", "-")
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found
