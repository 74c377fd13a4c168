"""A push service for tests, and the browser behind it: it takes messages and reads them.

What is encrypted is read here by the steps of RFC 8291 and RFC 8188 themselves, not by the library
that wrote it.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(words: str) -> bytes:
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@dataclass
class Browser:
    """What a browser keeps of a subscription."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": text(point(self.key.public_key())), "auth": text(self.secret)}

    def reads(self, body: bytes) -> dict[str, Any]:
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\0" + point(self.key.public_key()) + theirs
        secret = derived(shared, self.secret, info, 32)
        key = derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(secret, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert plain.endswith(b"\x02")  # the last record
        read: dict[str, Any] = json.loads(plain[:-1])
        return read


@dataclass
class Taken:
    """One request as the service got it."""

    path: str
    headers: dict[str, str]
    body: bytes


def signed_by(authorization: str) -> tuple[dict[str, Any], str]:
    """What a VAPID header claims and by whose key, if the signature holds (RFC 8292)."""
    kind, _space, rest = authorization.partition(" ")
    assert kind == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    said, _dot, signature = parts["t"].rpartition(".")
    raw = data(signature)
    assert len(raw) == 64
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data(parts["k"]))
    try:
        key.verify(pair, said.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as fault:
        raise AssertionError("the signature does not hold") from fault
    claims: dict[str, Any] = json.loads(data(said.split(".")[1]))
    return claims, parts["k"]


class Service:
    """``with Service() as service``: answers ``service.status`` and keeps what it was given."""

    def __init__(self) -> None:
        self.status = 201
        self.delay = 0.0
        self.taken: list[Taken] = []
        self.connections = 0
        self.over = threading.Event()

    def __enter__(self) -> Self:
        service = self

        class Talk(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                service.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.taken.append(Taken(self.path, dict(self.headers), body))
                end = time.monotonic() + service.delay
                service.over.wait(max(0.0, end - time.monotonic()))
                try:
                    self.send_response(service.status)
                    self.send_header("Content-Length", "0")
                    self.send_header("Location", "http://127.0.0.1:9/")
                    self.end_headers()
                except OSError:
                    pass

            def log_message(self, *_args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_args: object) -> None:
                """A client that went away is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Talk)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def connect(self, patience: float = 5.0) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=patience)
