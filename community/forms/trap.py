"""What forms notice about programs that fill them in: a field nobody sees, and too little time.

It refuses nothing and drops nothing: a moderator reads such a text of a new member first.

    class PostForm(Trapped, forms.Form): ...      {{ form.trap }} inside the form
    write_post(…, noticed=form.noticed())
"""

from __future__ import annotations

import datetime as dt

from django import forms
from django.core import signing
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community.screening import TOO_FAST

SALT = "community.form-began"


class Trapped(forms.Form):
    """A form with a field for programs and the time it was shown.

    A form sent again after a refusal keeps the time it was first shown.
    """

    @property
    def trap(self) -> SafeString:
        began = str(
            self.data.get("began") or signing.dumps(int(timezone.now().timestamp()), salt=SALT)
        )
        return format_html(
            '<input type="hidden" name="began" value="{}">'
            '<p class="vh" aria-hidden="true"><label>{} <input name="website" tabindex="-1"'
            ' autocomplete="off"></label></p>',
            began,
            _("Leave this empty"),
        )

    def noticed(self) -> str:
        """Why somebody should read this first, or nothing. A missing or old time says nothing."""
        if self.data.get("website"):
            return _("filled in a field people do not see")
        try:
            began = signing.loads(str(self.data.get("began", "")), salt=SALT)
        except signing.BadSignature:
            return ""
        shown = dt.datetime.fromtimestamp(int(began), dt.UTC)
        # The time is kept in whole seconds.
        if timezone.now() - shown < TOO_FAST:
            return _("sent within seconds")
        return ""
