"""The mail server of a storm, in a process of its own that can be killed.

What it takes is in its log before it answers, so a mail whose reply is cut counts as arrived.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
from email.header import decode_header, make_header
from pathlib import Path

from tests.smtp import Arrived, Faults, Sink


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--cut", type=float, default=0.0)
    parser.add_argument("--seed", default="")
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with asked.log.open("a", buffering=1) as log:

        def note(mail: Arrived) -> None:
            text = next(
                (
                    part.get_payload(decode=True).decode("utf-8", "replace")
                    for part in mail.message.walk()
                    if part.get_content_type() == "text/plain"
                ),
                "",
            )
            subject = str(make_header(decode_header(str(mail.message["Subject"]))))
            row = {"id": mail.message_id, "to": mail.to, "subject": subject, "text": text}
            log.write(json.dumps(row) + "\n")

        faults = Faults(cut=lambda _n: chance.random() < asked.cut)
        with Sink(faults, port=asked.port, note=note):
            signal.pause()


if __name__ == "__main__":
    main()
