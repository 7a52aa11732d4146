"""A request at the edge, step by step."""

import asyncio
from dataclasses import replace

from rehearsal.cdn import behaviour, compression, errors, freshness, response_headers
from rehearsal.cdn.behaviour import Route
from rehearsal.cdn.cache import Cache, Entry
from rehearsal.cdn.configuration import Configuration, Distribution, Reader
from rehearsal.cdn.delivery import ERROR, HIT, MISS, REDIRECT, REFRESH_HIT, deliver
from rehearsal.cdn.not_imitated import settings_not_imitated
from rehearsal.cdn.origin import Origins
from rehearsal.cdn.request import CacheKey, ViewerRequest


class Edge:
    def __init__(self, reader: Reader, origins: Origins, cache: Cache) -> None:
        self._reader = reader
        self._origins = origins
        self._cache = cache

    async def answer(self, request: ViewerRequest) -> Entry:
        """The answer to one viewer."""
        configuration = await self._reader.current()
        if configuration is None:
            return _own(request, errors.error_page(503, errors.NO_CONFIGURATION))
        for invalidation in self._cache.apply(configuration.invalidations):
            # The API reports it as completed at once; this line says when it really is.
            print(f"invalidated: {invalidation.id} {' '.join(invalidation.paths)}", flush=True)
        distribution = configuration.distribution(request.host)
        if distribution is None or not distribution.config["Enabled"]:
            return _own(request, errors.error_page(403, errors.BAD_REQUEST))
        missing = settings_not_imitated(configuration, distribution)
        if missing:
            reason = errors.NOT_IMITATED.format(distribution.id, ", ".join(missing))
            return _own(request, errors.error_page(501, reason))
        root = distribution.config.get("DefaultRootObject")
        if request.path == "/" and root:
            request = replace(request, path=f"/{root.removeprefix('/')}")
        route = behaviour.route(configuration, distribution, request.path)
        rejection = _rejection(request, route)
        if rejection is not None:
            return _own(request, rejection)
        return await self._serve(request, route)

    async def _serve(self, request: ViewerRequest, route: Route) -> Entry:
        entry, x_cache = await self._get(request, route)
        age = self._cache.age(entry) if x_cache == HIT else None
        if entry.status >= 400:
            x_cache = ERROR
            entry = await self._custom_error(request, route.configuration, route.distribution, entry)
        answer = deliver(request, entry, x_cache, age)
        response_headers.apply(route.response_headers, request, answer.headers)
        return answer

    async def _get(self, request: ViewerRequest, route: Route) -> tuple[Entry, str]:
        key = CacheKey.of(request, route.distribution.id, route.policy)
        if request.method not in route.cached_methods:
            entry = await self._origins.fetch(request, key, route, {})
            return _without_cookies(entry, route), MISS
        entry = self._cache.lookup(key)
        if entry and self._cache.is_fresh(entry):
            return entry, HIT
        async with self._cache.fetching(key):
            entry = self._cache.lookup(key)
            if entry and self._cache.is_fresh(entry):
                return entry, HIT
            return await self._fetch(request, key, route, entry)

    async def _fetch(
        self, request: ViewerRequest, key: CacheKey, route: Route, stale: Entry | None
    ) -> tuple[Entry, str]:
        usable = stale is not None and stale.status < 400
        mark = self._cache.mark()
        validators = stale.validators if usable else {}
        entry = await self._origins.fetch(request, key, route, validators)
        error_ttls = freshness.error_lifetimes(route.distribution.config)
        if usable and entry.status == 304:
            for name in ("Cache-Control", "Expires", "Date"):
                if name in entry.headers:
                    stale.headers[name] = entry.headers[name]
            lifetime = freshness.lifetime(stale.status, stale.headers, route.policy, error_ttls)
            self._cache.extend(stale, lifetime or 0)
            return stale, REFRESH_HIT
        lifetime = freshness.lifetime(entry.status, entry.headers, route.policy, error_ttls)
        if usable and entry.status >= 500:
            # A failing origin is not asked again for the error-caching time; viewers get the old object.
            self._cache.extend(stale, lifetime or 0, revalidated=False)
            return stale, HIT
        entry = _without_cookies(entry, route)
        compresses = route.behaviour.get("Compress") and route.policy.encodings
        if compresses and compression.compressible(entry):
            await asyncio.to_thread(compression.compress, entry, key.encodings)
        if route.policy.parameters.headers.behaviour == "all":
            lifetime = None
        self._cache.store(key, entry, lifetime, mark)
        return entry, MISS

    async def _custom_error(
        self,
        request: ViewerRequest,
        configuration: Configuration,
        distribution: Distribution,
        error: Entry,
    ) -> Entry:
        """The page configured for this error, with its status; the error itself without one."""
        for each in distribution.config.get("CustomErrorResponses", {}).get("Items", []):
            if each["ErrorCode"] == error.status and each.get("ResponsePagePath"):
                path = each["ResponsePagePath"]
                route = behaviour.route(configuration, distribution, path)
                page, _ = await self._get(request.at(path), route)
                if page.status == 200:
                    return replace(page, status=int(each.get("ResponseCode") or error.status))
        return error


def _rejection(request: ViewerRequest, route: Route) -> Entry | None:
    """CloudFront's response before a cache lookup, if any."""
    protocol = route.behaviour["ViewerProtocolPolicy"]
    if request.scheme == "http" and protocol == "https-only":
        return errors.error_page(403, errors.BAD_REQUEST)
    if request.scheme == "http" and protocol == "redirect-to-https":
        status = 301 if request.method in {"GET", "HEAD"} else 307
        return errors.redirect(status, f"https://{request.host}{request.uri}")
    if request.method not in route.allowed_methods:
        return errors.error_page(403, errors.INVALID_METHOD)
    if request.method == "GET" and request.body:
        return errors.error_page(403, errors.BAD_REQUEST)
    return None


def _own(request: ViewerRequest, entry: Entry) -> Entry:
    return deliver(request, entry, REDIRECT if entry.status < 400 else ERROR, None)


def _without_cookies(entry: Entry, route: Route) -> Entry:
    """Set-Cookie reaches viewers only where cookies are forwarded."""
    kinds = {route.policy.parameters.cookies.behaviour, route.forwarded.cookies.behaviour}
    if kinds == {"none"}:
        entry.headers.popall("Set-Cookie", None)
    return entry
