"""One spelling for every document, keys in every form, and the same signature every time."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from catalogue import content
from hubportal import env
from validation import signing
from validation.choices import RecordState

SEED = bytes(range(32))
SEED_TEXT = base64.b64encode(SEED).decode()
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()


@pytest.fixture(autouse=True)
def own_key(settings):
    settings.RECORD_KEY = SEED_TEXT
    settings.RECORD_KEY_FORMER = []


def pem(key, *, password: bytes | None = None) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption(),
    ).decode()


def public_pem(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


# --- One spelling ------------------------------------------------------------------------


def test_the_spelling_is_that_of_rfc_8785():
    given_value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\x80": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
        "text": '\u20ac$\x0f\nA\'B"\\\\"/\x7f\u2028\U0001f600',
        "literals": [None, True, False, 0, -7, 2**53 - 1],
    }
    assert (
        signing.canonical(given_value)
        == (
            '{"\\r":"Carriage Return","1":"One","literals":[null,true,false,0,-7,9007199254740991],'
            '"text":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\u2028😀","\x80":"Control",'
            '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",'
            '"\ufb33":"Hebrew Letter Dalet With Dagesh"}'
        ).encode()
    )


def test_it_is_the_spelling_by_which_versions_are_hashed():
    value = {"b": ["ö", None, {"z": 1, "a": True}], "a": "x"}
    assert signing.canonical(value) == content.canonical(value)


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (
            {"criteria": [{"score": 2.5}]},
            "criteria[0].score is of the kind “float”: write it as text.",
        ),
        ({"score": 3.0}, "score is of the kind “float”: write it as text."),
        (float("nan"), "{} is of the kind “float”: write it as text."),
        ({"a": (1, 2)}, "a is of the kind “tuple”: write it as text."),
        (
            {"a": datetime(2026, 1, 1, tzinfo=UTC)},
            "a is of the kind “datetime”: write it as text.",
        ),
        ({"a": gettext_lazy("Yes")}, "a is of the kind “__proxy__”: write it as text."),
        ({"a": 2**53}, "The number a is too large: write it as text."),
        ({"a": [-(2**53)]}, "The number a[0] is too large: write it as text."),
        ({"a": "x\ud800"}, "The text a holds half a character."),
        ({"a": {1: "x"}}, "A name in a is not text."),
        ({"😀": "x"}, "A name in {} has a character beyond U+FFFF."),
    ],
)
def test_what_languages_spell_differently_is_refused(value, refusal):
    with pytest.raises(signing.NotCanonical) as caught:
        signing.canonical(value)
    assert str(caught.value) == refusal


def test_endless_nesting_is_refused():
    ring: dict = {}
    ring["again"] = ring
    with pytest.raises(signing.NotCanonical, match="More than 32 levels"):
        signing.canonical(ring)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-signing.LARGEST, signing.LARGEST)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=20
)


def in_reverse(value):
    """The same value with every object the other way round."""
    if isinstance(value, dict):
        return {name: in_reverse(value[name]) for name in reversed(value)}
    if isinstance(value, list):
        return [in_reverse(item) for item in value]
    return value


@given(VALUES)
def test_the_spelling_reads_back_and_does_not_depend_on_order(value):
    spelt = signing.canonical(value)
    assert json.loads(spelt) == value
    assert signing.canonical(in_reverse(value)) == spelt


# --- Keys --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        SEED_TEXT,
        SEED_TEXT.rstrip("="),
        base64.urlsafe_b64encode(SEED).decode().rstrip("="),
        pem(Ed25519PrivateKey.from_private_bytes(SEED)),
        pem(Ed25519PrivateKey.from_private_bytes(SEED)).replace("\n", "\\n"),
    ],
    ids=["base64", "without padding", "for addresses", "PEM", "PEM on one line"],
)
def test_the_private_key_may_be_written_in_each_of_these_forms(settings, text):
    settings.RECORD_KEY = text
    assert signing.public_key() == PUBLIC


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "it is neither PEM nor 32 bytes in base64."),
        ("change-me", "it is neither PEM nor 32 bytes in base64."),
        (SEED_TEXT[:-5], "it is neither PEM nor 32 bytes in base64."),
        (base64.b64encode(SEED * 2).decode(), "it is neither PEM nor 32 bytes in base64."),
        ("ключ", "it is neither PEM nor 32 bytes in base64."),
        (
            pem(ec.generate_private_key(ec.SECP256R1())),
            "it is a private key of another kind than Ed25519.",
        ),
        (pem(X25519PrivateKey.generate()), "it is a private key of another kind than Ed25519."),
        (
            pem(Ed25519PrivateKey.generate(), password=b"word"),
            "it is no private key in PEM without a password.",
        ),
        (
            public_pem(Ed25519PrivateKey.generate()),
            "it is no private key in PEM without a password.",
        ),
    ],
)
def test_what_is_no_private_key_is_refused_without_being_printed(settings, text, refusal):
    settings.RECORD_KEY = text
    with pytest.raises(ImproperlyConfigured) as caught:
        signing.sign({"type": "Trial"})
    assert str(caught.value) == f"RECORD_KEY: {refusal}"
    assert caught.value.__cause__ is None


def test_outside_production_the_key_is_made_once_and_read_by_its_owner_only(tmp_path, settings):
    path = tmp_path / "record-key"
    settings.RECORD_KEY = env.secret_file(path, size=32)
    first = signing.public_key()
    settings.RECORD_KEY = env.secret_file(path, size=32)
    assert signing.public_key() == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_test_profile_has_a_key_of_its_own():
    from hubportal import settings as started_with

    kept = (django_settings.VAR / "record-key").read_text()
    assert kept == started_with.RECORD_KEY


def test_a_public_key_may_be_text_or_file(tmp_path):
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    in_base64, in_pem = tmp_path / "key.txt", tmp_path / "key.pem"
    in_base64.write_text(base64.b64encode(PUBLIC).decode() + "\n")
    in_pem.write_text(public_pem(key))
    forms = [
        base64.b64encode(PUBLIC).decode(),
        base64.urlsafe_b64encode(PUBLIC).decode().rstrip("="),
        public_pem(key),
        str(in_base64),
        str(in_pem),
    ]
    assert [signing.public_key_from_file_or_text(form) for form in forms] == [PUBLIC] * 5


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (pem(Ed25519PrivateKey.generate()), "It is a private key. Give the public one."),
        ("-----BEGIN PUBLIC KEY-----\nxx\n", "It is no public key in PEM."),
        (
            public_pem(ec.generate_private_key(ec.SECP256R1())),
            "It is a public key of another kind than Ed25519.",
        ),
        ("hello", "It is neither PEM nor 32 bytes in base64."),
    ],
)
def test_what_is_no_public_key_is_refused(tmp_path, text, refusal):
    path = tmp_path / "key"
    path.write_text(text)
    with pytest.raises(signing.NotAKey) as caught:
        signing.public_key_from_file_or_text(str(path))
    assert str(caught.value) == refusal


@pytest.mark.parametrize("given_text", ["/nowhere/key.pem", "", "\x00", "ключ", "/tmp", "x" * 9999])
def test_what_is_neither_key_nor_file_is_refused(given_text):
    with pytest.raises(signing.NotAKey) as caught:
        signing.public_key_from_file_or_text(given_text)
    assert str(caught.value) == "It is no file, and not 32 bytes in base64."


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(signing.NotAKey):
        signing.public_key_from_file_or_text(str(path))


def test_former_keys_are_known_beside_the_present_one(settings, tmp_path):
    former = [Ed25519PrivateKey.generate() for _number in range(2)]
    raw = [key.public_key().public_bytes_raw() for key in former]
    path = tmp_path / "former.pem"
    path.write_text(public_pem(former[1]))
    settings.RECORD_KEY_FORMER = [base64.b64encode(raw[0]).decode(), str(path)]
    assert signing.known_keys() == {signing.key_id(key): key for key in (PUBLIC, *raw)}


def test_a_former_key_that_cannot_be_read_is_named_by_its_place(settings):
    settings.RECORD_KEY_FORMER = [base64.b64encode(PUBLIC).decode(), "/nowhere/key.pem"]
    with pytest.raises(ImproperlyConfigured, match=r"^RECORD_KEY_FORMER, entry 2: It is no file"):
        signing.known_keys()


# --- Signing -----------------------------------------------------------------------------


def test_the_same_document_has_the_same_proof_on_every_machine():
    document = {"type": "Trial", "number": "V-0001", "words": ["ö", 7, None, True]}
    assert signing.sign(document) == {
        **document,
        "proof": {
            "type": "Ed25519",
            "canonicalisation": "RFC8785",
            "key_id": "56475aa75463474c",
            "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
            "signature": "GVyPrKU52/jG8s40UBc0ZzqqWVNYYCJRDsS5fpp7NoAYLoJvfiY1uvrlx6m6PRl5"
            "tVhZslzLrUpbzjpW9AfTBQ==",
        },
    }


def test_signing_leaves_the_document_given_as_it_is():
    document = {"type": "Trial"}
    signing.sign(document)
    assert document == {"type": "Trial"}


def test_a_document_without_a_type_is_not_signed():
    with pytest.raises(signing.NotCanonical, match="what it is"):
        signing.sign({"number": "V-0001"})


def test_a_signed_document_is_not_signed_again():
    with pytest.raises(signing.NotCanonical, match="a proof already"):
        signing.sign(signing.sign({"type": "Trial"}))


def test_a_status_list_says_who_when_and_until_when(settings):
    settings.PORTAL_URL = "https://hubs.example.org"
    since = datetime(2026, 3, 1, 9, 30, 12, 345678, tzinfo=UTC)
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    rows = [
        {"number": "V-0001", "state": RecordState.IN_FORCE, "since": since, "note": ""},
        {"number": "V-0002", "state": "revoked", "since": "2026-05-01T00:00:00Z", "note": None},
        {"number": "V-0003", "state": "suspended", "since": since},
    ]
    made = signing.status_list(rows, at)
    assert {name: value for name, value in made.items() if name != "proof"} == {
        "type": "ValidationStatusList",
        "issuer": "https://hubs.example.org",
        "issued_at": "2026-06-01T12:00:00Z",
        "next_update": "2026-06-08T12:00:00Z",
        "records": [
            {
                "number": "V-0001",
                "state": "in_force",
                "since": "2026-03-01T09:30:12Z",
                "note": "",
            },
            {
                "number": "V-0002",
                "state": "revoked",
                "since": "2026-05-01T00:00:00Z",
                "note": "",
            },
            {
                "number": "V-0003",
                "state": "suspended",
                "since": "2026-03-01T09:30:12Z",
                "note": "",
            },
        ],
    }
