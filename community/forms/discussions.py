"""What people type in discussions: a topic, an answer, a change."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from community.forms.trap import Trapped
from community.operations.discussing import LONGEST, LONGEST_QUOTE
from core.fields import LimitedField, LongField
from core.richtext import RichTextField


class KeyedForm(Trapped):
    """A form that is one record however often it is sent."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, initial: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial={"form_key": uuid.uuid4(), **(initial or {})}, **kwargs)

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None):
            self.cleaned_data["form_key"] = uuid.uuid4()


class ReplyForm(KeyedForm):
    """An answer, perhaps to one post, perhaps with some of its words."""

    quote = LongField(
        label=gettext_lazy("Words you answer to"),
        max_length=LONGEST_QUOTE,
        required=False,
        help_text=gettext_lazy(
            "Cut this down to what matters. “…” stands for what you leave out. Empty: no quotation."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    body = RichTextField(
        label=gettext_lazy("Your reply"),
        max_length=LONGEST,
        help_text=gettext_lazy("Say what happened, then what you would do next time."),
        error_messages={"required": gettext_lazy("Write something first.")},
    )
    reply_to = forms.CharField(max_length=12, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, quotes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs["rows"] = 7
        if not quotes:
            del self.fields["quote"]


class TopicForm(KeyedForm):
    """A new discussion: what it is about, and the first post."""

    title = LimitedField(
        label=gettext_lazy("What is it about?"),
        max_length=160,
        help_text=gettext_lazy("One question or subject, so that others find it."),
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    body = RichTextField(
        label=gettext_lazy("Your first post"),
        max_length=LONGEST,
        help_text=gettext_lazy("What did you do or see, and what would you like to know?"),
        error_messages={"required": gettext_lazy("Write something first.")},
    )


class ChangeForm(forms.Form):
    """The new text of a post, and why."""

    body = RichTextField(
        label=gettext_lazy("Text"),
        max_length=LONGEST,
        error_messages={"required": gettext_lazy("Write something first.")},
    )
    reason = LimitedField(
        label=gettext_lazy("What did you change, and why?"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("It stands in the history of the post."),
    )
    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
