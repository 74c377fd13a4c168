"""What a member tells, and to whom."""

from __future__ import annotations

import datetime as dt
import gzip

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Audience, Language, Profile, User
from tests.factories import make_user, reference
from tests.people import browser

pytestmark = pytest.mark.django_db

TOLD = {
    "organisation": "Marker Ministry",
    "organisation_kind": "agency",
    "position": "Marker Director",
    "country": "RW",
    "expertise": "Marker expertise",
    "about": "Marker about",
}
SHOWN = {
    "organisation": "Marker Ministry",
    "organisation_kind": "Development cooperation agency",
    "position": "Marker Director",
    "country": "Rwanda",
    "languages": "Français (French)",
    "expertise": "Marker expertise",
    "about": "Marker about",
}
VIEWERS = ("visitor", "member", "owner", "moderator")


def make_profile(**audiences: str) -> Profile:
    reference()
    profile = make_user("Marker Name").profile
    for field, value in TOLD.items():
        setattr(profile, field, value)
    profile.name_audience = audiences.pop("name", Audience.PUBLIC)
    profile.audiences = audiences
    profile.save()
    profile.languages.set([Language.objects.get(pk="fr")])
    return profile


def viewer(kind: str, profile: Profile) -> User | None:
    if kind == "visitor":
        return None
    if kind == "owner":
        return profile.user
    return make_user(is_staff=kind == "moderator")


def entitled(kind: str, audience: str) -> bool:
    return (
        kind == "owner"
        or audience == Audience.PUBLIC
        or (audience == Audience.MEMBERS and kind != "visitor")
    )


@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("kind", VIEWERS)
def test_each_field_shows_to_its_audience_and_nobody_else(kind: str, audience: str) -> None:
    for field in SHOWN:
        others = {
            other: Audience.NOBODY if audience == Audience.PUBLIC else Audience.PUBLIC
            for other in SHOWN
            if other != field
        }
        profile = make_profile(**others, **{field: audience})
        page = browser(viewer(kind, profile)).get(profile.get_absolute_url()).content.decode()
        seen = {name for name, text in SHOWN.items() if text in page}
        expected = {field} if entitled(kind, audience) else set()
        expected |= {name for name, other in others.items() if entitled(kind, other)}
        assert seen == expected
        profile.user.delete()


@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("kind", VIEWERS)
def test_a_member_is_found_by_those_who_may_see_the_name(kind: str, audience: str) -> None:
    profile = make_profile(name=audience)
    answer = browser(viewer(kind, profile)).get(profile.get_absolute_url())
    assert answer.status_code == (200 if entitled(kind, audience) else 404)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("kind", [*VIEWERS, "administrator"])
def test_list_and_page_agree_on_who_sees_whom(kind: str, audience: str, active: bool) -> None:
    profile = make_profile(name=audience)
    User.objects.filter(pk=profile.user_id).update(is_active=active)
    profile.user.is_active = active
    user = (
        make_user(is_superuser=True)
        if kind == "administrator"
        else viewer(kind, profile) or AnonymousUser()
    )
    listed = Profile.objects.visible_to(user).filter(pk=profile.pk).exists()
    assert listed == user.has_perm("accounts.view_profile", profile)


def form_data(**changes: str) -> dict[str, str]:
    data = {
        "name": "Nomsa Dube",
        "organisation": "Ministry of Health",
        "organisation_kind": "government",
        "position": "",
        "country": "ZA",
        "languages": "English, français; ESPAÑOL",
        "expertise": "",
        "about": "",
        "time_zone": "Africa/Johannesburg",
        "interface_language": "fr",
    }
    data |= {f"audience_{field}": Audience.MEMBERS for field in Profile.FIELDS}
    return data | changes


def test_a_member_writes_the_profile_and_who_may_see_it() -> None:
    reference()
    user = make_user()
    answer = browser(user).post(
        reverse("accounts:profile-edit"),
        form_data(audience_country=Audience.PUBLIC, audience_name=Audience.PUBLIC),
    )
    profile = Profile.objects.select_related("user").get(user=user)
    assert answer.url == profile.get_absolute_url()
    assert profile.user.name == "Nomsa Dube"
    assert profile.organisation == "Ministry of Health"
    assert profile.country.code == "ZA"
    assert [language.pk for language in profile.languages.all()] == ["en", "fr", "es"]
    assert {field: profile.audience_of(field) for field in Profile.FIELDS} == {
        field: Audience.PUBLIC if field in {"name", "country"} else Audience.MEMBERS
        for field in Profile.FIELDS
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 100_000),
        ("organisation", "x" * 100_000),
        ("organisation", "a\x00b"),
        ("organisation_kind", "empire"),
        ("country", "XX"),
        ("languages", "English, Klingonx"),
        ("languages", "x" * 100_000),
        ("expertise", "x" * 100_000),
        ("about", "x" * 2001),
        ("time_zone", "Moon/Tranquility"),
        ("time_zone", "../../etc/passwd"),
        ("interface_language", "tlh"),
        ("audience_about", "friends"),
        ("audience_name", ""),
    ],
)
def test_what_cannot_be_is_refused_and_everything_typed_is_kept(field: str, value: str) -> None:
    reference()
    user = make_user("Before")
    page = browser(user).post(
        reverse("accounts:profile-edit"), form_data(**{"position": "Typed words"} | {field: value})
    )
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    assert page.context["form"]["position"].value() == "Typed words"
    assert page.context["form"][field].value() == value
    assert "Typed words" in page.content.decode()
    assert User.objects.get(pk=user.pk).name == "Before"


def test_nobody_edits_another_persons_profile() -> None:
    profile = make_profile()
    member = make_user()
    assert not member.has_perm("accounts.change_profile", profile)
    assert profile.user.has_perm("accounts.change_profile", profile)


def test_a_visitor_is_asked_to_sign_in_before_editing() -> None:
    answer = Client().get(reverse("accounts:profile-edit"))
    assert answer.url == f"{reverse('account_login')}?next=/accounts/profile/"


def test_signing_in_brings_the_time_zone_into_the_session() -> None:
    profile = make_user().profile
    profile.time_zone = "Asia/Jakarta"
    profile.save()
    assert browser(profile.user).session["time_zone"] == "Asia/Jakarta"


def test_times_show_in_the_readers_zone_without_a_query(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        shown = _zone_in_a_page("Asia/Jakarta")
    assert shown == "07:00 WIB"
    assert timezone.get_current_timezone_name() == "UTC"


def _zone_in_a_page(zone: str) -> str:
    from django.http import HttpResponse
    from django.test import RequestFactory

    from accounts.middleware import ReaderTimeZone

    def page(request: object) -> HttpResponse:
        midnight = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        return HttpResponse(Template('{{ at|date:"H:i T" }}').render(Context({"at": midnight})))

    request = RequestFactory().get("/")
    request.COOKIES["sessionid"] = "x"
    request.session = {"time_zone": zone}
    return ReaderTimeZone(page)(request).content.decode()


def test_saving_another_zone_changes_the_session_at_once() -> None:
    reference()
    user = make_user()
    client = browser(user)
    client.post(reverse("accounts:profile-edit"), form_data(time_zone="America/Sao_Paulo"))
    assert client.session["time_zone"] == "America/Sao_Paulo"


def test_a_zone_that_no_longer_exists_falls_back_to_utc() -> None:
    assert _zone_in_a_page("Moon/Tranquility") == "00:00 UTC"


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 30])
def test_a_number_that_is_nobodys_is_not_found(pk: str) -> None:
    assert Client().get(f"/accounts/people/{pk}/").status_code == 404


@pytest.mark.parametrize("languages", [1, 6])
def test_a_profile_page_costs_a_fixed_number_of_queries(
    languages: int, django_assert_num_queries
) -> None:
    profile = make_profile(**dict.fromkeys(SHOWN, Audience.PUBLIC))
    profile.languages.set(Language.objects.order_by("pk")[:languages])
    client = Client()
    client.get(profile.get_absolute_url())
    with django_assert_num_queries(3):  # profile, languages, person of the record
        client.get(profile.get_absolute_url())


def test_the_profile_form_costs_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    reference()
    client = browser(make_user())
    client.get(reverse("accounts:profile-edit"))
    with django_assert_num_queries(6):  # session, person, profile, languages, hub roles, chair
        client.get(reverse("accounts:profile-edit"))


def test_the_profile_form_stays_light() -> None:
    reference()
    page = browser(make_user()).get(reverse("accounts:profile-edit"))
    assert len(gzip.compress(page.content, 6)) < 14 * 1024
