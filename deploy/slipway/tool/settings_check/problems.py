"""The problems of a site's settings, with the values that they have on the server."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http.request import validate_host

from slipway.tool import config
from slipway.tool.settings_check.assignments import Assignment
from slipway.web.settings import dangerous, https, startproject, uploads

# Settings of django-storages without effect: Slipway's storage sets these options itself.
OLD_BUCKET = ("AWS_", "GZIP_CONTENT_TYPES")
# Of a form without its files; Django's default is 2.5 MB.
IN_MEMORY, MB = "DATA_UPLOAD_MAX_MEMORY_SIZE", 1024 * 1024
OURS = {"MIDDLEWARE": "slipway.web.health.HealthMiddleware", "INSTALLED_APPS": "slipway.web"}


@dataclass(frozen=True, slots=True)
class Problem:
    """``setting`` may be waived. ``place``: file:line of its assignment, or the module where none is found."""

    setting: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.setting} {self.what}"


class Check:
    """``settings``: the module, or Django's settings, with every name that production has."""

    def __init__(self, settings: Any, module: str, assignments: list[Assignment], site: config.Site) -> None:
        self._settings, self._module, self._assignments, self._site = settings, module, assignments, site
        self._own: Mapping[str, Any] = settings.SLIPWAY_LINE.own
        self._https = site.site_url.startswith("https:")

    def problems(self) -> list[Problem]:
        """The errors, without waived ones."""
        found = [*self._dangerous(), *self._hosts(), *self._secret_key(), *self._beside_nginx(), *self._ours()]
        return [each for each in found if each.setting not in self._site.waive]

    def warnings(self) -> Iterator[str]:
        """The warnings, which do not stop a deploy."""
        for name, rule in dangerous.RULES.items():
            last = self._last(name, above=True)
            if name != "DEBUG" and last and last.follows_debug and self._replaced(name, rule):
                value = getattr(self._settings, name)
                yield f"{last.place}: {name} follows DEBUG, which is True there; in production it is {value!r}"
        left = [name for name in dir(self._settings) if name.startswith(OLD_BUCKET) and name.isupper()]
        if left and self._settings.STORAGES["default"]["BACKEND"] == uploads.BUCKET:
            more = f" and {len(left) - 1} more AWS settings" if len(left) > 1 else ""
            yield f"{self._place(left[0])}: {left[0]}{more}: without effect, site.yml names the bucket; take it out"
        body, most = getattr(self._settings, IN_MEMORY, 0), self._site.max_body_mb
        if (IN_MEMORY in self._own or self._last(IN_MEMORY)) and (body is None or body > most * MB):
            yield (
                f"{self._place(IN_MEMORY)}: {IN_MEMORY} is {body}, and nginx rejects a body of more than {most} MB "
                "before: `max_body_mb` in site.yml"
            )

    def _replaced(self, name: str, rule: dangerous.Rule) -> bool:
        return name in self._own and (self._https or not rule.https) and rule.dangerous(self._own[name])

    def _dangerous(self) -> Iterator[Problem]:
        for name, rule in dangerous.RULES.items():
            if name != "STORAGES" and (self._https or not rule.https) and rule.dangerous(self._final(name)):
                yield self._problem(name, f"is {self._final(name)!r} on the server: {rule.why}")
            elif self._replaced(name, rule) and not self._of_development(name):
                value = f"is {self._own[name]!r}" if name != "STORAGES" else "has another storage of static files"
                yield self._problem(name, f"{value}: {rule.why}", above=True)
        backend = self._settings.STORAGES["staticfiles"].get("BACKEND")
        if backend != uploads.HASHED and not dangerous.foreign_static(self._own.get("STORAGES", {})):
            yield self._problem("STORAGES", f"has {backend}: {dangerous.RULES['STORAGES'].why}")

    def _of_development(self, name: str) -> bool:
        """Whether the value is only for development: `startproject`'s DEBUG, and settings that depend on it."""
        last = self._last(name, above=True)
        if last is None:
            return False
        literal = isinstance(last.value, ast.Constant) and last.value.value is True
        return literal if name == "DEBUG" else last.follows_debug

    def _hosts(self) -> Iterator[Problem]:
        hosts, domain = self._settings.ALLOWED_HOSTS, self._site.domain
        for host in hosts:
            if host.startswith(".") and host != f".{domain}" and not host.endswith(f".{domain}"):
                yield self._problem("ALLOWED_HOSTS", f"has {host!r}, which is more than {domain}")
        for host in (self._site.host, *self._site.aliases):
            if not validate_host(host, hosts):
                yield self._problem("ALLOWED_HOSTS", f"does not have {host}: each of its pages would be a 400")

    def _secret_key(self) -> Iterator[Problem]:
        key, last = self._settings.SECRET_KEY, self._last("SECRET_KEY")
        if str(key).startswith(startproject.INSECURE_KEY):
            yield self._problem("SECRET_KEY", "is startproject's, and the secrets have none; add it by `make secrets`")
        elif last and last.value and any(getattr(each, "value", None) == key for each in ast.walk(last.value)):
            yield self._problem("SECRET_KEY", "is in the repository; read the one in the secrets instead")

    def _beside_nginx(self) -> Iterator[Problem]:
        if self._https and self._site.tls == "none" and not self._settings.SECURE_SSL_REDIRECT:
            yield self._problem("SECURE_SSL_REDIRECT", "is False, and with `tls: none` nothing else redirects to https")
        if self._settings.SECURE_PROXY_SSL_HEADER != https.PROXY_HEADER:
            yield self._problem("SECURE_PROXY_SSL_HEADER", f"must be {https.PROXY_HEADER}, which nginx sets")

    def _ours(self) -> Iterator[Problem]:
        for name, one in OURS.items():
            if one not in getattr(self._settings, name):
                yield self._problem(name, "is replaced below the settings line; set it above, or add to it by +=")
        for name, url in (("STATIC_URL", self._site.static_url), ("MEDIA_URL", self._site.media_url)):
            if self._final(name) != f"{url}/":
                yield self._problem(name, f"is {self._final(name)!r} and must be the CDN's, {url}/")

    def _final(self, name: str) -> Any:
        return getattr(self._settings, name, DEFAULTS.get(name))

    def _problem(self, name: str, what: str, *, above: bool = False) -> Problem:
        return Problem(name, self._place(name, above=above), what)

    def _place(self, name: str, *, above: bool = False) -> str:
        last = self._last(name, above=above) or self._last(name)
        return last.place if last else self._module

    def _last(self, name: str, *, above: bool = False) -> Assignment | None:
        matching = [each for each in self._assignments if each.name == name and (each.above or not above)]
        return matching[-1] if matching else None


# Django's defaults, for a module that does not set them.
DEFAULTS = {"SESSION_COOKIE_HTTPONLY": True, "SECURE_CONTENT_TYPE_NOSNIFF": True}
