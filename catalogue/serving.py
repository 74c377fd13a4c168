"""How a deposited file is sent, wherever the record that names it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from catalogue.files import INLINE_TYPES

if TYPE_CHECKING:
    from django.http import HttpRequest

    from catalogue.models import StoredFile


def _body_of(stored: StoredFile) -> HttpResponseBase:
    """The file itself, or word to the web server in front to send it."""
    if settings.X_ACCEL_PREFIX:
        prefix = settings.X_ACCEL_PREFIX.rstrip("/")
        return HttpResponse(headers={"X-Accel-Redirect": f"{prefix}/{stored.file.name}"})
    try:
        return FileResponse(stored.file.open("rb"))
    except FileNotFoundError:
        raise Http404 from None


def served(request: HttpRequest, stored: StoredFile, *, is_open: bool) -> HttpResponseBase:
    """The file, for somebody the caller has found entitled to it; ``is_open``: as everybody is.

    It is never run by a browser: its type is what the inspection found, sniffing is off, and
    a policy of its own shuts it in. Only images the portal encoded itself show in the page.
    """
    etag = f'"{stored.sha256}"'
    response = get_conditional_response(request, etag=etag) or _body_of(stored)
    response["ETag"] = etag
    response["Content-Type"] = stored.content_type
    response["Content-Disposition"] = (
        content_disposition_header(
            as_attachment=stored.content_type not in INLINE_TYPES,
            filename=re.sub(r"[\x00-\x1f\x7f/\\]+", " ", stored.name).strip() or str(stored.key),
        )
        or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "public, max-age=300" if is_open else "private, no-store"
    return response
