"""Repeated parts of a page: building blocks, indicators, evidence, contributors.

Each row is a small form. Rows are added, moved and taken out by buttons that work without
scripts; an order is a number that travels with the row. A row left blank is no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.forms.formsets import (
    DELETION_FIELD_NAME,
    TOTAL_FORM_COUNT,
    BaseFormSet,
    formset_factory,
)
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from catalogue import choices as c
from catalogue import criteria, writing
from catalogue import fields as f
from catalogue.forms.fields import Code, NameField, language_label, languages_called
from catalogue.models import Evidence, StoredFile
from core import uploads
from core.fields import DateField, LimitedField, LongField, PickField, PicksField

if TYPE_CHECKING:
    from accounts.models import User
    from catalogue.models import Solution

#: Indexes up to this are read; rows taken out leave gaps, so it is more than any part may have.
MOST_INDEXES = 60
_POSITION = "position"


class RowForm(forms.Form):
    """One row. ``id`` names the row of the record it came from, if any."""

    mark_optional = False
    id = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    position = forms.IntegerField(
        required=False, min_value=0, max_value=1000, widget=forms.HiddenInput
    )

    part = ""

    def __init__(self, *args: Any, user: User, solution: Solution, **kwargs: Any) -> None:
        self.user, self.solution = user, solution
        super().__init__(*args, **kwargs)
        meta = writing.ROW_MODELS[self.part]._meta
        for name, field in self.fields.items():
            if name in writing.ROW_COLUMNS[self.part] and field.label is None:
                field.label = capfirst(str(meta.get_field(name).verbose_name))
            if isinstance(field, (LimitedField, LongField)):
                field.widget.attrs |= {"lang": solution.language_id, "dir": "auto"}

    @property
    def row_command(self) -> str:
        """How the buttons of this row name it: "blocks:2"."""
        part, _dash, index = str(self.prefix).rpartition("-")
        return f"{part}:{index}"

    def has_changed(self) -> bool:
        """Whether anybody put something into this row."""
        ignored = {"id", _POSITION, DELETION_FIELD_NAME}
        return bool(set(self.changed_data) - ignored)

    def values(self) -> writing.Values:
        data = self.cleaned_data
        columns = writing.ROW_COLUMNS[self.part]
        return {"id": data.get("id")} | {name: data[name] for name in columns}


class BlockForm(RowForm):
    part = "blocks"
    title = LimitedField(max_length=120, required=False)
    purpose = LongField(
        max_length=1000, required=False, help_text=gettext_lazy("What it does for the whole.")
    )
    enabling = LongField(
        max_length=1000,
        required=False,
        help_text=gettext_lazy("The law, people, money or technology it rests on."),
    )
    lessons = LongField(
        max_length=1000, required=False, help_text=gettext_lazy("What you learnt about this part.")
    )
    role = PickField(choices=c.BlockRole.choices, required=False, widget=forms.RadioSelect)


class IndicatorForm(RowForm):
    part = "indicators"
    name = LimitedField(
        max_length=200,
        required=False,
        help_text=gettext_lazy("Like: share of wells tested each month."),
    )
    unit = LimitedField(
        max_length=60, required=False, help_text=gettext_lazy("Per cent, people, days …")
    )
    baseline = LimitedField(
        max_length=60,
        required=False,
        help_text=gettext_lazy("Before it began, as your source gives it."),
    )
    baseline_on = DateField(required=False, help_text=gettext_lazy("Like 2013 or 2013-05."))
    latest = LimitedField(max_length=60, required=False)
    latest_on = DateField(required=False, help_text=gettext_lazy("Like 2013 or 2013-05."))
    source = LimitedField(
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "Report, survey or register. Put the document itself under Evidence."
        ),
    )
    disaggregation = LongField(
        max_length=500,
        required=False,
        help_text=gettext_lazy("Values for women and men, and one more group, as far as measured."),
    )


class ContributorForm(RowForm):
    """Somebody who is named. Who has an account leaves on the page of the team."""

    part = "contributors"
    name = LimitedField(max_length=150, required=False)
    role = PickField(
        choices=c.ContributorRole.choices,
        required=False,
        initial=writing.ROW_DEFAULTS["contributors"]["role"],
    )
    organisation = LimitedField(max_length=200, required=False)

    @property
    def is_member(self) -> bool:
        """Whether the row is that of an account."""
        members = {str(row.pk) for row in self.solution.contributors.all() if row.user_id}
        return str(self["id"].value() or "") in members


def criterion_choices(hub: int | None) -> list[tuple[str, str]]:
    """The criteria that this hub's records are judged by."""
    return [
        (item["code"], f"{item['code']} {item['name']}")
        for item in criteria.in_force(hub).content["criteria"]
    ]


class WebField(forms.URLField):
    """An address that a browser opens."""

    default_validators = [URLValidator(schemes=["http", "https"])]


class EvidenceForm(RowForm):
    """One item: a link, or a file that is deposited before anything else is looked at.

    ``file`` is the key of a deposited file and travels hidden; ``upload`` is a newly chosen
    one. So a chosen file is kept even when another answer of the page has to be mended.
    """

    part = "evidence"
    title = LimitedField(max_length=250, required=False)
    kind = PickField(
        choices=[("", gettext_lazy("Choose one")), *c.EvidenceKind.choices], required=False
    )
    author = LimitedField(max_length=200, required=False)
    dated_on = DateField(required=False, help_text=gettext_lazy("Like 2013 or 2013-05."))
    language = NameField(
        required=False,
        read=languages_called,
        label_of=language_label,
        unknown=gettext_lazy(
            "We know no language “%(text)s”. Write its name in English or as its own."
        ),
        widget=forms.TextInput(attrs={"list": "languages", "autocomplete": "off"}),
    )
    url = WebField(
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy("Beginning with https://. We check that it opens."),
        error_messages={
            "invalid": gettext_lazy("Enter a whole address, like https://example.org/report.pdf."),
            "max_length": gettext_lazy("This address is longer than 500 characters."),
        },
    )
    file = forms.CharField(required=False, widget=forms.HiddenInput)
    upload = forms.FileField(
        required=False,
        label=pgettext_lazy("form field", "Or a file"),
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
    )
    drop = forms.BooleanField(required=False)
    criteria = PicksField(required=False)
    access = PickField(
        choices=c.Access.choices,
        required=False,
        initial=writing.ROW_DEFAULTS["evidence"]["access"],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["criteria"].choices = criterion_choices(self.solution.hub_id)
        self.fields["upload"].help_text = _(
            "PDF, picture, DOCX, XLSX, PPTX, ODT, ODS, CSV or text. Up to %(limit)s MB."
        ) % {"limit": uploads.megabytes(uploads_limit())}

    def clean_file(self) -> str:
        """A key counts if the file is this person's own or already in this record."""
        typed = self.cleaned_data["file"]
        if not typed:
            return ""
        try:
            key = UUID(typed)
        except ValueError:
            raise ValidationError(_("This file is not here any more. Choose it again.")) from None
        if not self._allowed().filter(pk=key).exists():
            raise ValidationError(_("This file is not here any more. Choose it again."))
        return str(key)

    def _allowed(self) -> models.QuerySet[StoredFile]:
        here = Evidence.objects.filter(solution=self.solution, file__isnull=False).values("file")
        return StoredFile.objects.filter(Q(uploaded_by=self.user) | Q(pk__in=here))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("drop"):
            data["file"] = ""
        data["access"] = data.get("access") or c.Access.OPEN
        return data

    @property
    def stored(self) -> StoredFile | None:
        """The file deposited in this row, to be named on the page."""
        key = self["file"].value()
        if not key:
            return None
        for row in self.solution.evidence.all():  # read with the record, so no query of its own
            if str(row.file_id) == str(key):
                return row.file
        try:
            return self._allowed().filter(pk=UUID(str(key))).first()
        except ValueError:
            return None


def uploads_limit() -> int:
    from django.conf import settings  # noqa: PLC0415 (read when a test may have changed it)

    return int(settings.UPLOAD_LIMIT)


class Rows(BaseFormSet):
    """The rows of one part, with words for what a person can do with them."""

    name = ""
    most = 0
    least_shown = 1
    default_error_messages = {
        "missing_management_form": gettext_lazy("Part of this page did not arrive. Send it again."),
        "too_many_forms": gettext_lazy("There are more rows than can be read."),
    }

    def initial_form_count(self) -> int:
        """A posted row is judged by what is in it, not by a count that came along."""
        return 0 if self.is_bound else super().initial_form_count()

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields[DELETION_FIELD_NAME].widget = forms.HiddenInput()

    def clean(self) -> None:
        if self._is_cut():
            raise ValidationError(
                self.error_messages["missing_management_form"], code="missing_management_form"
            )
        count = len(self.filled())
        if count > self.most:
            raise ValidationError(
                ngettext("Keep up to %(most)d row.", "Keep up to %(most)d rows.", self.most)
                % {"most": self.most}
                + " "
                + ngettext("There is %(n)d now.", "There are %(n)d now.", count) % {"n": count},
                code="many",
            )

    def _is_cut(self) -> bool:
        """Whether rows came along that the number of rows denies: saving would lose them."""
        total = int(self.management_form.cleaned_data[TOTAL_FORM_COUNT] or 0)
        pattern = re.compile(rf"{self.prefix}-(\d+)-")
        found = (pattern.match(key) for key in self.data)
        return total < 0 or any(int(match[1][:9]) >= total for match in found if match)

    def shown(self) -> list[Any]:
        """The rows on the page, in their order; those taken out are not among them."""
        forms_ = [form for form in self.forms if not self._is_out(form)]
        return sorted(forms_, key=self._place)

    def filled(self) -> list[Any]:
        """Valid or not: the rows somebody put something into, in their order."""
        return [form for form in self.shown() if form.has_changed()]

    def values(self) -> list[writing.Values]:
        return [form.values() for form in self.filled()]

    def _is_out(self, form: forms.Form) -> bool:
        return form.is_bound and bool(form.data.get(form.add_prefix(DELETION_FIELD_NAME)))

    def _place(self, form: forms.Form) -> tuple[int, int]:
        index = int(form.prefix.rsplit("-", 1)[1])  # type: ignore[union-attr]
        typed = form.data.get(form.add_prefix(_POSITION), "") if form.is_bound else ""
        return (int(typed) if re.fullmatch(r"\d{1,3}", typed or "") else index, index)

    @property
    def is_full(self) -> bool:
        return len(self.shown()) >= self.most


FORMS: dict[str, tuple[type[RowForm], int, int]] = {
    "blocks": (BlockForm, f.MAX_BLOCKS, 1),
    "indicators": (IndicatorForm, f.MAX_INDICATORS, 1),
    "evidence": (EvidenceForm, f.MAX_EVIDENCE, 1),
    "contributors": (ContributorForm, 40, 0),
}


def rows_for(
    name: str, *, user: User, solution: Solution, data: QueryDict | None, present: list[Any]
) -> Rows:
    """The rows of one part: from what was typed, else from the record."""
    form, most, least = FORMS[name]
    initial = [
        row | {"position": n} | ({"language": Code(row["language"])} if "language" in row else {})
        for n, row in enumerate(present)
    ]
    factory: Callable[..., Any] = formset_factory(
        form,
        formset=type(
            f"{form.__name__}Set", (Rows,), {"name": name, "most": most, "least_shown": least}
        ),
        extra=max(0, least - len(initial)),
        can_delete=True,
        can_delete_extra=True,
        absolute_max=MOST_INDEXES,
        max_num=MOST_INDEXES,
    )
    found: Rows = factory(
        data,
        prefix=name,
        initial=None if data is not None else initial,
        form_kwargs={"user": user, "solution": solution},
    )
    return found


# --- Without scripts -----------------------------------------------------------------------


def rearranged(data: QueryDict, command: str) -> tuple[QueryDict, str]:
    """What was typed with one row added, moved or taken out; and the id to go to.

    ``command`` is the value of the pressed button: "blocks:add", "blocks:2:up",
    "countries:add". Anything else changes nothing.
    """
    words = command.split(":")
    changed = data.copy()
    if len(words) == 2 and words[1] == "add":
        if words[0] in FORMS:
            return _added(changed, words[0])
        if words[0] in changed:
            texts = changed.getlist(words[0])
            changed.setlist(words[0], [*texts, ""])
            return changed, f"id_{words[0]}_{len(texts)}"
    if len(words) == 3 and words[0] in FORMS and words[1].isdigit():
        return _moved(changed, words[0], int(words[1]), words[2])
    return changed, ""


def _indexes(data: QueryDict, name: str) -> list[int]:
    """The rows that are there, in their order."""
    try:
        total = min(int(data.get(f"{name}-TOTAL_FORMS", "0")), MOST_INDEXES)
    except ValueError:
        total = 0
    there = [n for n in range(total) if not data.get(f"{name}-{n}-{DELETION_FIELD_NAME}")]

    def place(index: int) -> tuple[int, int]:
        typed = data.get(f"{name}-{index}-{_POSITION}", "")
        return (int(typed) if re.fullmatch(r"\d{1,3}", typed) else index, index)

    return sorted(there, key=place)


def _renumbered(data: QueryDict, name: str, order: list[int]) -> None:
    """Write the rows anew as 0, 1, 2 … in this order."""
    rows = []
    for index in order:
        start = f"{name}-{index}-"
        rows.append({key[len(start) :]: data.getlist(key) for key in data if key.startswith(start)})
    for key in [key for key in data if re.match(rf"{name}-\d+-", key)]:
        del data[key]
    for index, row in enumerate(rows):
        for column, texts in row.items():
            data.setlist(f"{name}-{index}-{column}", texts)
        data[f"{name}-{index}-{_POSITION}"] = str(index)
    data[f"{name}-TOTAL_FORMS"] = str(len(rows))
    data[f"{name}-INITIAL_FORMS"] = "0"


def _added(data: QueryDict, name: str) -> tuple[QueryDict, str]:
    order = _indexes(data, name)
    if len(order) < FORMS[name][1]:
        _renumbered(data, name, order)
        data[f"{name}-TOTAL_FORMS"] = str(len(order) + 1)
        for column, value in writing.ROW_DEFAULTS.get(name, {}).items():
            data[f"{name}-{len(order)}-{column}"] = str(value)
        return data, f"{name}-{len(order)}"
    return data, name


def _moved(data: QueryDict, name: str, index: int, verb: str) -> tuple[QueryDict, str]:
    order = _indexes(data, name)
    if index not in order:
        return data, name
    place = order.index(index)
    if verb == "remove":
        order.pop(place)
        _renumbered(data, name, order)
        return data, name
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    else:
        other = place
    _renumbered(data, name, order)
    return data, f"{name}-{other}"
