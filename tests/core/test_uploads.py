"""Uploads: kinds are read from bytes, pictures written anew, everything else refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory, override_settings
from PIL import Image

from core.uploads import inspect, safe_name

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = '<Types><Override ContentType="x.wordprocessingml.document.main+xml"/></Types>'


def upload(data: bytes, name: str = "file.bin") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def archive(entries: dict[str, bytes | str], **options) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def office(words: str, **more: bytes) -> bytes:
    return archive({"[Content_Types].xml": f"<Types>{words}</Types>", "a.xml": "<a/>", **more})


def picture(
    kind: str = "PNG", size: tuple[int, int] = (8, 6), mode: str = "RGB", **options
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 200 if mode in {"L", "P", "I;16"} else (200, 30, 60)).save(
        out, kind, **options
    )
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be huge and holds nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "name", "stored"),
    [
        (PDF, "Report 2021.PDF", ("Report 2021.pdf", "application/pdf")),
        (PDF, "really.exe", ("really.pdf", "application/pdf")),
        (office("wordprocessingml.document.main+xml"), "a.docx", ("a.docx", DOCX)),
        (
            office("spreadsheetml.sheet.main+xml"),
            "b.xlsx",
            ("b.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        (
            office("presentationml.presentation.main+xml"),
            "c.pptx",
            ("c.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ),
        (
            archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}),
            "d.odt",
            ("d.odt", "application/vnd.oasis.opendocument.text"),
        ),
        (
            archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}),
            "e.ods",
            ("e.ods", "application/vnd.oasis.opendocument.spreadsheet"),
        ),
        ("land;año\nBrasil;2013\n".encode(), "f.csv", ("f.csv", "text/csv")),
        ("\ufeffDzień dobry\r\n".encode(), "g.txt", ("g.txt", "text/plain")),
        (b"no ending", "README", ("README.txt", "text/plain")),
        (b"a,b\n1,2\n", "x.html", ("x.txt", "text/plain")),
        (picture("PNG"), "h.png", ("h.png", "image/png")),
        (picture("JPEG"), "i.jpeg", ("i.jpg", "image/jpeg")),
        (picture("WEBP"), "j.webp", ("j.webp", "image/webp")),
        (picture("GIF", mode="P"), "k.gif", ("k.png", "image/png")),
    ],
)
def test_the_kind_is_read_from_the_bytes(data, name, stored):
    found = inspect(upload(data, name))
    assert (found.name, found.content_type) == stored
    assert found.size == len(found.data)
    assert len(found.sha256) == 64


def script_after(data: bytes) -> bytes:
    return data + b"<script>alert(1)</script>"


def pdf_with_archive() -> bytes:
    return PDF + archive({"a.js": "alert(1)"})


def encrypted() -> bytes:
    data = bytearray(office("wordprocessingml.document.main+xml"))
    for start in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[start] |= 1
    return bytes(data)


def bomb() -> bytes:
    return archive({"[Content_Types].xml": WORD, "x.xml": b"0" * 30 * 1024 * 1024})


def many() -> bytes:
    return archive({"[Content_Types].xml": WORD} | {f"{n}.xml": "" for n in range(2001)})


def doubled() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", WORD)
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("[Content_Types].xml", WORD)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("[Content_Types].xml", WORD)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    return out.getvalue()


def moving() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


HOSTILE = {
    "empty": (b"", "empty"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "kind"),
    "svg with a declaration": (b'<?xml version="1.0"?><svg/>', "kind"),
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", "kind"),
    "html far behind": (b"notes\n" * 3000 + b"<script>alert(1)</script>", "kind"),
    "html in utf-16": ("<script>alert(1)</script>".encode("utf-16"), "kind"),
    "php": (b"<?php system($_GET['c']);", "kind"),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", "kind"),
    "windows program": (b"MZ\x90\x00" + bytes(60), "kind"),
    "linux program": (b"\x7fELF" + bytes(60), "kind"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "kind"),
    "rtf with nul": (b"{\\rtf1 \x00}", "kind"),
    "latin-1": ("señor".encode("latin-1"), "kind"),
    "tiff": (b"II*\x00" + bytes(40), "kind"),
    "bmp": (b"BM" + bytes(60), "kind"),
    "plain archive": (archive({"a.txt": "x"}), "kind"),
    "java archive": (archive({"META-INF/MANIFEST.MF": "x", "A.class": "x"}), "kind"),
    "odf of another kind": (archive({"mimetype": "application/x-evil.opendocument"}), "kind"),
    "pdf cut short": (b"%PDF-1.7\nno end", "broken"),
    "pdf with an archive behind": (pdf_with_archive, "polyglot"),
    "html before a pdf": (b"<script>x</script>" + PDF, "kind"),
    "archive with html behind": (
        lambda: script_after(office("wordprocessingml.document.main+xml")),
        "broken",
    ),
    "archive with a program before": (
        lambda: b"MZ" + office("wordprocessingml.document.main+xml"),
        "kind",
    ),
    "archive cut short": (lambda: office("wordprocessingml.document.main+xml")[:-30], "broken"),
    "encrypted document": (encrypted, "encrypted"),
    "bomb": (bomb, "bomb"),
    "too many entries": (many, "bomb"),
    "the same name twice": (doubled, "bomb"),
    "symbolic link": (linked, "program"),
    "path out of the archive": (lambda: office(WORD, **{"../../x.xml": b"x"}), "program"),
    "program inside": (lambda: office(WORD, **{"word/embeddings/run.exe": b"MZ"}), "program"),
    "page inside": (lambda: office(WORD, **{"word/afchunk.html": b"<script>"}), "program"),
    "macros": (lambda: office(WORD, **{"word/vbaProject.bin": b"x"}), "macros"),
    "macros by type": (lambda: office(WORD + "x.macroEnabled.12"), "macros"),
    "macros of odf": (
        lambda: archive(
            {"mimetype": "application/vnd.oasis.opendocument.text", "Basic/Standard/a.xml": "x"}
        ),
        "macros",
    ),
    "activex": (lambda: office(WORD, **{"word/activeX/activeX1.xml": b"x"}), "macros"),
    "picture of 900 million pixels": (png_header(30_000, 30_000), "pixels"),
    "picture of 100 million pixels": (png_header(10_000, 10_000), "pixels"),
    "picture of 41 million pixels": (png_header(41_000, 1_000), "pixels"),
    "picture without data": (png_header(10, 10), "broken"),
    "picture cut short": (picture("JPEG", (200, 200))[:300], "broken"),
    "moving picture": (moving, "moving"),
    "gif header on text": (b"GIF89a=1;alert(1)//", "broken"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_and_unknown_files_are_refused_with_their_reason(case):
    data, code = HOSTILE[case]
    with pytest.raises(ValidationError) as refusal:
        inspect(upload(data() if callable(data) else data, "report.pdf"))
    assert refusal.value.code == code
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_keeps_its_pixels_and_loses_everything_else(kind):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (6.0, 10.0, 30.0)}  # where it was taken
    exif[0x010F] = "Camera of a person"
    data = picture(kind, exif=exif) + b"<script>alert(1)</script>PK\x05\x06" + bytes(18)
    found = inspect(upload(data, "photo.x"))
    with Image.open(io.BytesIO(found.data)) as stored:
        assert (stored.format, stored.size) == (kind, (8, 6))
        assert dict(stored.getexif()) == {}
    assert b"Camera" not in found.data
    assert b"<script>" not in found.data
    assert b"PK\x05\x06" not in found.data


def test_comments_and_text_chunks_of_a_picture_are_gone():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    data = picture("PNG", pnginfo=info)
    assert b"<script>" in data
    assert b"<script>" not in inspect(upload(data)).data


def test_a_picture_lying_on_its_side_is_set_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = inspect(upload(picture("JPEG", (8, 6), exif=exif)))
    with Image.open(io.BytesIO(found.data)) as stored:
        assert stored.size == (6, 8)


def test_transparency_and_sixteen_bits_of_grey_survive():
    out = io.BytesIO()
    Image.new("RGBA", (2, 2), (10, 20, 30, 40)).save(out, "PNG")
    with Image.open(io.BytesIO(inspect(upload(out.getvalue())).data)) as stored:
        assert (stored.mode, stored.getpixel((0, 0))) == ("RGBA", (10, 20, 30, 40))
    out = io.BytesIO()
    Image.new("I;16", (2, 2), 0x8000).save(out, "PNG")
    with Image.open(io.BytesIO(inspect(upload(out.getvalue())).data)) as stored:
        assert (stored.mode, stored.getpixel((0, 0))) == ("L", 128)


@override_settings(UPLOAD_LIMIT=20 * 1024 * 1024)
def test_too_large_says_how_large_and_what_the_limit_is():
    with pytest.raises(ValidationError) as refusal:
        inspect(upload(bytes(30 * 1024 * 1024 + 1)))
    assert refusal.value.message == "This file is 31 MB. The limit is 20 MB."


@override_settings(UPLOAD_LIMIT=10)
def test_a_size_that_lies_is_found_out_while_reading():
    file = upload(b"x" * 11)
    file.size = 5
    with pytest.raises(ValidationError) as refusal:
        inspect(file)
    assert refusal.value.code == "size"


@override_settings(UPLOAD_LIMIT=1000)
def test_reading_stops_far_beyond_the_limit_and_the_text_fields_stay():
    request = RequestFactory().post(
        "/", {"title": "kept", "file": upload(bytes(200_000), "big.pdf"), "last": "kept too"}
    )
    assert request.POST.dict() == {"title": "kept", "last": "kept too"}
    assert "file" not in request.FILES
    assert request.too_large == {"file"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\temp\\report.final.doc", "report.final.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ("gpj.\u202efdp.exe", "gpj.fdp.pdf"),
        ('"quoted"<b>.pdf', "_quoted__b_.pdf"),
        (".htaccess", "file.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("التقرير.pdf", "التقرير.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("x" * 300 + ".pdf", "x" * 120 + ".pdf"),
        ("a\ud800b.pdf", "ab.pdf"),
        ("a\x00b.pdf", "ab.pdf"),
    ],
)
def test_names_become_harmless_and_stay_readable(given, kept):
    assert safe_name(given, ".pdf") == kept
