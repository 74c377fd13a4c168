"""Uploaded files: what they are is read from their bytes, never from their name.

A short list of kinds is let in. Pictures are decoded and written anew, so that nothing but
the picture remains: no place, no camera, no second file hidden behind it. Office documents
are archives and are looked into without being unpacked. Everything else is refused, worded
for the person who chose the file.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.utils.translation import gettext as _

from core.plaintext import tidy

if TYPE_CHECKING:
    from PIL import Image

MEGABYTE = 1024 * 1024
#: An archive may hold so many files, grow so much, and become so large when unpacked.
MAX_ENTRIES = 2000
MAX_RATIO = 100
MAX_UNPACKED = 200 * MEGABYTE
#: Small archives of very regular text pass 100:1 honestly.
RATIO_COUNTS_FROM = 10 * MEGABYTE
MAX_NAME = 120
#: Files are read on up to so many times the limit, so that a refusal can say how large they are.
READ_ON = 5

EXTENSIONS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "text/csv": ".csv",
    "text/plain": ".txt",
}
#: For the ``accept`` attribute: what the file dialogue offers. A convenience, not a check.
ACCEPT = ".pdf,.png,.jpg,.jpeg,.webp,.gif,.docx,.xlsx,.pptx,.odt,.ods,.csv,.txt"
#: Kinds a browser may show inside a page: the rasters written here.
INLINE = frozenset({"image/png", "image/jpeg", "image/webp"})

#: How each kind of picture is written anew. MPO is what telephones call a JPEG with a second,
#: hidden picture; only the first is kept.
_PICTURES = {"PNG": "PNG", "JPEG": "JPEG", "MPO": "JPEG", "WEBP": "WEBP", "GIF": "PNG"}
_PICTURE_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF87a", "picture"),
    (b"GIF89a", "picture"),
    (b"PK\x03\x04", "archive"),
)
#: The second opinion must know the file as one of these.
_AGREES = {
    "pdf": {".pdf", ".ai"},
    "archive": {".zip", ".docx", ".xlsx", ".pptx", ".odt", ".ods"},
}
_OFFICE = (
    (b"wordprocessingml.document.main+xml", ".docx"),
    (b"spreadsheetml.sheet.main+xml", ".xlsx"),
    (b"presentationml.presentation.main+xml", ".pptx"),
)
_TYPES = {extension: content_type for content_type, extension in EXTENSIONS.items()}
_MACROS = re.compile(
    r"(^|/)(vbaproject[^/]*\.bin|vbadata[^/]*\.xml|activex/|macrosheets/|basic/|scripts/)",
    re.IGNORECASE,
)
_PROGRAMS = re.compile(
    r"\.(exe|dll|com|scr|msi|bat|cmd|ps1|vbs|vbe|js|jse|wsf|hta|jar|sh|lnk|htm|html|xhtml)$",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|meta|xml)|<\?(xml|php)",
    re.IGNORECASE,
)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file as it will be stored: its bytes, its true kind, a harmless name."""

    name: str
    content_type: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def megabytes(size: int) -> str:
    """Rounded up, so that what is over a limit never reads like the limit."""
    return str(max(1, math.ceil(size / MEGABYTE)))


def inspect(upload: Any) -> Inspected:
    """Look at an uploaded file and return what may be stored, or refuse with the reason.

    ``upload`` is a Django ``UploadedFile``. Raises ``ValidationError``.
    """
    limit: int = settings.UPLOAD_LIMIT
    if upload.size > limit:
        raise too_large(upload.size)
    upload.seek(0)
    data: bytes = upload.read(limit + 1)
    if not data:
        raise _refuse("empty", _("This file is empty."))
    if len(data) > limit:
        raise too_large(len(data))
    content_type, data = _recognised(data, upload.name or "")
    return Inspected(safe_name(upload.name or "", EXTENSIONS[content_type]), content_type, data)


def too_large(size: int | None = None) -> ValidationError:
    limit = megabytes(settings.UPLOAD_LIMIT)
    if size is None:
        text = _("This file is far too large. The limit is %(limit)s MB.") % {"limit": limit}
    else:
        text = _("This file is %(size)s MB. The limit is %(limit)s MB.") % {
            "size": megabytes(size),
            "limit": limit,
        }
    return _refuse("size", text)


def _refuse(code: str, text: str) -> ValidationError:
    return ValidationError(text, code=code)


def _unknown() -> ValidationError:
    return _refuse(
        "kind",
        _(
            "This kind of file cannot be stored here. Use PDF, PNG, JPEG, WebP, DOCX, XLSX, PPTX,"
            " ODT, ODS, CSV or plain text."
        ),
    )


def _recognised(data: bytes, name: str) -> tuple[str, bytes]:
    """The true kind, and the bytes to keep."""
    shape = next((kind for start, kind in _SIGNATURES if data.startswith(start)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        shape = "picture"
    if shape in _AGREES and not _second_opinion(data) & _AGREES[shape]:
        raise _unknown()
    if shape == "pdf":
        return _pdf(data)
    if shape == "picture":
        return _picture(data)
    if shape == "archive":
        return _archive(data)
    return _plain_text(data, name)


def _second_opinion(data: bytes) -> set[str]:
    import puremagic  # noqa: PLC0415 (most pages take no files)

    try:
        return {match.extension for match in puremagic.magic_string(data)}
    except (puremagic.PureError, ValueError):
        return set()


# --- Documents ---------------------------------------------------------------------------


def _pdf(data: bytes) -> tuple[str, bytes]:
    if b"%%EOF" not in data[-2048:]:
        raise _refuse("broken", _("This PDF ends too early. Save it again and choose it anew."))
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise _refuse("polyglot", _("This file is a PDF and an archive at once."))
    return "application/pdf", data


def _archive(data: bytes) -> tuple[str, bytes]:
    """An office document, if that is what the archive is; looked into, never unpacked."""
    broken = _refuse("broken", _("This document is damaged. Save it again and choose it anew."))
    if data[-22:-18] != b"PK\x05\x06" or data[-2:] != b"\x00\x00":
        raise broken  # something stands behind the archive
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _entries(entries, packed=len(data))
            extension = _office_kind(archive)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError, EOFError):
        raise broken from None
    return _TYPES[extension], data


def _entries(entries: list[zipfile.ZipInfo], *, packed: int) -> None:
    """Refuse bombs, hidden programs, macros, and names that lead out of the archive."""
    unpacked = sum(entry.file_size for entry in entries)
    names = {entry.filename for entry in entries}
    offsets = {entry.header_offset for entry in entries}
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or (unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed)
        or len(names) != len(entries)
        or len(offsets) != len(entries)
        or min(offsets, default=1) != 0
    ):
        raise _refuse("bomb", _("This document unpacks to far more than a document holds."))
    for entry in entries:
        if entry.flag_bits & 1:
            raise _refuse(
                "encrypted", _("This document is locked with a password. Save it without one.")
            )
        mode = entry.external_attr >> 16
        leads_out = entry.filename.startswith(("/", "\\")) or ".." in re.split(
            r"[/\\]", entry.filename
        )
        if leads_out or stat.S_ISLNK(mode) or _PROGRAMS.search(entry.filename):
            raise _refuse("program", _("This document hides a program or a page of code."))
        if _MACROS.search(entry.filename):
            raise _refuse("macros", _("This document contains macros. Save it without them."))


def _office_kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "[Content_Types].xml" in names:
        listed = _read(archive, "[Content_Types].xml")
        if b"macroenabled" in listed.lower():
            raise _refuse("macros", _("This document contains macros. Save it without them."))
        for words, extension in _OFFICE:
            if words in listed:
                return extension
    elif "mimetype" in names:
        declared = _read(archive, "mimetype").decode("ascii", "replace").strip()
        if "opendocument" in declared and declared in EXTENSIONS:
            return EXTENSIONS[declared]
    raise _unknown()


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(MEGABYTE)


def _plain_text(data: bytes, name: str) -> tuple[str, bytes]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unknown() from None
    if _NOT_TEXT.search(text) or text.startswith("#!") or _MARKUP.search(text):
        raise _unknown()
    is_table = name.lower().endswith((".csv", ".tsv"))
    return ("text/csv" if is_table else "text/plain"), data


# --- Pictures ----------------------------------------------------------------------------


def _picture(data: bytes) -> tuple[str, bytes]:
    """Decode within limits and write anew: pixels only."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 (most pages take no pictures)

    most: int = settings.UPLOAD_PIXEL_LIMIT
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP", "GIF"]) as picture:
            # Only the header has been read so far.
            width, height = picture.size
            if width * height > most:
                raise _refuse(
                    "pixels",
                    _("This picture has %(has)s million pixels. The limit is %(limit)s million.")
                    % {"has": math.ceil(width * height / 1e6), "limit": most // 1_000_000},
                )
            if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
                raise _refuse(
                    "moving", _("This picture moves. Choose a still one, or give a link.")
                )
            kind = _PICTURES[str(picture.format)]
            return _PICTURE_TYPES[kind], _written_anew(picture, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refuse(
            "pixels",
            _("This picture has far too many pixels. The limit is %(limit)s million.")
            % {"limit": most // 1_000_000},
        ) from None
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        IndexError,
        KeyError,
        TypeError,
        OverflowError,
    ):
        raise _refuse(
            "broken", _("This picture cannot be read. Save it again and choose it anew.")
        ) from None


def _written_anew(picture: Image.Image, kind: str) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 (see above)

    picture.load()
    upright = ImageOps.exif_transpose(picture)
    plain = _in_srgb(upright)
    if plain.mode.startswith("I"):  # sixteen bits of grey: keep the upper eight
        plain = plain.point(lambda value: value * (1 / 256)).convert("L")
    transparent = plain.mode in {"RGBA", "LA", "PA"} or "transparency" in plain.info
    if kind == "JPEG" or (plain.mode not in {"RGB", "RGBA", "L"}):
        grey = plain.mode in {"L", "1", "F"}
        plain = plain.convert(
            "L" if grey and not transparent else "RGBA" if transparent and kind != "JPEG" else "RGB"
        )
    # A new image of the same pixels: comments, palettes with extras and profiles stay behind.
    fresh = Image.frombytes(plain.mode, plain.size, plain.tobytes())
    out = io.BytesIO()
    options: dict[str, Any] = {"PNG": {}, "JPEG": {"quality": 88}, "WEBP": {"quality": 88}}[kind]
    fresh.save(out, kind, **options)
    return out.getvalue()


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Colours as they were meant, since the profile is dropped; as they are if it is unreadable."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "CMYK", "L"}:
        return picture
    from PIL import ImageCms  # noqa: PLC0415 (see above)

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        mode = "RGB" if picture.mode == "CMYK" else picture.mode
        turned = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return turned or picture


# --- Names -------------------------------------------------------------------------------


def safe_name(name: str, extension: str) -> str:
    """A name that is a name everywhere: no path, no control or turning characters, true ending."""
    name = re.split(r"[/\\]", name)[-1]
    name = unicodedata.normalize("NFC", tidy(name.encode("utf-8", "ignore").decode()))
    stem = name.rsplit(".", 1)[0] if "." in name else name
    stem = re.sub(r"[<>:\"|?*;\x00-\x1f\u200b-\u200f\u061c]", "_", stem)
    stem = re.sub(r"\s+", " ", stem).strip(" .")[:MAX_NAME].rstrip(" .")
    return f"{stem or 'file'}{extension}"


# --- Reading no further than needed --------------------------------------------------------


class StopReading(FileUploadHandler):
    """Stop storing a file once it is many times larger than any file may be.

    The rest of the form is still read, so nothing typed is lost. ``request.too_large`` names
    the fields whose files were dropped.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > READ_ON * settings.UPLOAD_LIMIT:
            dropped: set[str] = getattr(self.request, "too_large", set())
            self.request.too_large = dropped | {self.field_name or ""}  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
