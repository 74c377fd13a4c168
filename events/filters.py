"""What a feed of events can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from events.choices import EventKind
from events.models import Event, Series
from hubs.models import Country, Hub

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class _Countries(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class FeedForm(forms.Form):
    """The events of a feed. Without any of these: all. A value nobody knows is refused, so that
    nobody subscribes to everything by mistake."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("", _("All")), *EventKind.choices], required=False
    )
    series = forms.ModelChoiceField(
        label=_("Series"),
        queryset=Series.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label=_("All"),
    )
    hub = forms.ModelChoiceField(
        label=_("Hub"),
        queryset=Hub.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label=_("All"),
    )
    country = _Countries(
        label=_("Country"),
        queryset=Country.objects.none(),
        required=False,
        empty_label=_("All"),
    )
    q = forms.CharField(label=_("Words"), max_length=100, required=False)

    def __init__(self, *args: Any, reader: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = Event.objects.visible_to(reader).order_by()
        named: dict[str, Any] = self.fields
        named["series"].queryset = Series.objects.filter(pk__in=seen.values("series"))
        named["hub"].queryset = Hub.objects.filter(pk__in=seen.values("hub"))
        named["country"].queryset = Country.objects.filter(pk__in=seen.values("country"))
