"""The page of one translation: each text of the record beside its text in the other language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from catalogue import choices as c
from catalogue import fields as f
from catalogue.forms.fields import asked
from catalogue.models import Solution
from core.fields import LimitedField, LongField, PickField
from core.richtext import RichTextField, Typed

if TYPE_CHECKING:
    from accounts.models import Language
    from catalogue.content import Content

#: Languages differ in length; a translation may be so much longer than its source may be.
LONGER = 1.5
RICH = 5000


def translatable(content: Content) -> list[f.Field]:
    """The texts there are to translate."""
    return [item for item in f.FIELDS if item.translatable and content[item.name]]


class TranslationForm(forms.Form):
    """Every text of the record in another language; any may be left for later."""

    mark_optional = False
    quality = PickField(
        label=gettext_lazy("How was it made?"),
        choices=c.Quality.choices,
        widget=forms.RadioSelect(attrs={"data-q": True}),
        initial=c.Quality.HUMAN,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        content: Content,
        texts: Mapping[str, str],
        quality: str,
        language: Language,
        **kwargs: Any,
    ) -> None:
        initial: dict[str, Any] = {"quality": quality or c.Quality.HUMAN}
        self.items = translatable(content)
        for item in self.items:
            text = texts.get(item.name, "")
            initial[item.name] = Typed.of(text, is_html=True) if item.kind == f.RICH else text
        super().__init__(*args, initial=initial, **kwargs)
        for item in self.items:
            field = _field(item)
            field.widget.attrs |= {"lang": language.code, "dir": language.direction}
            self.fields[item.name] = field

    def clean_quality(self) -> str:
        return self.cleaned_data["quality"] or c.Quality.HUMAN

    def texts(self) -> dict[str, str]:
        return {item.name: self.cleaned_data[item.name] for item in self.items}


def _field(item: f.Field) -> forms.Field:
    label = asked(item.name)
    if item.kind == f.RICH:
        return RichTextField(max_length=int(RICH * LONGER), required=False, label=label)
    most = Solution._meta.get_field(item.name).max_length or 300
    kind = LongField if most > 200 else LimitedField
    return kind(max_length=min(int(most * LONGER), 3000), required=False, label=label)
