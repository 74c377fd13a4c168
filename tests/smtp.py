"""A mail server for tests: takes mails over real connections, and fails in the ways servers do."""

from __future__ import annotations

import email
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message

OVER = "smtp-server-answers-no-more"


@dataclass
class Arrived:
    """One mail the server said "250" to, or meant to."""

    to: str
    message: Message

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class Faults:
    """What goes wrong, decided for each mail by its number (from 1)."""

    #: The reply to the text of the mail is lost: the server has it, the sender does not know.
    cut: Callable[[int], bool] = lambda _n: False
    #: Answer to RCPT: a code and words, or nothing for "250".
    refuse: Callable[[str], tuple[int, str] | None] = lambda _to: None
    #: The server closes shop before it takes this mail ("421").
    close_at: Callable[[int], bool] = lambda _n: False
    delay: float = 0.0


@dataclass
class Sink:
    """``with Sink() as server``: it listens on ``port`` (a free one, unless it is given) and keeps
    what came in ``arrived``. ``note`` is told of each mail before the server answers."""

    faults: Faults = field(default_factory=Faults)
    port: int = 0
    note: Callable[[Arrived], None] = lambda _mail: None
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    _begun: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        sink = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with sink._lock:
                    sink.connections += 1
                for step in sink._talk(self.rfile):
                    if step == OVER:
                        return
                    try:
                        self.wfile.write(f"{step}\r\n".encode())
                    except OSError:
                        return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", self.port), Talk)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def stop_listening(self) -> None:
        """Nobody can connect any more; who is connected stays so."""
        self._server.socket.close()

    def copies(self) -> Counter[str]:
        """How many copies of each mail arrived, by Message-ID."""
        return Counter(mail.message_id for mail in self.arrived)

    def settings(self, settings: Any) -> None:
        """Let the portal send its mails here."""
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", self.port
        settings.EMAIL_TIMEOUT = 5

    def _talk(self, lines: Any) -> Iterator[str]:
        """One connection, as the server's side of it."""
        yield "220 sink"
        to: list[str] = []
        while raw := lines.readline():
            line = raw.decode("utf-8", "replace").strip()
            verb = line[:4].upper()
            if verb in {"EHLO", "HELO"}:
                yield "250 sink"
            elif verb in {"NOOP", "RSET"}:
                to = [] if verb == "RSET" else to
                yield "250 done"
            elif verb == "MAIL":
                with self._lock:
                    self._begun += 1
                    number = self._begun
                if self.faults.close_at(number):
                    yield "421 closing"
                    yield OVER
                to = []
                yield "250 sender"
            elif verb == "RCPT":
                address = line.split("<", 1)[-1].split(">", 1)[0]
                refusal = self.faults.refuse(address)
                if refusal is None:
                    to.append(address)
                    yield "250 recipient"
                else:
                    yield f"{refusal[0]} {refusal[1]}"
            elif verb == "DATA":
                yield "354 go on"
                text = b""
                while (part := lines.readline()) not in (b".\r\n", b""):
                    text += part
                time.sleep(self.faults.delay)
                with self._lock:
                    mail = Arrived(to[0], email.message_from_bytes(text))
                    self.arrived.append(mail)
                    number = len(self.arrived)
                    self.note(mail)
                if self.faults.cut(number):
                    yield OVER
                yield "250 taken"
            elif verb == "QUIT":
                yield "221 bye"
                yield OVER
            else:
                yield "500 what"
