"""Form fields that read what people write: dates as far as known, amounts with their spaces,
countries in any language. Each gives a plain value (``catalogue.writing``) or says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalogue import fields as f
from catalogue.choices import Publication
from catalogue.models import Solution
from catalogue.writing import money
from core.fields import western
from core.plaintext import PlainField, is_broken, tidy
from core.text import fold
from hubs import reference

#: More inputs than anybody fills by hand; forged longer lists are cut here.
MOST_TEXTS = 60


class YearField(PlainField):
    """A year between 1900 and 2100, as text."""

    widget = forms.TextInput(attrs={"class": "w4", "inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        text = western(super().to_python(value) or "")
        if text and not (re.fullmatch(r"\d{4}", text) and 1900 <= int(text) <= 2100):
            raise ValidationError(_("Enter a year, like 2019."), code="year")
        return text


class DaysField(PlainField):
    """A number of days within a year, as text."""

    widget = forms.TextInput(attrs={"class": "w4", "inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        text = western(super().to_python(value) or "")
        if text and not (re.fullmatch(r"\d{1,3}", text) and int(text) <= 366):
            raise ValidationError(_("Enter a number of days, from 0 to 366."), code="days")
        return str(int(text)) if text else ""


class AmountField(PlainField):
    """An amount of money as people write it: 250 000 or 250,000 or 1.250.000,50."""

    widget = forms.TextInput(
        attrs={"class": "w-amount", "inputmode": "decimal", "autocomplete": "off"}
    )

    def __init__(self, *, digits: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.digits = digits

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        text = re.sub(r"[\s\u00a0\u202f'’\u066c]", "", western(typed)).replace("\u066b", ".")
        if not text:
            return ""
        found = self._read(text)
        if found is None:
            raise ValidationError(
                _("Enter an amount in figures, like 250000 or 250 000."), code="amount"
            )
        if len(found.partition(".")[0]) > self.digits:
            raise ValidationError(_("This amount is too large to be stored."), code="amount")
        return money(found)

    @staticmethod
    def _read(text: str) -> str | None:
        """Which comma or point divides, which one only groups."""
        if re.fullmatch(r"\d+([.,]\d{1,2})?", text):
            return text.replace(",", ".").lstrip("0") or "0"
        for group, point in ((",", "."), (".", ",")):
            pattern = rf"\d{{1,3}}(\{group}\d{{3}})+(\{point}\d{{1,2}})?"
            if re.fullmatch(pattern, text):
                return text.replace(group, "").replace(point, ".")
        return None


@cache
def currencies() -> frozenset[str]:
    path = Path(__file__).resolve().parent.parent / "data" / "currencies.txt"
    lines = path.read_text("ascii").splitlines()
    return frozenset(code for line in lines if not line.startswith("#") for code in line.split())


class CurrencyField(PlainField):
    """A currency by its code."""

    widget = forms.TextInput(attrs={"class": "w4", "maxlength": 3, "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").upper()
        if text and text not in currencies():
            raise ValidationError(
                _("Enter the three letters of a currency in use, like USD or IDR."),
                code="currency",
            )
        return text


class TagsField(PlainField):
    """Words with commas between them, in any script's comma."""

    widget = forms.TextInput(attrs={"autocomplete": "off"})
    longest = 60

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        text = super().to_python(value) or ""
        parts = re.split("[,;\u060c\uff0c\u3001\u061b]", text)
        words = (re.sub(r"\s+", " ", part).strip(" #\"'") for part in parts)
        found = {fold(word): word for word in words if word}
        if len(found) > f.MAX_TAGS:
            raise ValidationError(
                _("Keep up to %(most)d words. There are %(n)d now."),
                code="many",
                params={"most": f.MAX_TAGS, "n": len(found)},
            )
        for word in found.values():
            if len(word) > self.longest:
                raise ValidationError(
                    _("Put commas between the words: “%(word)s …” is too long for one."),
                    code="long",
                    params={"word": word[:30]},
                )
        return sorted(found.values())


# --- Names instead of codes ----------------------------------------------------------------


class TextsInput(forms.Widget):
    """Several text inputs of one name, with suggestions; "Add another" gives one more.

    People type a name rather than search a list of hundreds; it works on any phone and
    without scripts.
    """

    template_name = "components/forms/texts.html"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, *, suggestions: str = "") -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        get = getattr(data, "getlist", None)
        found = get(name) if get else data.get(name) or []
        return list(found)[:MOST_TEXTS]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        texts = list(value) if isinstance(value, (list, tuple)) else []
        widget = context["widget"]
        base = widget["attrs"].get("id") or f"id_{name}"
        widget["attrs"]["id"] = f"{base}_0"
        described = widget["attrs"].pop("aria-describedby", "")
        widget |= {
            "inputs": [
                {"id": f"{base}_{n}", "value": text, "number": n + 1}
                for n, text in enumerate(texts or [""])
            ],
            "suggestions": self.suggestions,
            "described": described,
            "full": len(texts) >= MOST_TEXTS,
        }
        return context

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else id_


class NamesField(forms.Field):
    """Names that stand for codes. ``read`` gives the codes a name can mean."""

    hidden_widget = forms.MultipleHiddenInput

    def __init__(
        self,
        *,
        read: Callable[[str], list[str]],
        label_of: Callable[[str], str],
        unknown: Any,
        most: int = MOST_TEXTS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.read, self.label_of, self.unknown, self.most = read, label_of, unknown, most

    def prepare_value(self, value: Any) -> list[str]:
        """Codes of the record as names; what was typed stays as typed."""
        return [self.label_of(code) for code in value] if isinstance(value, Codes) else value

    def clean(self, value: Any) -> list[str]:
        found: list[str] = []
        errors = []
        for typed in value or []:
            if is_broken(typed):
                errors.append(ValidationError(_("One of these is not text."), code="broken"))
                continue
            text = tidy(typed).strip()
            if not text:
                continue
            try:
                found.append(one_code(text, self.read, self.label_of, self.unknown))
            except ValidationError as error:
                errors.append(error)
        found = list(dict.fromkeys(found))
        if len(found) > self.most:
            errors.append(
                ValidationError(
                    _("Name up to %(most)d. There are %(n)d now."),
                    code="many",
                    params={"most": self.most, "n": len(found)},
                )
            )
        if errors:
            raise ValidationError(errors)
        return found


class Codes(list[str]):
    """Codes from the record, in contrast to texts from a form."""


class NameField(PlainField):
    """One name that stands for a code."""

    def __init__(
        self,
        *,
        read: Callable[[str], list[str]],
        label_of: Callable[[str], str],
        unknown: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.read, self.label_of, self.unknown = read, label_of, unknown

    def prepare_value(self, value: Any) -> Any:
        return self.label_of(value) if isinstance(value, Code) else value

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return one_code(text, self.read, self.label_of, self.unknown) if text else ""


class Code(str):
    """A code from the record, in contrast to a text from a form."""

    __slots__ = ()


def one_code(
    text: str, read: Callable[[str], list[str]], label_of: Callable[[str], str], unknown: Any
) -> str:
    """The one code a name means; else the reason why not."""
    codes = read(text[:200])
    if len(codes) == 1:
        return codes[0]
    if not codes:
        raise ValidationError(unknown, code="unknown", params={"text": text[:60]})
    raise ValidationError(
        _("“%(text)s” can mean several: %(labels)s. Write one of these."),
        code="ambiguous",
        params={"text": text[:60], "labels": ", ".join(map(label_of, codes))},
    )


def languages_called(text: str) -> list[str]:
    """The codes of languages of this name: English, their own, or the code itself."""
    folded = fold(text)
    found = []
    for code, row in reference.languages().items():
        names = {fold(row.name), fold(row.native_name), fold(str(row)), code}
        if folded in names or any(folded in map(str.strip, name.split(";")) for name in names):
            found.append(code)
    return found


def country_suggestions() -> list[str]:
    """Every country as it is called on this page, in order."""
    return sorted(map(reference.country_label, reference.countries()), key=fold)


def language_suggestions() -> list[str]:
    return sorted((language_label(code) for code in reference.languages()), key=fold)


def language_label(code: str) -> str:
    row = reference.languages().get(code)
    return str(row.name if row and (get_language() or "en").startswith("en") else row or code)


def language_choices(first: Iterable[str]) -> list[Any]:
    """All languages for a select, those of the portal before the others."""
    table = reference.languages()
    near = [code.split("-")[0] for code in first]
    near = [code for code in dict.fromkeys(near) if code in table]
    return [
        (_("Languages of this portal"), [(code, str(table[code])) for code in near]),
        (_("All others"), [(code, str(row)) for code, row in table.items() if code not in near]),
    ]


class RecordField(PlainField):
    """A public record by its number, "S-0042", or by the address of its page."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            number = Solution.objects.filter(pk=value).values_list("number", flat=True).first()
            return f"S-{number:04d}" if number else ""
        return value

    def to_python(self, value: Any) -> int | None:
        text = (super().to_python(value) or "").strip()
        if not text:
            return None
        match = re.search(r"(?:^|/)S?-?0*(\d{1,7})(?:/.*)?$", western(text), re.IGNORECASE)
        public = Solution.objects.filter(publication=Publication.PUBLIC)
        found = public.filter(number=int(match[1])).first() if match else None
        if found is None:
            raise ValidationError(
                _("There is no record “%(text)s” in the catalogue. Its number looks like S-0042."),
                code="unknown",
                params={"text": text[:60]},
            )
        return found.pk


def asked(name: str) -> str:
    """The label of a field of the record, as a heading."""
    return str(capfirst(str(f.BY_NAME[name].label)))


def one_of(name: str) -> str:
    """What one row of a repeated part is called."""
    meta = Solution._meta.get_field(name).related_model._meta  # type: ignore[union-attr]
    return str(capfirst(str(meta.verbose_name)))
