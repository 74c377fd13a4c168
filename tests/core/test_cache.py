"""The cache while Redis is there, while it is away, and when it comes back."""

from __future__ import annotations

import logging
import re
from fnmatch import fnmatchcase

import pytest
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection

from core.cache import REST_SECONDS, PatientRedisCache


class Line:
    """A stand-in for the way to Redis: works, or is cut; counts how often it was tried."""

    def __init__(self):
        self.store = {}
        self.cut = False
        self.tries = 0

    def use(self):
        self.tries += 1
        if self.cut:
            raise NoConnection("cut")


@pytest.fixture
def line(monkeypatch):
    line = Line()

    def get(cache, key, default=None, version=None):
        line.use()
        return line.store.get(key, default)

    def put(cache, key, value, timeout=None, version=None):
        line.use()
        line.store[key] = value

    def incr(cache, key, delta=1, version=None):
        line.use()
        line.store[key] += delta
        return line.store[key]

    monkeypatch.setattr(RedisCache, "get", get)
    monkeypatch.setattr(RedisCache, "set", put)
    monkeypatch.setattr(RedisCache, "incr", incr)
    return line


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("core.cache.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def cache(line, clock, request):
    cache = PatientRedisCache(f"redis://{request.node.name}", {})
    yield cache
    cache._spare.clear()


def test_redis_is_used_while_it_answers(cache, line):
    cache.set("colour", "green")
    assert (cache.get("colour"), line.store) == ("green", {"colour": "green"})


def test_an_outage_is_a_miss_and_not_an_error(cache, line):
    cache.set("colour", "green")
    line.cut = True
    assert cache.get("colour", "unknown") == "unknown"


def test_counting_goes_on_in_this_process(cache, line):
    line.cut = True
    cache.set("failed-log-ins", 1)
    assert cache.incr("failed-log-ins") == 2


def test_redis_is_left_alone_for_a_while(cache, line, clock):
    line.cut = True
    for _ in range(5):
        cache.get("colour")
    assert line.tries == 1
    clock[0] += REST_SECONDS
    cache.get("colour")
    assert line.tries == 2


def test_nothing_of_the_last_outage_is_found_in_the_next(cache, line, clock):
    line.cut = True
    cache.set("colour", "old")
    line.cut = False
    clock[0] += REST_SECONDS
    assert cache.get("colour") is None
    line.cut = True
    assert cache.get("colour") is None


def test_an_outage_is_said_once_per_try(cache, line, caplog):
    line.cut = True
    with caplog.at_level(logging.WARNING, logger="core.cache"):
        cache.get("colour")
        cache.get("colour")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_real_connection_that_is_refused_is_a_miss(unused_port):
    cache = PatientRedisCache(f"redis://127.0.0.1:{unused_port}/0", {})
    cache.set("colour", "green")
    assert cache.get("colour") == "green"  # from the spare memory
    cache.clear()
    assert cache.get("colour") is None


def test_emptying_leaves_what_others_keep_in_the_same_redis(monkeypatch):
    store = {":1:others": 1, "portal*:1:a": 1, "portal*:2:b": 1, "portal-two:1:c": 1, "celery": 1}

    class Redis:
        """What the cache asks of a client: keys by pattern, and to delete some."""

        def scan_iter(self, match, count):
            pattern = re.sub(r"\\(.)", r"[\1]", match)  # Redis escapes by \\, fnmatch by []
            return (key for key in list(store) if fnmatchcase(key, pattern))

        def delete(self, *keys):
            return sum(store.pop(key, 0) for key in keys)

    cache = PatientRedisCache("redis://one", {"KEY_PREFIX": "portal*"})
    monkeypatch.setattr(cache._cache, "get_client", lambda key, write: Redis())
    cache.clear()
    assert sorted(store) == [":1:others", "celery", "portal-two:1:c"]


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
