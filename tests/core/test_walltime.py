"""Hours of a place, across the days on which its clocks are moved."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from core import walltime


@pytest.mark.parametrize(
    ("place", "wall", "utc"),
    [
        ("America/Mexico_City", "2014-04-15T15:00", "2014-04-15T20:00"),  # summer time then
        ("America/Mexico_City", "2024-04-15T15:00", "2024-04-15T21:00"),  # abolished since
        ("Asia/Jakarta", "2024-07-01T09:00", "2024-07-01T02:00"),
        ("Asia/Kathmandu", "2024-07-01T09:00", "2024-07-01T03:15"),
        ("Pacific/Chatham", "2024-01-01T00:00", "2023-12-31T10:15"),
        ("America/Bogota", "2024-03-10T02:30", "2024-03-10T07:30"),
        ("Europe/Lisbon", "2024-03-31T02:00", "2024-03-31T01:00"),
    ],
)
def test_an_hour_of_a_place_is_one_instant(place: str, wall: str, utc: str):
    moment = walltime.instant(dt.datetime.fromisoformat(wall), place)

    assert moment == dt.datetime.fromisoformat(utc).replace(tzinfo=dt.UTC)
    assert walltime.wall(moment, place).replace(tzinfo=None) == dt.datetime.fromisoformat(wall)


@pytest.mark.parametrize(
    ("place", "wall"),
    [
        ("Europe/Berlin", "2024-03-31T02:30"),
        ("America/New_York", "2024-03-10T02:00"),
        ("America/Santiago", "2024-09-08T00:15"),  # midnight itself is left out
        ("Australia/Lord_Howe", "2024-10-06T02:10"),  # by half an hour
        ("Pacific/Apia", "2011-12-30T12:00"),  # a whole day was left out
    ],
)
def test_an_hour_that_the_clocks_leave_out_is_refused(place: str, wall: str):
    with pytest.raises(ValidationError) as refused:
        walltime.instant(dt.datetime.fromisoformat(wall), place)

    assert refused.value.code == "nonexistent"


@pytest.mark.parametrize(
    ("place", "wall", "first", "second"),
    [
        ("Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30", "2024-10-27T01:30"),
        ("America/New_York", "2024-11-03T01:00", "2024-11-03T05:00", "2024-11-03T06:00"),
        ("Australia/Lord_Howe", "2024-04-07T01:45", "2024-04-06T14:45", "2024-04-06T15:15"),
    ],
)
def test_an_hour_that_comes_twice_has_to_be_told_apart(
    place: str, wall: str, first: str, second: str
):
    hour = dt.datetime.fromisoformat(wall)

    with pytest.raises(ValidationError) as refused:
        walltime.instant(hour, place)
    assert refused.value.code == "ambiguous"
    assert walltime.instant(hour, place, second=False).isoformat()[:16] == first
    assert walltime.instant(hour, place, second=True).isoformat()[:16] == second


@pytest.mark.parametrize("place", ["", "Mars/Olympus", "../etc/passwd", "europe", "\0"])
def test_a_place_nobody_knows_is_refused(place: str):
    with pytest.raises(ValidationError) as refused:
        walltime.instant(dt.datetime(2024, 5, 6, 9), place)  # noqa: DTZ001

    assert refused.value.code == "zone"


@pytest.mark.parametrize(
    "place",
    [
        "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Santiago",
        "Europe/London", "Europe/Berlin", "Africa/Casablanca", "Africa/Lagos", "Asia/Tehran",
        "Asia/Kolkata", "Asia/Makassar", "Asia/Seoul", "Australia/Lord_Howe", "Pacific/Auckland",
    ],
)  # fmt: skip
def test_every_hour_of_a_year_is_read_back_or_refused(place: str):
    zone = ZoneInfo(place)
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    for _hour in range(366 * 24):
        shown = walltime.wall(moment, place)
        back = walltime.instant(shown.replace(tzinfo=None, fold=0), place, second=bool(shown.fold))
        assert back == moment
        moment += dt.timedelta(hours=1)
    assert zone.key == place
