"""Who follows what; what is owed to whom."""

from notifications.models.following import Follow, Kind, LastLook
from notifications.models.notices import Notice, Notification, Reason, Subject

__all__ = ["Follow", "Kind", "LastLook", "Notice", "Notification", "Reason", "Subject"]
