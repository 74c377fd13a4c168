"""The closed lists of hub profiles; the terms are those of the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: What the history of a hub calls what happened.
VERBS: dict[str, StrOrPromise] = {
    "add": _("Hub added"),
    "change": _("Profile changed"),
    "state": _("Statement added"),
    "restate": _("Statement changed"),
    "unstate": _("Statement removed"),
    "prefer": _("Statement preferred"),
    "state-mix": _("Financing mix changed"),
    "confirm-profile": _("Profile confirmed"),
    "restore-profile": _("Earlier profile restored"),
    "merge": _("Became one hub"),
    "give-role": _("Role given"),
    "take-role": _("Role taken back"),
    "leave-hub": _("Left the team"),
    "invite-member": _("Invited to the team"),
    "accept": _("Invitation accepted"),
    "decline": _("Declined"),
    "withdraw": _("Withdrawn"),
}


class OrganisationalModel(TextChoices):
    """Where a hub sits and what form it has (Chapter 4, section 2)."""

    FOREIGN_MINISTRY = "foreign_ministry", _("Agency of a foreign ministry")
    PLANNING_MINISTRY = "planning_ministry", _("Part of a planning ministry")
    LINE_MINISTRY = "line_ministry", _("Line ministry or part of one")
    INTER_MINISTERIAL = "inter_ministerial", _("Team of several ministries")
    PUBLIC_COMPANY = "public_company", _("Public company")
    RESEARCH = "research", _("Research or training institution")
    SECTOR_AGENCY = "sector_agency", _("Sector agency")
    ASSOCIATION = "association", _("Association")
    REGIONAL_NETWORK = "regional_network", _("Network across countries")
    CITY_AGENCY = "city_agency", _("Agency of a city")
    MULTILATERAL = "multilateral", _("Programme of an international organisation")


class Function(TextChoices):
    """What a hub does: the capacities named by the focus session of 2014, and brokering."""

    IDENTIFY = "identify", _("Identifies and validates solutions")
    PACKAGE = "package", _("Packages, adapts and shares them")
    PARTNER = "partner", _("Builds long-term partnerships")
    EVALUATE = "evaluate", _("Documents results and evaluates")
    COORDINATE = "coordinate", _("Coordinates national institutions")
    BROKER = "broker", _("Brokers between institutions")
    FUND = "fund", _("Funds exchanges")
    TRAIN = "train", _("Trains")
    RESEARCH = "research", _("Researches")


class Modality(TextChoices):
    """Ways to exchange, as the seeds and the field name them."""

    FIELD_VISIT = "field_visit", _("Field visit")
    STUDY_VISIT = "study_visit", _("Study visit")
    WORKSHOP = "workshop", _("Workshop")
    EXPERT_MISSION = "expert_mission", _("Expert mission")
    JOINT_STUDY = "joint_study", _("Joint study")
    TWINNING = "twinning", _("Twinning")
    SECONDMENT = "secondment", _("Secondment")
    DIALOGUE = "dialogue", _("Dialogue")
    VIDEO_CONFERENCE = "video_conference", _("Video conference")
    MENTORING = "mentoring", _("Mentoring")
    FILE_SHARING = "file_sharing", _("File sharing")


class ContactRole(TextChoices):
    """What a contact of a hub answers."""

    EXCHANGES = "exchanges", _("Requests for exchange")
    SOLUTIONS = "solutions", _("Questions on solutions")
    MEDIA = "media", _("Media")
    HEAD = "head", _("Head of the hub")
    GENERAL = "general", _("General enquiries")


class Light(TextChoices):
    """How long ago a hub confirmed its profile."""

    FRESH = "fresh", _("Confirmed within a year")
    AGEING = "ageing", _("Confirmed within two years")
    OLD = "old", _("Confirmed more than two years ago")
    NEVER = "never", _("Not yet confirmed by the hub")
