"""Parts of a page that are the same for everybody: drawn once, then kept by this process.

    {% kept name=portal.name demo=portal.demo %}…{% endkept %}

Inside stand only the values named, and the language of the page: no request, no person, no
message, so nothing of one reader can come to stand on the page of another. What depends on more
stands between two kept parts. Registered as a template builtin.

A value that is more than a word or a number says in ``kept_as`` what a drawing of it depends on,
like the hash of a frozen text: all of it, for two values that are kept as the same are drawn as the
same. ``None`` says that it is not to be kept.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from threading import Lock
from typing import Any

from django import template
from django.db.models import Model
from django.template import Context, TemplateSyntaxError
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.loader_tags import BlockNode
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

register = template.Library()

#: As many drawings are kept of one part; a part has a few for each language.
MOST_DRAWINGS = 200
#: So much is kept of records, in bytes, by each process: some hundreds of pages.
MOST_OF_RECORDS = 6_000_000


class Shelf:
    """Drawings of records, those looked at last, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.weight = 0
        self._drawings: OrderedDict[tuple[Any, ...], tuple[SafeString, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> SafeString | None:
        with self._lock:
            found = self._drawings.get(key)
            if found is None:
                return None
            self._drawings.move_to_end(key)
            return found[0]

    def put(self, key: tuple[Any, ...], drawn: SafeString) -> None:
        weight = sys.getsizeof(drawn) + _weight(key)
        with self._lock:
            self.weight += weight - self._drawings.pop(key, (drawn, 0))[1]
            self._drawings[key] = drawn, weight
            while self.weight > self.most:
                self.weight -= self._drawings.popitem(last=False)[1][1]


def _weight(value: Any) -> int:
    """The bytes a key holds, counting twice what it shares with others."""
    inside = sum(map(_weight, value)) if isinstance(value, tuple) else 0
    return sys.getsizeof(value) + inside


of_records = Shelf(MOST_OF_RECORDS)


class KeptNode(Node):
    """Its drawings, by language and values. A template that is read anew begins without any."""

    child_nodelists = ()  # there is no block inside: whoever looks for one need not go through it

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values
        self.drawings: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key: list[Any] = [get_language(), get_script_prefix(), get_urlconf()]
        is_of_record = False
        for value in values.values():
            name = getattr(value, "kept_as", value)
            if name is not value:
                if name is None:
                    return self._drawn(context, values)
                is_of_record = True
            key.append(name)
        if is_of_record:
            return self._of_record(context, values, key)
        found = self.drawings.get(tuple(key))
        if found is None:
            if len(self.drawings) >= MOST_DRAWINGS:
                self.drawings.clear()
            found = self.drawings[tuple(key)] = self._drawn(context, values)
        return found

    def _of_record(self, context: Context, values: dict[str, Any], key: list[Any]) -> SafeString:
        # Instants are printed in the reader's time zone.
        whole = (self, get_current_timezone_name(), *key)
        found = of_records.get(whole)
        if found is None:
            found = self._drawn(context, values)
            of_records.put(whole, found)
        return found

    def _drawn(self, context: Context, values: dict[str, Any]) -> SafeString:
        for name, value in values.items():
            if isinstance(value, Model) and not hasattr(value, "kept_as"):
                # It is the same for Python whatever became of it since.
                raise TypeError(f"{name} does not say what a drawing of it is kept as")
        inside = Context(values)
        inside.template = context.template
        return self.nodelist.render(inside)


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """A part drawn once for each language and each of the values it names."""
    words = token.split_contents()[1:]
    values = token_kwargs(words, parser)
    if words:
        raise TemplateSyntaxError("kept takes values with names only: {% kept name=value %}")
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    if nodelist.get_nodes_by_type(BlockNode):
        raise TemplateSyntaxError("A block that other templates fill cannot stand in a kept part.")
    return KeptNode(nodelist, values)
