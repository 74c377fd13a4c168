"""Who follows what; what is owed to whom."""

from notifications.models.addresses import Address, ReportCount
from notifications.models.deliveries import Delivery
from notifications.models.devices import Device, FeedKey, PushDelivery
from notifications.models.following import Follow, Kind, LastLook
from notifications.models.notices import Letter, Notice, Notification, Reason, Subject
from notifications.models.searches import SavedSearch
from notifications.models.wishes import Preference, Times

__all__ = [
    "Address",
    "Delivery",
    "Device",
    "FeedKey",
    "Follow",
    "Kind",
    "LastLook",
    "Letter",
    "Notice",
    "Notification",
    "Preference",
    "PushDelivery",
    "Reason",
    "ReportCount",
    "SavedSearch",
    "Subject",
    "Times",
]
