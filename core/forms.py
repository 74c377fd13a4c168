"""How forms look: one renderer, so that ``{{ form.title.as_field_group }}`` is a whole field.

A field group is label, hint, errors and control, joined by ids for assistive technology. Forms
tell it more through what they already have:

- ``widget.attrs["data-q"]``: the label is a question of its own page, set large;
- ``widget.attrs["data-count"]``: say how long the answer may be. Text areas always do;
- ``field.option_hints``: a line under each radio button or tick box, by value;
- ``field.columns``: set many short tick boxes in two columns where there is room;
- ``form.mark_optional = False``: do not write "(optional)" beside optional fields.

Put ``novalidate`` on the ``<form>``: the server checks, words the error and keeps what was typed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString
from django.utils.translation import ngettext


class Option(NamedTuple):
    """One radio button or tick box of a group."""

    tag: SafeString
    id: str
    label: str
    hint: str


class PortalBoundField(BoundField):
    """A bound field that knows how it wants to be shown."""

    own_attrs = ("data-q", "data-count")
    """Attributes that speak to this class and stay out of the page."""

    @property
    def kind(self) -> str:
        """Which shape: options, group (several controls), checkbox or control."""
        widget = self.field.widget
        if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
            return "options"
        if widget.use_fieldset:
            return "group"
        return "checkbox" if isinstance(widget, forms.CheckboxInput) else "control"

    @property
    def question(self) -> bool:
        """Whether the label is set as a question."""
        return bool(self.field.widget.attrs.get("data-q"))

    @property
    def optional(self) -> bool:
        """Whether to say that this may stay empty."""
        return (
            not self.field.required
            and self.kind != "checkbox"
            and getattr(self.form, "mark_optional", True)
        )

    @property
    def options(self) -> list[Option]:
        """Radio buttons or tick boxes with their hints."""
        hints = getattr(self.field, "option_hints", {})
        return [
            Option(
                tag=choice.tag(),
                id=choice.id_for_label,
                label=choice.choice_label,
                hint=hints.get(str(choice.data["value"]), ""),
            )
            for choice in self.subwidgets
        ]

    @property
    def limit(self) -> str:
        """How long the answer may be and, once there is one, how long it is."""
        most = getattr(self.field, "max_length", None)
        widget = self.field.widget
        counted = isinstance(widget, forms.Textarea) or "data-count" in widget.attrs
        if not most or not counted or widget.attrs.get("data-count") == "no":
            return ""
        text = self.value()
        # A field that counts otherwise says so: rich text counts what a reader sees.
        count = getattr(self.field, "seen", lambda value: len(str(value).strip()))
        used = count(text) if text else 0
        numbers = {"used": used, "most": most}
        if used:
            return (
                ngettext("%(used)s of %(most)s character", "%(used)s of %(most)s characters", most)
                % numbers
            )
        return ngettext("Up to %(most)s character", "Up to %(most)s characters", most) % numbers

    @property
    def aria_describedby(self) -> str | None:
        """Hint, limit and error, in the order they are read."""
        if self.field.widget.attrs.get("aria-describedby"):
            return None
        if not self.auto_id or self.is_hidden:
            return ""
        parts = (
            ("helptext", self.help_text),
            ("count", self.limit),
            ("error", self.errors),
        )
        return " ".join(f"{self.auto_id}_{name}" for name, present in parts if present)

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        """As Django does, less what would surprise.

        A text area is not cut off at its limit while typing or pasting: the person is told and
        nothing is lost. Radio buttons carry no ``aria-invalid``; their group has the error.
        """
        built = super().build_widget_attrs(attrs, widget)
        used = widget or self.field.widget
        if isinstance(used, forms.Textarea) or "data-count" in used.attrs:
            built["maxlength"] = False
        if self.kind == "options":
            built.pop("aria-invalid", None)
        if type(used) in (forms.Textarea, forms.TextInput):
            # What is typed runs its own way, whichever way the page runs.
            built.setdefault("dir", used.attrs.get("dir", "auto"))
        built.update({name: False for name in self.own_attrs if name in used.attrs})
        return built


class PortalFormRenderer(TemplatesSetting):
    """Finds widget templates like any other template and lays fields out our way."""

    form_template_name = "components/forms/form.html"
    field_template_name = "components/forms/field.html"
    bound_field_class = PortalBoundField
