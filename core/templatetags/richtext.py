"""The filter that prints stored rich text: ``{{ answer|rich }}``. A template builtin."""

from __future__ import annotations

from django import template

from core.richtext import rich

register = template.Library()
register.filter("rich", rich, is_safe=True)
