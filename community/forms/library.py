"""What members and moderators write about a work, and the bibliographies they bring."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.choices import PublicationKind
from community.library import reading
from community.library.identifiers import doi_of, isbn_of
from community.models import Chapter, LivingLab, MonthlyTheme
from core.fields import DateField, LimitedField, LongField, PickField
from hubs import reference
from hubs.forms.fields import WebField

if TYPE_CHECKING:
    from accounts.models import User
    from community.models import LibraryItem

PLACES = {"theme": MonthlyTheme, "chapter": Chapter, "lab": LivingLab}


def language_choices() -> list[tuple[str, str]]:
    """Every language by its own name."""
    rows = sorted(reference.languages().values(), key=lambda row: row.name)
    return [("", "—"), *((row.code, row.native_name or row.name) for row in rows)]


class WorkForm(forms.Form):
    """One work: what it is called, who made it, where it can be found."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    title = LimitedField(
        label=gettext_lazy("Title"),
        max_length=400,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    authors = LimitedField(
        label=gettext_lazy("Authors"),
        help_text=gettext_lazy(
            "People or institutions, divided by semicolons. Write them as the work does."
        ),
        max_length=300,
        required=False,
    )
    publication = PickField(
        label=gettext_lazy("Kind of publication"),
        choices=[("", "—"), *PublicationKind.choices],
        error_messages={"required": gettext_lazy("Choose one of the list.")},
    )
    date = DateField(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("As far as it is known: 2013, 2013-05 or 2013-05-16."),
        required=False,
    )
    url = WebField(label=gettext_lazy("Address on the web"), max_length=500, required=False)
    doi = LimitedField(
        label=gettext_lazy("DOI"),
        help_text=gettext_lazy("Like 10.1596/12345."),
        max_length=220,
        required=False,
    )
    isbn = LimitedField(label=gettext_lazy("ISBN"), max_length=40, required=False)
    publisher = LimitedField(label=gettext_lazy("Publisher"), max_length=200, required=False)
    container = LimitedField(
        label=gettext_lazy("Published in"),
        help_text=gettext_lazy("The journal, book or series."),
        max_length=300,
        required=False,
    )
    volume = LimitedField(label=gettext_lazy("Volume"), max_length=40, required=False)
    issue = LimitedField(label=gettext_lazy("Issue or number"), max_length=40, required=False)
    pages = LimitedField(label=gettext_lazy("Pages"), max_length=40, required=False)
    language = PickField(label=gettext_lazy("Language of the work"), required=False)
    abstract = LongField(label=gettext_lazy("Abstract"), max_length=5000, required=False)
    tags = LimitedField(
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("Up to 20 words it should be found by, divided by commas."),
        max_length=600,
        required=False,
    )
    theme = PickField(label=gettext_lazy("Theme"), required=False)
    chapter = PickField(label=gettext_lazy("Chapter"), required=False)
    lab = PickField(label=gettext_lazy("Living lab"), required=False)

    def __init__(self, *args: Any, user: User, item: LibraryItem | None = None, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.fields["language"].choices = language_choices()
        if item is not None and item.reference.language not in reference.languages():
            code = item.reference.language
            self.fields["language"].choices.append((code, code))
        for name, model in PLACES.items():
            rows = list(model._default_manager.visible_to(user))
            self.places = {**getattr(self, "places", {}), name: {str(row.pk): row for row in rows}}
            self.fields[name].choices = [("", "—"), *((str(row.pk), str(row)) for row in rows)]
            if not rows:
                del self.fields[name]

    def clean_doi(self) -> str:
        text = str(self.cleaned_data["doi"])
        if text and not doi_of(text):
            raise ValidationError(_("A DOI looks like 10.1596/12345. Copy it again."))
        return doi_of(text)

    def clean_isbn(self) -> str:
        text = str(self.cleaned_data["isbn"])
        if text and not isbn_of(text):
            raise ValidationError(_("This is no ISBN: its last digit does not fit the others."))
        return isbn_of(text)

    def told(self) -> dict[str, Any]:
        """What the operation takes."""
        data = dict(self.cleaned_data)
        data.pop("form_key", None)
        for name in PLACES:
            if name in self.fields:
                data[name] = self.places[name].get(data[name])
        data["tags"] = [tag for tag in re.split(r"[,;\n]", data["tags"]) if tag.strip()]
        return data


def opened(item: LibraryItem) -> dict[str, Any]:
    """An entry as the form shows it."""
    row = item.reference
    of_reference = ("title", "authors", "date", "url", "publisher", "language")
    of_item = ("publication", "doi", "isbn", "container", "volume", "issue", "pages", "abstract")
    return {
        **{name: getattr(row, name) for name in of_reference},
        **{name: getattr(item, name) for name in of_item},
        **{name: str(getattr(item, f"{name}_id") or "") for name in PLACES},
        "tags": ", ".join(tag.name for tag in item.tags.all()),
    }


class BibliographyForm(forms.Form):
    """A file, or text that was pasted."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".bib,.ris,.txt,.bibtex,.nbib"}),
        allow_empty_file=True,
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste entries"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "dir": "ltr"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload, text = data.get("file"), data.get("text", "")
        if "file" in self.errors:
            return data
        if (upload is None) == (not text.strip()):
            self.add_error("file", _("Choose a file or paste entries, one of the two."))
            return data
        if upload is not None and upload.size > reading.MOST_BYTES:
            self.add_error(
                "file", _("This is more than 1 MB. Divide it and read the parts one by one.")
            )
        return data

    def content(self) -> tuple[bytes, str]:
        """The bytes to read, and the name of the file."""
        upload = self.cleaned_data["file"]
        if upload is not None:
            return upload.read(reading.MOST_BYTES + 1), upload.name or ""
        return self.cleaned_data["text"].encode("utf-8", "replace"), ""


class RefusalForm(forms.Form):
    """Why a proposal is not listed; the person who proposed it reads this."""

    reason = LimitedField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Who proposed the work reads it."),
        max_length=300,
        error_messages={"required": gettext_lazy("Say why it is not listed.")},
    )


class MergeForm(forms.Form):
    """Which of two entries stays, and which words of each."""

    note = LimitedField(
        label=gettext_lazy("How do you know that they are one?"),
        max_length=300,
        error_messages={"required": gettext_lazy("Say how you know that the two are one.")},
    )
