"""What only the pages that change a programme print."""

from __future__ import annotations

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from events.clashes import Clash
from events.presentation import in_english

register = template.Library()


@register.simple_tag
def clash_linked(clash: Clash) -> SafeString:
    """What cannot be, in words; the sessions it names lead to their place on the page."""
    words = {name: format_html("<bdi>{}</bdi>", word) for name, word in clash.words.items()}
    for name, session in clash.titles.items():
        words[name] = format_html(
            '<a href="#s-{}"><bdi{}>{}</bdi></a>', session.pk, in_english(), session.title
        )
    # The sentence is the catalogue's, escaped; what it names was escaped above.
    return mark_safe(conditional_escape(clash.pattern) % words)  # noqa: S308
