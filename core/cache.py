"""A Redis cache that no page ever waits or fails for."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as TooSlow

logger = logging.getLogger(__name__)

REST_SECONDS = 5.0
ATTEMPT_SECONDS = 0.5


class TidyRedisCache(RedisCache):
    """Empties what is its own. Django's empties the whole database, queued tasks included."""

    def clear(self) -> bool:  # type: ignore[override]  # Django’s stub says None, its code bool
        client = self._cache.get_client(None, write=True)
        own = re.sub(r"([*?\[\]\\])", r"\\\1", self.key_prefix) + ":*"
        found = False
        for keys in batched(client.scan_iter(match=own, count=1000), 1000):
            found = bool(client.delete(*keys)) or found
        return found


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


class PatientRedisCache(TidyRedisCache):
    """Redis while it answers; the memory of this process while it does not.

    After a failure Redis is left alone for a few seconds, so that an outage costs one short
    wait and not one per look-up. The spare memory keeps counting what must be counted
    (failed log-ins, for one), only per process; it is emptied when Redis is back, so
    that nothing old is found in the next outage.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        options = {
            "socket_connect_timeout": ATTEMPT_SECONDS,
            "socket_timeout": ATTEMPT_SECONDS,
            **params.get("OPTIONS", {}),
        }
        super().__init__(server, {**params, "OPTIONS": options})
        self._spare = LocMemCache(f"spare-{server}", {**params, "OPTIONS": {}})
        self._resting_until = 0.0

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._resting_until:
            try:
                answer = getattr(super(), method)(*args, **kwargs)
            except (NoConnection, TooSlow) as error:
                logger.warning("The cache does not answer, going on without: %s", error)
                self._resting_until = time.monotonic() + REST_SECONDS
            else:
                if self._resting_until:  # back after an outage
                    self._resting_until = 0.0
                    self._spare.clear()
                return answer
        return getattr(self._spare, method)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get_many", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("delete_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("incr", *args, **kwargs)

    def clear(self) -> Any:
        return self._ask("clear")
