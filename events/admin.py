"""Events at the desk: portal moderators keep all records, a hub's editors those of their hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import DeskAdmin, StaffAdmin
from core.models import AuditEntry
from events import admin_claims, finding, operations  # noqa: F401 (registers the claims)
from events.forms import UpdateForm
from events.models import (
    Commitment,
    CommitmentOwner,
    Contribution,
    Document,
    Event,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    Person,
    PersonName,
    Room,
    Series,
    SeriesName,
    Session,
    StatusNote,
    Track,
)
from events.signals import conclusion_added, document_added, event_changed, programme_written
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest, HttpResponse

#: A change of one of these makes a calendar take the session anew.
IN_CALENDARS = frozenset(
    {"title", "code", "summary", "day", "wall_starts", "wall_ends", "zone", "second_hour", "room"}
)
#: And one of these the event with all its sessions.
OF_EVENT_IN_CALENDARS = frozenset(
    {"name", "summary", "kind", "status", "starts", "ends", "city", "venue"}
)
#: What those who come are told of, by the field in which it changed.
TOLD_OF_EVENT = {
    "starts": "dates", "ends": "dates", "city": "place", "venue": "place", "country": "place",
    "status": "status",
}  # fmt: skip


def _event_of(obj: Any) -> Event | None:
    return obj if isinstance(obj, Event) else getattr(obj, "event", None)


class InScope:
    """Choices of a form at the desk are those of the person's own scope."""

    #: Fields looked up by typing, for lists that grow.
    looked_up: tuple[str, ...] = ()

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """Sources have pages at the desk for portal moderators only; others choose from a list."""
        return [name for name in self.looked_up if name != "reference" or request.user.is_staff]

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        user = request.user
        if db_field.name in ("event", "session"):
            kwargs["queryset"] = db_field.related_model._default_manager.at_desk_of(user)
        elif db_field.name == "hub" and db_field.model is Event and not user.is_staff:
            kwargs["queryset"] = Hub.objects.of(user, *Membership.DESK)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.name == "hub" and db_field.model is Event and not user.is_staff:
            field.required = True
        return field

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        if db_field.name == "paragraphs":
            kwargs["queryset"] = Paragraph.objects.filter(
                document__event__in=Event.objects.at_desk_of(request.user)
            ).select_related("document")
        return super().formfield_for_manytomany(  # type: ignore[misc]
            db_field, request, **kwargs
        )


class Part(InScope, admin.TabularInline):
    """Rows of a record: changed by whoever may change the record."""

    extra = 0

    def _may(self, request: HttpRequest, obj: Model | None) -> bool:
        if isinstance(obj, Person):
            return bool(request.user.is_staff)
        event = _event_of(obj)
        if event is None:
            return bool(request.user.has_perm("events.add_event"))
        return bool(request.user.has_perm("events.change_event", event))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, obj)


class Record(InScope, DeskAdmin):
    """A record about events. What changed is in the audit, and the search follows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("events.add_event"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return bool(request.user.has_perm("events.change_event", obj))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """After the record and its rows are written: tell the audit and the search."""
        super().save_related(request, form, formsets, change)
        rows = {
            formset.prefix: {
                "added": len(formset.new_objects),
                "changed": len(formset.changed_objects),
                "removed": [str(row) for row in formset.deleted_objects],
            }
            for formset in formsets
            if formset.has_changed()
        }
        if change and not form.changed_data and not rows:
            return
        obj = form.instance
        AuditEntry.record(
            by=request.user,
            verb="change_record" if change else "add_record",
            target=obj,
            fields=form.changed_data,
            rows=rows,
        )
        self.follow(obj, formsets)
        self.announce(request.user, form, formsets, change=change)

    def announce(self, by: Any, form: Any, formsets: Any, *, change: bool) -> None:
        """Announce what apps above hear of."""
        event = _event_of(form.instance)
        said = [formset for formset in formsets if formset.model is KeyMessage]
        if event is not None and any(formset.new_objects for formset in said):
            conclusion_added.send(Event, event=event, by=by)

    def follow(self, obj: Any, formsets: Any) -> None:
        event = _event_of(obj)
        if event is not None:
            self._forget(formsets)
            finding.note(Event.objects.get(pk=event.pk))

    def _forget(self, formsets: Any) -> None:
        """What was removed is found no more; people who lost a part are looked at again."""
        for formset in formsets:
            gone = list(formset.deleted_objects)
            if formset.model is Paragraph and gone:
                finding.forget_gone_paragraphs()
            if formset.model is Contribution:
                finding.note_people({row.person for row in gone})


# --- Events ------------------------------------------------------------------------------------


class StatusRows(Part):
    model = StatusNote
    looked_up = ("reference",)


class PartyRows(Part):
    model = Party
    looked_up = ("reference",)
    fields = ["name", "role", "hub", "session", "reference", "place", "position"]


class ClaimRows(InScope, admin.StackedInline):
    """Statements have many fields, so each stands by itself."""

    model = EventClaim
    extra = 0
    looked_up = ("reference",)
    fields = [
        ("topic", "label"), "text", ("low", "high", "unit", "qualifier"),
        ("starts", "ends", "as_of"), ("reference", "place"), ("is_preferred", "position"),
        "conflict", "contradiction", "derived", "note",
    ]  # fmt: skip
    has_view_permission = Part.has_view_permission
    has_add_permission = Part.has_add_permission
    has_change_permission = Part.has_change_permission
    has_delete_permission = Part.has_delete_permission
    _may = Part._may


class TrackRows(Part):
    model = Track


class RoomRows(Part):
    model = Room


class ContributionRows(Part):
    model = Contribution
    looked_up = ("person", "reference")
    fields = [
        "person", "role", "title", "organisation", "country", "hub", "topic", "note",
        "reference", "place", "position",
    ]  # fmt: skip


class MessageRows(Part):
    model = KeyMessage
    looked_up = ("reference",)
    fields = ["dimension", "text", "paragraphs", "reference", "place", "position"]


class EventMessages(MessageRows):
    """Messages of the event itself; those of a session stand with the session."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(session=None)


class EventPeople(ContributionRows):
    """People at the event itself; those in a session stand with the session."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(session=None)


@admin.register(Event)
class EventAdmin(Record):
    """An event with all that is stated about it."""

    list_display = ["__str__", "kind", "starts", "status", "hub", "is_public"]
    list_filter = ["kind", "status", "is_public"]
    list_select_related = ["hub"]
    search_fields = ["name", "short", "slug"]
    prepopulated_fields = {"slug": ["short"]}
    filter_horizontal = ["hubs_shown"]
    fieldsets = [
        (None, {"fields": ["name", "short", "slug", "kind", "hub", "is_public"]}),
        (gettext_lazy("About"), {"fields": ["summary", "theme", "series", "edition", "website"]}),
        (
            gettext_lazy("When and where"),
            {"fields": ["status", "starts", "ends", "zone", "city", "venue", "country"]},
        ),
        (gettext_lazy("Hubs that presented"), {"fields": ["hubs_shown"]}),
    ]
    inlines = [
        StatusRows, PartyRows, ClaimRows, EventPeople, EventMessages, TrackRows, RoomRows,
    ]  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: Any) -> None:
        if change and OF_EVENT_IN_CALENDARS.intersection(form.changed_data):
            obj.sequence += 1
        super().save_model(request, obj, form, change)

    def announce(self, by: Any, form: Any, formsets: Any, *, change: bool) -> None:
        super().announce(by, form, formsets, change=change)
        what = {TOLD_OF_EVENT[name] for name in form.changed_data if name in TOLD_OF_EVENT}
        if change and what:
            event_changed.send(Event, event=form.instance, what=what, by=by)


@admin.register(Session)
class SessionAdmin(Record):
    """One item of a programme; its hours are those of the clocks at its place."""

    list_display = ["title", "code", "event", "kind", "day", "wall_starts", "room"]
    list_filter = ["kind"]
    list_select_related = ["event", "room"]
    search_fields = ["title", "code", "event__name"]
    prepopulated_fields = {"slug": ["title"]}
    looked_up = ("reference", "further")
    fieldsets = [
        (None, {"fields": ["event", "title", "slug", "kind", "code", "summary"]}),
        (
            gettext_lazy("When and where"),
            {
                "fields": [
                    "day", "wall_starts", "wall_ends", "zone", "zone_is_derived", "second_hour",
                    "track", "room",
                ]
            },
        ),
        (
            gettext_lazy("Sources"),
            {"fields": ["reference", "place", "further", "note", "position"]},
        ),
    ]  # fmt: skip
    inlines = [ContributionRows, MessageRows]

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return list(self.looked_up) if request.user.is_staff else []

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        if db_field.name in ("track", "room"):
            kwargs["queryset"] = db_field.related_model.objects.filter(
                event__in=Event.objects.at_desk_of(request.user)
            ).select_related("event")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Session, form: Any, change: Any) -> None:
        if change and IN_CALENDARS.intersection(form.changed_data):
            obj.sequence += 1
            Event.objects.filter(pk=obj.event_id).update(updated_at=timezone.now())
        super().save_model(request, obj, form, change)

    def announce(self, by: Any, form: Any, formsets: Any, *, change: bool) -> None:
        super().announce(by, form, formsets, change=change)
        programme_written.send(Event, event=form.instance.event, by=by)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        """A contribution or message of a session belongs to its event, too."""
        for row in formset.save(commit=False):
            row.event = form.instance.event
            row.save()
        for row in formset.deleted_objects:
            row.delete()
        formset.save_m2m()


# --- What came of events -----------------------------------------------------------------------


class ParagraphRows(InScope, admin.StackedInline):
    model = Paragraph
    extra = 0
    looked_up = ("reference",)
    fields = [
        ("number", "language", "is_verbatim", "position"), "heading", "text",
        ("reference", "place"), "note",
    ]  # fmt: skip
    has_view_permission = Part.has_view_permission
    has_add_permission = Part.has_add_permission
    has_change_permission = Part.has_change_permission
    has_delete_permission = Part.has_delete_permission
    _may = Part._may


@admin.register(Document)
class DocumentAdmin(Record):
    """An outcome document by paragraphs. A number is an address: do not change it lightly."""

    list_display = ["name", "kind", "event", "date", "is_complete"]
    list_filter = ["kind", "is_complete"]
    list_select_related = ["event"]
    search_fields = ["name", "title", "event__name"]
    prepopulated_fields = {"slug": ["name"]}
    looked_up = ("reference",)
    filter_horizontal = ["further"]
    fields = [
        "event", "name", "slug", "title", "as_written", "kind", "date", "authors", "languages",
        "url", "note", "is_complete", "numbers_are_ours", "reference", "place", "further",
    ]  # fmt: skip
    inlines = [ParagraphRows]

    def announce(self, by: Any, form: Any, formsets: Any, *, change: bool) -> None:
        if not change:
            document_added.send(Document, document=form.instance, by=by)


class OwnerRows(Part):
    model = CommitmentOwner


@admin.register(Commitment)
class CommitmentAdmin(Record):
    """What was promised. How far it came follows from its updates alone."""

    list_display = ["number", "text", "event", "kind", "due", "progress"]
    list_filter = ["kind", "progress"]
    list_select_related = ["event"]
    search_fields = ["code", "text", "event__name", "owners__name"]
    looked_up = ("reference",)
    filter_horizontal = ["contradictions"]
    readonly_fields = ["progress", "fulfilled_on"]
    fields = [
        "event", "code", "kind", "text", "quoted", "paragraphs", "due_as_written", "due",
        "due_is_derived", "reference", "place", "note", "contradictions", "position", "progress",
        "fulfilled_on",
    ]  # fmt: skip
    inlines = [OwnerRows]
    change_form_template = "admin/events/commitment.html"

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<path:object_id>/update/",
                self.admin_site.admin_view(self.update_view),
                name="events_commitment_update",
            ),
            *super().get_urls(),
        ]

    def update_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """File what happened to a commitment."""
        commitment = self.get_object(request, object_id)
        if commitment is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not request.user.has_perm("events.change_event", commitment):
            raise PermissionDenied
        events = Event.objects.visible_to(request.user).order_by("-starts", "name")
        form = UpdateForm(request.POST or None, events=events)
        if request.method == "POST" and form.is_valid():
            values = dict(form.cleaned_data)
            values["fulfilled_by"] = values.pop("fulfilled_by_event")
            try:
                operations.add_update(commitment, by=request.user, **values)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                self.message_user(request, _("The update is on the page."), messages.SUCCESS)
                return HttpResponseRedirect(
                    reverse("admin:events_commitment_change", args=[commitment.pk])
                )
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("Update on %(number)s") % {"number": commitment.number},
            "opts": self.opts,
            "commitment": commitment,
            "updates": commitment.updates.select_related("reference"),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/events/update.html", context)


# --- People and series -------------------------------------------------------------------------


class NameRows(Part):
    model = PersonName
    looked_up = ("reference",)


class WorkRows(Part):
    """Contributions that belong to no event: chapters, studies, posts."""

    model = Contribution
    looked_up = ("reference", "work")
    fields = [
        "role", "work", "topic", "happened_on", "title", "organisation", "country", "reference",
        "place", "note",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(event=None)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return list(self.looked_up) if request.user.is_staff else []


@admin.register(Person)
class PersonAdmin(Record):
    """People belong to no hub: editors may add them, portal moderators correct them."""

    list_display = ["name", "sort_name", "country"]
    list_select_related = ["country"]
    search_fields = ["name", "sort_name", "other_names__name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "sort_name", "slug", "country", "note"]
    inlines = [NameRows, WorkRows]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return bool(request.user.is_staff)

    def follow(self, obj: Any, formsets: Any) -> None:
        finding.note_people([obj])


class SeriesNameRows(admin.TabularInline):
    model = SeriesName
    extra = 0
    autocomplete_fields = ["reference"]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_staff)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


@admin.register(Series)
class SeriesAdmin(StaffAdmin):
    """Series are shared by all hubs: portal moderators keep them."""

    list_display = ["name", "short"]
    search_fields = ["name", "short"]
    prepopulated_fields = {"slug": ["short"]}
    autocomplete_fields = ["reference"]
    fields = ["name", "short", "slug", "launched", "note", "reference", "place"]
    inlines = [SeriesNameRows]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_staff)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        AuditEntry.record(
            by=request.user,
            verb="change_record" if change else "add_record",
            target=form.instance,
            fields=form.changed_data,
        )
