"""People who contributed to events, and what each contributed over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.views.generic import DetailView, ListView

from accounts.models import Profile
from claims.citing import Citations
from events import calendars
from events.models import Contribution, Person, PersonClaim
from events.presentation import in_english
from events.record import cited

if TYPE_CHECKING:
    from django.db.models import QuerySet

LONGEST = 100


def _when(contribution: Contribution) -> tuple[str, str]:
    """The order of time; what has no date comes last."""
    session = contribution.session
    day = session.day.isoformat() if session and session.day else ""
    event = contribution.event.starts if contribution.event else ""
    return (contribution.happened_on or day or event or "9999", event)


class PersonList(ListView):
    """Everybody of whom something may be read, by family name."""

    template_name = "events/people.html"
    paginate_by = 60
    context_object_name = "people"

    @property
    def words(self) -> str:
        return self.request.GET.get("q", "").strip()[:LONGEST]

    def get_queryset(self) -> QuerySet[Person]:
        people = Person.objects.visible_to(self.request.user).select_related("country")
        if self.words:
            people = people.filter(
                Q(name__icontains=self.words)
                | Q(sort_name__icontains=self.words)
                | Q(other_names__name__icontains=self.words)
            ).distinct()
        seen = Contribution.objects.visible_to(self.request.user)
        return people.annotate(
            parts=Count("contributions", filter=Q(contributions__in=seen), distinct=True)
        ).order_by("sort_name", "name", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(q=self.words, en=in_english(), **kwargs)


class PersonView(DetailView):
    """One person's contributions, each with title and organisation as they were then."""

    template_name = "events/person.html"
    context_object_name = "person"

    def get_queryset(self) -> QuerySet[Person]:
        return Person.objects.visible_to(self.request.user).select_related("country")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        citations, reader = Citations(), self.request.user
        found = list(
            Contribution.objects.visible_to(reader)
            .filter(person=self.object)
            .select_related("event", "session", "session__event", "work", "country", "hub")
            .select_related("reference")
        )
        return super().get_context_data(
            contributions=cited(citations, sorted(found, key=_when)),
            has_calendar=any(calendars.part_of(row) for row in found),
            names=cited(citations, self.object.other_names.select_related("reference")),
            is_me=reader.is_authenticated and self.object.user_id == reader.pk,
            may_unlink=reader.has_perm("events.decide_person_claim"),
            member=self._member(),
            asked=reader.is_authenticated
            and PersonClaim.objects.open().filter(person=self.object, user=reader).exists(),
            citations=citations,
            en=in_english(),
            **kwargs,
        )

    def _member(self) -> Profile | None:
        """The profile of the member this person is, if this reader may see it."""
        if self.object.user_id is None:
            return None
        seen = Profile.objects.visible_to(self.request.user).select_related("user")
        return seen.filter(user=self.object.user_id).first()
