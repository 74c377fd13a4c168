"""How tests read files as programmes: choose, look, take over."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

TABLE = """Number,Day,Begins,Ends,Title,Kind,Room,Speakers
1,2024-05-06,09:00,10:00,Opening of the wells,Opening,Great hall,
2,2024-05-06,10:00,11:30,Deep water,Panel,Great hall,"Ada Brook; Keeper; House of Wells; Brazil
Ben Ford; ; Guild of Springs; ; Moderator"
3,,10:00,11:30,Shallow water,Panel,Cellar,
"""


def upload(client: Client, content: str | bytes, under: str = "", **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    address = f"/{under}/events/wells/edit/import/".replace("//", "/")
    return client.post(address, {"file": SimpleUploadedFile("programme.csv", data), **more})


def read(client: Client, content: str | bytes, **more: Any) -> Any:
    """The page that shows what a file would change."""
    answer = upload(client, content, **more)
    if answer.status_code != 302:
        raise AssertionError(answer.context["form"].errors)
    return client.get(answer["Location"])


def verdicts(page: Any) -> list[str]:
    return [row.verdict for row in page.context["page"]]


def take_over(client: Client, page: Any) -> Any:
    return client.post(
        page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"],
        {"seen": page.context["compared"].digest},
    )


def told(answer: Any, client: Client) -> list[str]:
    """What the page a person is sent to says at its top."""
    return [str(message) for message in client.get(answer["Location"]).context["messages"]]
