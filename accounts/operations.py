"""What happens to accounts: profiles change, mails are owed and sent, accounts close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import make_msgid
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import AccountMail, Audience, Language, Profile, User
from accounts.signals import access_changed, account_closed, personal_data, profile_changed
from core import outbox
from core.errors import DomainError
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# --- Profiles ----------------------------------------------------------------------------------


def profile_of(user: User) -> Profile:
    """The person's profile, made now if the account is older than profiles are."""
    try:
        return user.profile
    except Profile.DoesNotExist:
        profile, _created = Profile.objects.get_or_create(user=user)
        user.profile = profile
        return profile


def update_profile(
    *,
    by: User,
    profile: Profile,
    name: str,
    values: Mapping[str, Any],
    languages: Collection[Language],
    audiences: Mapping[str, str],
) -> None:
    """Write a whole profile: the name, the fields, the languages and who may see each of them."""
    if not by.has_perm("accounts.change_profile", profile):
        raise PermissionDenied
    for field, value in values.items():
        setattr(profile, field, value)
    profile.name_audience = audiences.get("name", profile.name_audience)
    profile.audiences = {
        field: str(Audience(audiences[field]))
        for field in Profile.FIELDS
        if field != "name" and field in audiences
    }
    with transaction.atomic():
        User.objects.filter(pk=profile.user_id).update(name=name)
        profile.user.name = name
        profile.save()
        profile.languages.set(languages)
        profile_changed.send(User, user=profile.user)


# --- Mails -------------------------------------------------------------------------------------

#: Mails anyone can cause to a given address: so many within ten minutes and within a day.
FEW_MINUTES, MAILS_IN_FEW_MINUTES = dt.timedelta(minutes=10), 4
MAILS_IN_A_DAY = 12
#: Longer than any code or link in such a mail is good for, or worth knowing.
USELESS_AFTER = {True: dt.timedelta(hours=1), False: dt.timedelta(days=3)}
KEPT = dt.timedelta(days=7)


def owe_mail(
    *,
    to: str,
    purpose: str,
    subject: str,
    body: str,
    asked_by_anyone: bool,
) -> AccountMail:
    """Write down a mail to be sent. Refuses when strangers make the portal mail one address.

    The limit counts what was written to that address whether or not there is an account, so
    the refusal tells nothing about who is a member.
    """
    now = timezone.now()
    with transaction.atomic():
        if asked_by_anyone:
            recent = AccountMail.objects.filter(to__iexact=to, asked_by_anyone=True)
            day = recent.filter(created_at__gt=now - dt.timedelta(days=1)).count()
            few = recent.filter(created_at__gt=now - FEW_MINUTES).count()
            if few >= MAILS_IN_FEW_MINUTES or day >= MAILS_IN_A_DAY:
                raise DomainError(
                    _(
                        "Several mails went to this address already. Look for them, also in the"
                        " spam folder, or try again in ten minutes."
                    ),
                    code="too-many-mails",
                )
        return AccountMail.objects.create(
            to=to,
            purpose=purpose,
            asked_by_anyone=asked_by_anyone,
            subject=subject[:250],
            body=body,
            message_id=make_msgid(domain=outbox.message_domain()),
            created_at=now,
            available_at=now,
            expires_at=now + USELESS_AFTER[asked_by_anyone],
        )


def deliver_mail(*, mail_id: int) -> bool:
    """Try to send one owed mail; whether the mail server took it. Safe to run twice."""
    rows = outbox.claim(AccountMail, only=mail_id)
    with outbox.Line() as line:
        return any(outbox.deliver(row, line) is outbox.Fate.TAKEN for row in rows)


def deliver_owed_mails(*, at_most: int = 100) -> int:
    """Send what is due, and forget what is old. The number the mail server took."""
    AccountMail.objects.exclude(state=AccountMail.State.OWED).filter(
        created_at__lt=timezone.now() - KEPT
    ).delete()
    return outbox.drain([AccountMail], at_most=at_most).taken


# --- What a person may take along, and leave ---------------------------------------------------


def everything_about(user: User) -> dict[str, Any]:
    """All that the portal keeps about a person, as plain data for their own use."""
    profile = profile_of(user)
    kept: dict[str, Any] = {
        "account": {
            "name": user.name,
            "email": user.email,
            "joined": user.date_joined.isoformat(),
            "last_log_in": user.last_login.isoformat() if user.last_login else None,
            "portal_moderator": user.is_staff,
        },
        "profile": {
            "organisation": profile.organisation,
            "organisation_kind": profile.organisation_kind,
            "position": profile.position,
            "country": str(profile.country),
            "languages": list(profile.languages.values_list("code", flat=True)),
            "expertise": profile.expertise,
            "about": profile.about,
            "time_zone": profile.time_zone,
            "language_of_mails": profile.interface_language,
            "who_may_see": {field: profile.audience_of(field) for field in Profile.FIELDS},
        },
        "email_addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "second_factors": [
            {"kind": kind, "added": created.isoformat(), "last_used": used and used.isoformat()}
            for kind, created, used in Authenticator.objects.filter(user=user)
            .order_by("pk")
            .values_list("type", "created_at", "last_used_at")
        ],
        "sessions": [
            {
                "began": began.isoformat(),
                "last_seen": seen.isoformat(),
                "address": ip,
                "browser": ua,
            }
            for began, seen, ip, ua in UserSession.objects.filter(user=user)
            .order_by("pk")
            .values_list("created_at", "last_seen_at", "ip", "user_agent")
        ],
        "actions": [
            {"time": time.isoformat(), "verb": verb, "target": target, "reason": note}
            for time, verb, target, note in AuditEntry.objects.filter(actor=user)
            .order_by("created_at", "pk")
            .values_list("created_at", "verb", "target_label", "note")
        ],
    }
    answers: list[tuple[Any, Any]] = personal_data.send(User, user=user)
    for _receiver, (section, rows) in answers:
        kept[section] = rows
    return kept


def close_account(*, by: User, user: User) -> None:
    """End an account for good, at its owner's wish.

    What identifies the person goes: name, address, profile, keys, sessions, and their name in
    the audit. What they contributed stays, attributed to "Former member". Repeating it is
    harmless.
    """
    if by.pk != user.pk:
        raise PermissionDenied
    if user.closed_at:
        return
    if user.is_superuser and not (
        User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists()
    ):
        raise DomainError(
            _("You are the only administrator. Make someone else one, then close your account."),
            code="last-administrator",
        )
    address, former = user.email, _("Former member")
    with transaction.atomic():
        AuditHead.hold()  # before any row, as everybody who records
        account_closed.send(User, user=user)
        profile = profile_of(user)
        profile.languages.clear()
        Profile.objects.filter(pk=profile.pk).update(
            organisation="",
            organisation_kind="",
            position="",
            country="",
            expertise="",
            about="",
            time_zone="UTC",
            name_audience=Audience.NOBODY,
            audiences={},
        )
        for session in UserSession.objects.filter(user=user):
            session.end()
        Authenticator.objects.filter(user=user).delete()
        EmailAddress.objects.filter(user=user).delete()
        AccountMail.objects.filter(to__iexact=address).delete()
        user.name = ""
        user.email = f"closed-{user.pk}@closed.invalid"
        user.is_active = user.is_staff = user.is_superuser = False
        user.closed_at = timezone.now()
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()
        AuditEntry.forget(by=user, person=user, verb="close", name=former)
        with translation.override(profile.interface_language):
            context = {"portal_name": settings.PORTAL_NAME, "portal_url": settings.PORTAL_URL}
            owe_mail(
                to=address,
                purpose="account_closed",
                subject=render_to_string("account/email/closed_subject.txt", context).strip(),
                body=render_to_string("account/email/closed_message.txt", context).strip(),
                asked_by_anyone=False,
            )


def end_session(*, by: User, session: UserSession) -> None:
    """Sign out one browser of one's own."""
    if session.user_id != by.pk:
        raise PermissionDenied
    session.end()


def set_active(*, by: User, user: User, active: bool, note: str) -> None:
    """Let a person in or keep them out; their sessions end with their next request."""
    if not by.has_perm("accounts.suspend_user", user):
        raise PermissionDenied
    if user.closed_at:
        raise DomainError(_("A closed account stays closed."), code="closed")
    if not note.strip():
        raise DomainError(_("Write why, so that others can follow it later."), code="no-reason")
    if by.pk == user.pk:
        raise DomainError(_("You cannot suspend yourself."), code="yourself")
    with transaction.atomic():
        head = AuditHead.hold()
        if not User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active):
            return
        user.is_active = active
        if not active:
            for session in UserSession.objects.filter(user=user):
                session.end()
        verb = "restore" if active else "suspend"
        head.append(by=by, verb=verb, target=user, note=note, data={})
        access_changed.send(User, user=user)


def set_rights(*, by: User, user: User, note: str, **rights: bool) -> None:
    """Make someone a portal moderator or an administrator, or end that. Administrators only."""
    if not by.is_superuser or not set(rights) <= {"is_staff", "is_superuser"}:
        raise PermissionDenied
    if by.pk == user.pk:
        raise DomainError(_("Ask someone else to change your own rights."), code="yourself")
    if user.closed_at:
        raise DomainError(_("A closed account stays closed."), code="closed")
    with transaction.atomic():
        head = AuditHead.hold()
        User.objects.filter(pk=user.pk).update(**rights)
        for right, value in rights.items():
            setattr(user, right, value)
        head.append(by=by, verb="rights", target=user, note=note, data=rights)


def may_be_seen_by(profile: Profile, viewer: User | AnonymousUser) -> dict[str, Any]:
    """The fields of a profile that this person may see and that say something."""
    shown: dict[str, Any] = {}
    for field in Profile.FIELDS:
        if not profile.may_see(field, viewer):
            continue
        if field == "name":
            shown[field] = str(profile.user)
        elif field == "languages":
            shown[field] = list(profile.languages.all())
        elif field == "organisation_kind":
            shown[field] = profile.get_organisation_kind_display()
        elif field == "country":
            country: Any = profile.country
            shown[field] = country.name if country else ""
        else:
            shown[field] = getattr(profile, field)
    return {field: value for field, value in shown.items() if value}
