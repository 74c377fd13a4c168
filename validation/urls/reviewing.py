"""The reviewer’s pages: the queue, one seat in whatever state it is, and what is done there."""

from django.urls import path

from validation.views import reviewing

urlpatterns = [
    path("reviews/", reviewing.queue, name="reviews"),
    path("reviews/calendar.ics", reviewing.calendar, name="reviews-calendar"),
    path("reviews/<str:uid>/", reviewing.review, name="review"),
    path("reviews/<str:uid>/accept/", reviewing.accept, name="review-accept"),
    path("reviews/<str:uid>/decline/", reviewing.decline, name="review-decline"),
    path("reviews/<str:uid>/date/", reviewing.propose_date, name="review-date"),
    path("reviews/<str:uid>/save/", reviewing.save, name="review-save"),
    path("reviews/<str:uid>/send/", reviewing.send, name="review-send"),
    path("reviews/<str:uid>/check/", reviewing.check, name="review-check"),
    path("reviews/<str:uid>/recuse/", reviewing.recuse, name="review-recuse"),
    path("reviews/<str:uid>/calendar.ics", reviewing.one_date, name="review-calendar"),
    path("reviews/<str:uid>/decision/", reviewing.decision, name="review-decision"),
]
