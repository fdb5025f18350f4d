"""Rate limits that hold over all processes: in Redis where there is one, else in PostgreSQL.

Each caller has buckets, one for each policy that applies, and a request takes one of each: in one
round trip. A bucket fills steadily, so there is no window's edge to burst at.

When the store cannot be reached, requests pass, with a line in the log: the limits protect a
service that is up, and money has guards of its own (docs/decisions/0020).
"""

import logging
import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from accounts import addresses
from accounts.access import Caller
from accounts.errors import DomainError
from accounts.models import RateBucket

logger = logging.getLogger(__name__)

GENERATIONS = "generations"
"""The further policy of a view that makes generations: `rate_limits = {"POST": GENERATIONS}`."""

WINDOW_SECONDS = 60
STORE_TIMEOUT_SECONDS = 0.25


class RateLimited(DomainError):
    code = "rate_limited"

    def __init__(self, refused: "Standing") -> None:
        policy = refused.bucket
        super().__init__(
            f"More than {policy.quota} requests in {policy.window_seconds} s ({policy.policy}). "
            f"Try again in {refused.retry_after_seconds} s.",
            policy=policy.policy,
        )
        self.retry_after_seconds = refused.retry_after_seconds


@dataclass(frozen=True, slots=True)
class Bucket:
    """One caller's share under one policy.

    Attributes:
        policy: its public name, as in the `RateLimit` headers.
        holder: whose it is; with the policy, unique on the platform.
        quota: how many requests, above zero.
    """

    policy: str
    holder: str
    quota: int
    window_seconds: int = WINDOW_SECONDS

    @property
    def name(self) -> str:
        return f"{self.policy}:{self.holder}"


@dataclass(frozen=True, slots=True)
class Standing:
    """A bucket after a request has taken of it."""

    bucket: Bucket
    full_in_seconds: float

    @property
    def remaining(self) -> int:
        free = self.bucket.window_seconds - self.full_in_seconds
        return max(0, math.floor(free / self._step + 0.01))

    @property
    def reset_seconds(self) -> int:
        return math.ceil(self.full_in_seconds)

    @property
    def retry_after_seconds(self) -> int:
        """For one that refused: when it has room for the next request."""
        return max(1, math.ceil(self.full_in_seconds + self._step - self.bucket.window_seconds))

    @property
    def _step(self) -> float:
        return self.bucket.window_seconds / self.bucket.quota


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking came to: how each bucket stands, and the one that refused, if any."""

    standings: tuple[Standing, ...]
    refused: Standing | None


def buckets_of(caller: Caller, policies: Iterable[str] = ()) -> list[Bucket]:
    """The buckets of a request, narrowest first: who is refused there takes nothing of the rest.

    Args:
        policies: what the view has besides, such as GENERATIONS.
    """
    organization = caller.organization
    kind = "key" if caller.api_key_id else "user"
    holder = str(caller.api_key_id or caller.user_id)
    wanted = [(kind, holder, organization.key_requests_per_minute, settings.RATE_LIMIT_KEY)]
    if GENERATIONS in policies:
        own = organization.generations_per_minute
        wanted.append((GENERATIONS, f"{kind}:{holder}", own, settings.RATE_LIMIT_GENERATIONS))
    own = organization.requests_per_minute
    wanted.append(("organization", str(organization.pk), own, settings.RATE_LIMIT_ORGANIZATION))
    return [
        Bucket(policy, holder, quota)
        for policy, holder, own, default in wanted
        if (quota := default if own is None else own)
    ]


def buckets_of_stranger(address: str | None) -> list[Bucket]:
    """For requests that name nobody we know: by where they come from."""
    quota = settings.RATE_LIMIT_STRANGERS
    return [Bucket("address", addresses.site(address), quota)] if quota else []


def take(buckets: Sequence[Bucket]) -> Taken:
    """Take one of each bucket, up to the first that refuses. One round trip.

    Outside of any transaction (a bucket's row would stay locked); never raises for the store's
    sake: where that is down nothing is limited, and there are no standings to tell.
    """
    if not buckets:
        return Taken((), None)
    try:
        store = _take_in_redis if settings.REDIS_URL else _take_in_postgres
        refused, full_in = store(buckets)
    except (DatabaseError, redis.RedisError) as error:
        logger.error("rate limits are off, their store failed: %s", error)
        return Taken((), None)
    standings = tuple(map(Standing, buckets, full_in))
    return Taken(standings, standings[refused - 1] if refused else None)


def _take_in_postgres(buckets: Sequence[Bucket]) -> tuple[int, Sequence[float]]:
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with guard, connection.cursor() as cursor:
        cursor.execute(
            "SELECT refused, full_in FROM accounts_take(%s::text[], %s::integer[], %s::integer[])",
            [
                [bucket.name for bucket in buckets],
                [bucket.quota for bucket in buckets],
                [bucket.window_seconds for bucket in buckets],
            ],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0]), row[1]


# As accounts/sql/rate_buckets.sql, which see.
_SCRIPT = """
    local time = redis.call('TIME')
    local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
    local answer = {0}
    for i, name in ipairs(KEYS) do
        local window = tonumber(ARGV[2 * i])
        local step = window / tonumber(ARGV[2 * i - 1])
        local full = math.max(tonumber(redis.call('GET', name) or now), now)
        if answer[1] == 0 then
            if full + step <= now + window + 0.0001 then
                full = full + step
                redis.call('SET', name, string.format('%.6f', full),
                           'PX', math.ceil((full - now) * 1000) + 1)
            else
                answer[1] = i
            end
        end
        answer[i + 1] = string.format('%.6f', full - now)
    end
    return answer"""


@lru_cache(maxsize=2)
def _script(url: str) -> Any:
    client = redis.Redis.from_url(
        url,
        socket_timeout=STORE_TIMEOUT_SECONDS,
        socket_connect_timeout=STORE_TIMEOUT_SECONDS,
    )
    return client.register_script(_SCRIPT)


def _take_in_redis(buckets: Sequence[Bucket]) -> tuple[int, Sequence[float]]:
    figures = [figure for one in buckets for figure in (one.quota, one.window_seconds)]
    names = [f"pvideo:rate:{bucket.name}" for bucket in buckets]
    refused, *full_in = _script(settings.REDIS_URL)(keys=names, args=figures)
    return int(refused), [float(seconds) for seconds in full_in]


def forget_full() -> int:
    """Delete the buckets that have been full for an hour: a new one is the same. For the sweep."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {RateBucket._meta.db_table} "  # noqa: S608  # our own name
            "WHERE full_at < extract(epoch FROM clock_timestamp()) - 3600"
        )
        return int(cursor.rowcount)
