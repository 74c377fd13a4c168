"""What a person was told, and how they wish to be told."""

from __future__ import annotations

from django.urls import path

from notifications import address_views, device_views, feed_views
from notifications import notice_views as views
from notifications import preference_views as preferences

app_name = "notices"
urlpatterns = [
    path("", views.notices, name="notices"),
    path("read/", views.read, name="read"),
    path("unread/", views.unread, name="unread"),
    path("<int:pk>/", views.letter, name="letter"),
    path("feed/", feed_views.feed_address, name="feed-address"),
    path("feed/<str:key>/", feed_views.feed, name="feed"),
    path("devices/", device_views.devices, name="devices"),
    path("devices/add/", device_views.add, name="device-add"),
    path("devices/<int:pk>/remove/", device_views.remove, name="device-remove"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/pause/", preferences.pause, name="pause"),
    path("preferences/resume/", preferences.resume, name="resume"),
    path("preferences/usual/", preferences.usual, name="usual"),
    path("preferences/undo/", preferences.undo, name="undo"),
    path("address/resume/", address_views.resume, name="address-resume"),
    path("stop/<str:token>/", preferences.stop, name="stop"),
]
