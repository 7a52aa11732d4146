"""A viewer's request, its cache key under a policy, and the parts that the origin gets."""

from dataclasses import dataclass, field, replace

from multidict import CIMultiDict

from rehearsal.cdn.policies import CachePolicy, Parameters

# Set by CloudFront itself on every origin request, whatever a policy selects.
OWN_HEADERS = {"accept-encoding", "connection", "cookie", "host", "transfer-encoding", "via"}


@dataclass(frozen=True)
class ViewerRequest:
    """``path`` and ``query`` are percent-encoded as they came; ``host`` is lower case, portless."""

    method: str
    scheme: str
    host: str
    path: str
    query: str = ""
    headers: CIMultiDict = field(default_factory=CIMultiDict)
    body: bytes = b""
    http_1_0: bool = False
    remote: str = ""

    @property
    def uri(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    def at(self, path: str) -> "ViewerRequest":
        """A plain GET of ``path`` by the same viewer, as for a custom error page."""
        return replace(self, method="GET", path=path, query="", body=b"")

    def encodings(self, enabled: frozenset[str]) -> str:
        """Accept-Encoding normalised to ``br,gzip``, ``br``, ``gzip`` or nothing."""
        if self.http_1_0:
            return ""
        accepted = set()
        for part in ",".join(self.headers.getall("Accept-Encoding", [])).split(","):
            name, _, weight = part.partition(";")
            if weight.strip().lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
                accepted.add(name.strip().lower())
        return ",".join(each for each in ("br", "gzip") if each in enabled & accepted)

    def selected_query(self, parameters: Parameters) -> str:
        if parameters.query.behaviour == "all":
            return self.query
        parts = [part.partition("=") for part in self.query.split("&") if part]
        return "&".join(f"{n}{s}{v}" for n, s, v in parts if n in parameters.query)

    def selected_headers(self, parameters: Parameters) -> list[tuple[str, str]]:
        return [
            (name, value)
            for name, value in self.headers.items()
            if name.lower() in parameters.headers
            and (name.lower() not in OWN_HEADERS or name.lower() in {"host", "accept-encoding"})
        ]

    def selected_cookies(self, parameters: Parameters) -> str:
        pairs = (part.strip().partition("=") for part in self.headers.get("Cookie", "").split(";"))
        named = [(name, value) for name, _, value in pairs if name]
        return "; ".join(f"{name}={value}" for name, value in parameters.cookies.pick(named))


@dataclass(frozen=True)
class CacheKey:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-the-cache-key.html"""

    distribution_id: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    cookies: str
    encodings: str
    # GET and HEAD share an object; a cached OPTIONS answer stands by itself.
    options: bool = False

    @classmethod
    def of(cls, request: ViewerRequest, distribution_id: str, policy: CachePolicy) -> "CacheKey":
        chosen = request.selected_headers(policy.parameters)
        return cls(
            distribution_id=distribution_id,
            path=request.path,
            query=request.selected_query(policy.parameters),
            headers=tuple(sorted((name.lower(), value) for name, value in chosen)),
            cookies=request.selected_cookies(policy.parameters),
            encodings=request.encodings(policy.encodings),
            options=request.method == "OPTIONS",
        )

    @property
    def uri(self) -> str:
        """What an invalidation path is compared with: the path, and the query where it counts."""
        return f"{self.path}?{self.query}" if self.query else self.path
