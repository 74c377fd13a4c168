"""The chairs' and moderators' desk: cases, reviewers, records, appeals, challenges, figures."""

from validation.admin.cases import CaseAdmin
from validation.admin.others import AppealAdmin, ChallengeAdmin, RecordAdmin, ReviewerAdmin

__all__ = ["AppealAdmin", "CaseAdmin", "ChallengeAdmin", "RecordAdmin", "ReviewerAdmin"]
