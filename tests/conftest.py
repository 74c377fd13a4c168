"""What every test starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.utils import translation

from catalogue import criteria
from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """English, and nothing kept from the test before: what a new process would know."""
    reference.forget()
    criteria.forget()
    cache.clear()
    with translation.override("en"):
        yield
