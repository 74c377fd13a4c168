"""Messages of Django and its libraries that the portal says in its own voice.

Nothing imports this module. It lists their wording as written there, so that it is taken up
by ``make messages``; ``locale/en`` then holds our English, the other languages theirs.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

_("This field is required.")
_("Enter a valid value.")
_("Enter a valid email address.")
_("Enter a valid URL.")
_("Enter a whole number.")
_("Enter a number.")
_("Enter a valid date.")
_("Enter a valid UUID.")
_("Null characters are not allowed.")
_("Select a valid choice. %(value)s is not one of the available choices.")
_("Select a valid choice. That choice is not one of the available choices.")
_("Ensure this value is less than or equal to %(limit_value)s.")
_("Ensure this value is greater than or equal to %(limit_value)s.")
_("The submitted file is empty.")
_("No file was submitted. Check the encoding type on the form.")
_("%(model_name)s with this %(field_label)s already exists.")
ngettext_lazy(
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    "limit_value",
)
ngettext_lazy(
    "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
    "limit_value",
)
ngettext_lazy(
    "Ensure that there are no more than %(max)s digit in total.",
    "Ensure that there are no more than %(max)s digits in total.",
    "max",
)
