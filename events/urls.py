from __future__ import annotations

from django.urls import path

from events.views import (
    calendars,
    claiming,
    commitments,
    editing,
    following,
    importing,
    listing,
    meetings,
    outcomes,
    people,
    speakers,
)

app_name = "events"
urlpatterns = [
    path("", listing.EventList.as_view(), name="events"),
    path("calendar/", calendars.subscribe, name="subscribe"),
    path("calendar.ics", calendars.feed, name="feed"),
    path("series/<slug:slug>/calendar.ics", calendars.of_series, name="series-calendar"),
    path("series/<slug:slug>/", listing.SeriesView.as_view(), name="series"),
    path("people/", people.PersonList.as_view(), name="people"),
    path("people/<slug:slug>/", people.PersonView.as_view(), name="person"),
    path("people/<slug:slug>/calendar.ics", calendars.of_person, name="person-calendar"),
    path("people/<slug:slug>/claim/", claiming.claim, name="claim-person"),
    path("people/<slug:slug>/claim/withdraw/", claiming.withdraw, name="claim-withdraw"),
    path("people/<slug:slug>/unlink/", claiming.unlink, name="unlink-person"),
    path("documents/<slug:slug>/", outcomes.DocumentView.as_view(), name="document"),
    path("commitments/", commitments.Tracker.as_view(), name="commitments"),
    path("commitments.csv", commitments.download, name="commitments-csv"),
    path("commitments/<slug:slug>/", commitments.CommitmentView.as_view(), name="commitment"),
    path("commitments/<slug:slug>/follow/", following.follow, name="follow"),
    path("commitments/<slug:slug>/unfollow/", following.unfollow, name="unfollow"),
    path("<slug:slug>/", meetings.EventView.as_view(), name="event"),
    path("<slug:slug>/edit/import/", importing.choose, name="programme-import"),
    path(
        "<slug:slug>/edit/import/template.csv", importing.template, name="programme-import-template"
    ),
    path("<slug:slug>/edit/import/programme.csv", importing.table, name="programme-import-table"),
    path("<slug:slug>/edit/import/<slug:uid>/", importing.preview, name="programme-import-preview"),
    path(
        "<slug:slug>/edit/import/<slug:uid>/drop/",
        importing.put_away,
        name="programme-import-drop",
    ),
    path("<slug:slug>/programme/", meetings.ProgrammeView.as_view(), name="programme"),
    path("<slug:slug>/calendar.ics", calendars.of_event, name="event-calendar"),
    path("<slug:slug>/edit/", editing.programme, name="programme-edit"),
    path("<slug:slug>/edit/sessions/new/", editing.new_session, name="session-new"),
    path("<slug:slug>/edit/sessions/<int:pk>/", editing.edit_session, name="session-edit"),
    path("<slug:slug>/edit/sessions/<int:pk>/move/", editing.move_session, name="session-move"),
    path(
        "<slug:slug>/edit/sessions/<int:pk>/take-out/",
        editing.remove_session,
        name="session-remove",
    ),
    path("<slug:slug>/edit/places/", editing.places, name="places-edit"),
    path("<slug:slug>/edit/speakers/", speakers.people, name="speakers"),
    path("<slug:slug>/edit/speakers/<int:pk>/", speakers.edit_part, name="part-edit"),
    path("<slug:slug>/edit/speakers/<int:pk>/move/", speakers.move_part, name="part-move"),
    path("<slug:slug>/edit/speakers/<int:pk>/take-out/", speakers.remove_part, name="part-remove"),
    path("<slug:event>/<slug:slug>/", meetings.SessionView.as_view(), name="session"),
    path("<slug:event>/<slug:slug>/calendar.ics", calendars.of_session, name="session-calendar"),
]
