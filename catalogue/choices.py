"""The closed lists of the solution record (the terms are those of the specification)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from hubs.choices import Modality


class Publication(TextChoices):
    """Who can read the record; independent of its validation."""

    PRIVATE = "private", _("Private")
    PUBLIC = "public", _("Public")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Validation(TextChoices):
    """How far the panel has come with the record; independent of its publication."""

    NONE = "none", _("Documented, not validated")
    SCREENING = "screening", _("In screening")
    IN_REVIEW = "in_review", _("In review")
    CLARIFICATION = "clarification", _("In clarification")
    DECISION = "decision", _("Awaiting decision")
    VALIDATED = "validated", _("Validated")
    PROMISING = "promising", _("Promising")
    NOT_VALIDATED = "not_validated", _("Not validated")
    SUSPENDED = "suspended", _("Suspended")
    EXPIRED = "expired", _("Expired")


class Level(TextChoices):
    """What the mark on a page says: publication and validation in one word."""

    DOCUMENTED = "documented", _("Documented, not validated")
    IN_REVIEW = "in_review", _("In review")
    PROMISING = "promising", _("Promising")
    VALIDATED = "validated", _("Validated")
    ADOPTED = "adopted", _("Adopted elsewhere")
    EXPIRED = "expired", _("Expired")
    SUSPENDED = "suspended", _("Suspended")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Kind(TextChoices):
    POLICY = "policy", _("Policy")
    PROGRAMME = "programme", _("Programme")
    SERVICE = "service", _("Service")
    TECHNOLOGY = "technology", _("Technology")
    METHOD = "method", _("Method")


class Stage(TextChoices):
    PILOT = "pilot", _("Pilot")
    SCALING = "scaling", _("Scaling")
    INSTITUTIONAL = "institutional", _("Institutional")


class Scale(TextChoices):
    LOCAL = "local", _("Local")
    SUBNATIONAL = "subnational", _("Sub-national")
    NATIONAL = "national", _("National")
    REGIONAL = "regional", _("Several countries")
    GLOBAL = "global", _("Global")


class Form(TextChoices):
    """Two forms of one record."""

    SNAPSHOT = "snapshot", _("Snapshot")
    FULL = "full", _("Full record")


class EvidenceKind(TextChoices):
    EVALUATION = "evaluation", _("Evaluation")
    STUDY = "study", _("Study or article")
    REPORT = "report", _("Report")
    DATA = "data", _("Data set")
    LEGAL = "legal", _("Law or policy text")
    BUDGET = "budget", _("Budget or accounts")
    AGREEMENT = "agreement", _("Agreement")
    MANUAL = "manual", _("Manual or documentation")
    CODE = "code", _("Source code")
    PAGE = "page", _("Web page")
    MEDIA = "media", _("Photo, audio or video")
    OTHER = "other", _("Other")


class Access(TextChoices):
    OPEN = "open", _("Open to everyone")
    RESTRICTED = "restricted", _("Only for the team, the desk and the panel")


class LinkState(TextChoices):
    UNCHECKED = "unchecked", _("Not checked yet")
    OPENS = "opens", _("Opens")
    BROKEN = "broken", _("Does not open")
    REFUSED = "refused", _("Address not allowed")


class BlockRole(TextChoices):
    CORE = "core", _("Core: keep it as it is")
    ADAPTABLE = "adaptable", _("Adaptable: change it to fit")


class ContributorRole(TextChoices):
    AUTHOR = "author", _("Author of this record")
    IMPLEMENTER = "implementer", _("Carried the practice out")
    PARTNER = "partner", _("Partner")
    FUNDER = "funder", _("Funder")
    EVALUATOR = "evaluator", _("Evaluator")
    TRANSLATOR = "translator", _("Translator")


class Licence(TextChoices):
    CC_BY = "CC-BY-4.0", _("Creative Commons Attribution 4.0")
    CC_BY_SA = "CC-BY-SA-4.0", _("Creative Commons Attribution-ShareAlike 4.0")
    CC0 = "CC0-1.0", _("Creative Commons Zero 1.0 (public domain)")
    CC_BY_NC = "CC-BY-NC-4.0", _("Creative Commons Attribution-NonCommercial 4.0")
    OTHER = "other", _("Other, as stated in the record")


class Quality(TextChoices):
    """How a translation came about; whether it is outdated is computed."""

    HUMAN = "human", _("Translated by a person")
    MACHINE = "machine", _("Translated by a machine")


class SubmissionState(TextChoices):
    SCREENING = "screening", _("In screening")
    PASSED = "passed", _("Passed screening")
    RETURNED = "returned", _("Returned for changes")
    DECLINED = "declined", _("Declined")
    RECALLED = "recalled", _("Taken back by its team")


# Ways to exchange are the same for hubs and solutions.
__all__ = [
    "Access",
    "BlockRole",
    "ContributorRole",
    "EvidenceKind",
    "Form",
    "Kind",
    "Level",
    "Licence",
    "LinkState",
    "Modality",
    "Publication",
    "Quality",
    "Scale",
    "Stage",
    "SubmissionState",
    "Validation",
]
