from __future__ import annotations

from django.urls import path

from events.views import calendars, commitments, importing, listing, meetings, outcomes, people

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
    path("documents/<slug:slug>/", outcomes.DocumentView.as_view(), name="document"),
    path("commitments/", commitments.Tracker.as_view(), name="commitments"),
    path("commitments.csv", commitments.download, name="commitments-csv"),
    path("commitments/<slug:slug>/", commitments.CommitmentView.as_view(), name="commitment"),
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
    path("<slug:event>/<slug:slug>/", meetings.SessionView.as_view(), name="session"),
    path("<slug:event>/<slug:slug>/calendar.ics", calendars.of_session, name="session-calendar"),
]
