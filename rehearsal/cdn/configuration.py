"""The configuration at one moment: distributions and what they refer to, in the API's shapes."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Distribution:
    """``config`` is a DistributionConfig as botocore parses it."""

    id: str
    arn: str
    domain_name: str
    config: dict

    def serves(self, host: str) -> bool:
        aliases = self.config.get("Aliases", {}).get("Items", [])
        return any(_alias_matches(alias, host) for alias in (*aliases, self.domain_name))


@dataclass(frozen=True)
class Invalidation:
    distribution_id: str
    id: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """Policies and controls are the ``*Config`` structures, by their id; bucket policies are
    parsed JSON documents, by bucket."""

    distributions: tuple[Distribution, ...] = ()
    cache_policies: Mapping[str, dict] = field(default_factory=dict)
    origin_request_policies: Mapping[str, dict] = field(default_factory=dict)
    response_headers_policies: Mapping[str, dict] = field(default_factory=dict)
    origin_access_controls: Mapping[str, dict] = field(default_factory=dict)
    bucket_policies: Mapping[str, dict] = field(default_factory=dict)
    invalidations: tuple[Invalidation, ...] = ()

    def distribution(self, host: str) -> Distribution | None:
        """The distribution that lists ``host`` (no port): an exact alias before a wildcard."""
        serving = [each for each in self.distributions if each.serves(host)]
        exact = [
            each for each in serving if host in (each.domain_name, *each.config.get("Aliases", {}).get("Items", []))
        ]
        return next(iter(exact or serving), None)


def _alias_matches(alias: str, host: str) -> bool:
    if alias.startswith("*."):
        return fnmatchcase(host, alias.lower().replace("[", "[[]"))
    return host == alias.lower()


class Reader:
    """Reads the configuration on demand, at most once in ``max_age`` seconds.

    A request waits for a read that is due, so with ``max_age=0`` every request sees the API's state at its
    arrival; an idle edge reads nothing. Requests that wait together share a read.
    """

    def __init__(self, source: Callable[[], Configuration], max_age: float = 1.0) -> None:
        self._source = source
        self._max_age = max_age
        self._lock = asyncio.Lock()
        self._started = float("-inf")
        self._configuration: Configuration | None = None

    async def current(self) -> Configuration | None:
        """The configuration; None if it could never be read."""
        arrived = time.monotonic()
        async with self._lock:
            if self._started < arrived - self._max_age:
                await self._read()
            return self._configuration

    async def _read(self) -> None:
        started = time.monotonic()
        try:
            self._configuration = await asyncio.to_thread(self._source)
        except Exception as error:
            # Without the control plane, an edge keeps its last configuration.
            print(f"cdn: the configuration cannot be read: {error}", file=sys.stderr, flush=True)
        self._started = started
