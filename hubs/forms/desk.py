"""Forms of the desk for hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Language
from claims.models import Reference
from hubs.choices import Function, Modality
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Lists of codes that are columns of a hub.
LISTS = {"functions": Function.choices, "modalities": Modality.choices}


class RoleForm(forms.Form):
    """Give a member a role, by the address of their account."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address of the member"),
        help_text=gettext_lazy(
            "They need an account first. Nobody is told whether an address has one."
        ),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Membership.Role)


class ProfileForm(forms.ModelForm):
    """Columns of a hub. What the operation refuses is shown here, and what was typed stays.

    ``request`` is set by the page that makes the class; ``request.refusal`` is what the
    operation said when it was called with this form's values.
    """

    request: HttpRequest

    base = forms.IntegerField(widget=forms.HiddenInput, required=False)
    functions = forms.MultipleChoiceField(
        label=gettext_lazy("Functions"),
        choices=Function.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    modalities = forms.MultipleChoiceField(
        label=gettext_lazy("Ways to exchange"),
        choices=Modality.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"), required=False, widget=forms.SelectMultiple
    )
    website = forms.URLField(label=gettext_lazy("Website"), required=False, assume_scheme="https")
    note = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("It goes into the history of the profile."),
    )

    class Meta:
        model = Hub
        fields = (
            "name", "acronym", "summary", "kind", "country", "region", "sectors", "model",
            "functions", "modalities", "languages", "website", "is_pilot", "slug", "is_listed",
        )  # fmt: skip
        widgets = {"sectors": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["languages"].choices = [
            (row.pk, f"{row.name} ({row.native_name})") for row in Language.objects.all()
        ]
        if self.instance.pk:
            self.fields["base"].initial = self.instance.revision

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        refusal = getattr(self.request, "refusal", None)
        if refusal is None:
            return data
        for name, texts in refusal.fields.items():
            self.add_error(name if name in self.fields else None, texts)
        if not refusal.fields:
            self.add_error(None, str(refusal))
        if refusal.code == "stale":
            self._compare()
        return data

    def _compare(self) -> None:
        """Say what the others wrote; whoever saves once more has seen it."""
        present = Hub.objects.get(pk=self.instance.pk)
        for name in self.changed_data:
            if name in {"base", "note"}:
                continue
            value = getattr(present, name, "")
            said = ", ".join(map(str, value.all())) if name == "sectors" else value
            self.add_error(name, _("It says now: %(value)s") % {"value": said or "–"})
        data: Any = self.data
        data = data.copy()
        data["base"] = str(present.revision)
        self.data = data

    def values(self) -> dict[str, Any]:
        """What was changed, as the operation takes it."""
        names = {"country": "country_id", "region": "region_id"}
        return {
            names.get(name, name): getattr(self.cleaned_data[name], "pk", self.cleaned_data[name])
            for name in self.changed_data
            if name not in {"base", "note", "sectors", *NewHubForm.OWN}
        }


class NewHubForm(ProfileForm):
    """A new hub, and where its name can be read."""

    OWN = ("source", "source_title", "source_url", "place")

    source = forms.ModelChoiceField(
        label=gettext_lazy("Where the name can be read"),
        queryset=Reference.objects.all(),
        required=False,
        empty_label=gettext_lazy("Another source, given below"),
    )
    source_title = forms.CharField(
        label=gettext_lazy("Another source: its title"), max_length=400, required=False
    )
    source_url = forms.URLField(
        label=gettext_lazy("Another source: its address"),
        max_length=500,
        required=False,
        assume_scheme="https",
    )
    place = forms.CharField(label=gettext_lazy("Page or section"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not (data.get("source") or data.get("source_title")):
            self.add_error("source", _("Every hub begins with a source. Choose or name one."))
        return data


class FindForm(forms.Form):
    """Look for the hub that stays."""

    q = forms.CharField(
        label=gettext_lazy("Which hub stays?"),
        help_text=gettext_lazy("A part of its name, its short name or its address."),
        max_length=100,
        required=False,
    )


class MergeForm(forms.Form):
    """The name of the hub that goes, typed once more, and why."""

    name = forms.CharField(
        label=gettext_lazy("Type the name of the hub that goes"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It goes into the history of both hubs."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, gone: Hub, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gone = gone
        self.fields["name"].help_text = _("It is called: %(name)s") % {"name": gone.name}

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if name != " ".join(self.gone.name.split()):
            raise forms.ValidationError(_("This is not its name: %(name)s.") % {"name": self.gone})
        return name
