"""Parts of a page that are the same for everybody: drawn once, then kept by this process.

    {% kept name=portal.name demo=portal.demo %}…{% endkept %}

Inside stand only the values named, and the language of the page: no request, no person, no
message, so nothing of one reader can come to stand on the page of another. What depends on more
stands between two kept parts. Registered as a template builtin.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context, TemplateSyntaxError
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.loader_tags import BlockNode
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

#: As many drawings are kept of one part; a part has a few for each language.
MOST_DRAWINGS = 200


class KeptNode(Node):
    """Its drawings, by language and values. A template that is read anew begins without any."""

    child_nodelists = ()  # there is no block inside: whoever looks for one need not go through it

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values
        self.drawings: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key = (get_language(), get_script_prefix(), get_urlconf(), *values.values())
        found = self.drawings.get(key)
        if found is None:
            if len(self.drawings) >= MOST_DRAWINGS:
                self.drawings.clear()
            inside = Context(values)
            inside.template = context.template
            found = self.drawings[key] = self.nodelist.render(inside)
        return found


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
