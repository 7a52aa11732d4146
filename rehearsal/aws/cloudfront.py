"""CloudFront's control plane: stores configurations exactly as sent, and rejects what CloudFront rejects.

moto drops the origin access control of a distribution, accepts any If-Match and duplicate aliases
and has no policies, so distributions and all resources that they name are stored here, in one table of kinds.
"""

import copy
import secrets
import string
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.request import Request

from rehearsal.aws.defaults import check, filled
from rehearsal.aws.managed import CACHE_POLICIES, ORIGIN_REQUEST_POLICIES
from rehearsal.aws.references import check_distribution, references
from rehearsal.aws.shapes import Answer, Protocol, ServiceError

ACCOUNT = "123456789012"
PAGE = 100
ERROR = (
    '<?xml version="1.0"?>\n<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
    "<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    "<RequestId>{request}</RequestId></ErrorResponse>"
)

# Kind of resource → the plural in its List operation.
KINDS = {
    "Distribution": "Distributions",
    "OriginAccessControl": "OriginAccessControls",
    "CachePolicy": "CachePolicies",
    "OriginRequestPolicy": "OriginRequestPolicies",
    "ResponseHeadersPolicy": "ResponseHeadersPolicies",
}
# Policies have a UUID, these a short name.
SHORT_IDS = ("Distribution", "OriginAccessControl")


@dataclass
class Resource:
    """One resource: its configuration as it was sent, and what CloudFront adds."""

    kind: str
    id: str
    config: dict[str, Any]
    managed: bool = False
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    etags: list[str] = field(default_factory=list)  # the newest last
    # How often a distribution's status is asked until every edge has the change.
    pending: int = 0

    def __post_init__(self) -> None:
        self.stamp()

    def stamp(self) -> None:
        self.modified = datetime.now(UTC)
        self.etags.append(_identifier(14))

    @property
    def etag(self) -> str:
        return self.etags[-1]

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{self.id}"

    def described(self) -> dict[str, Any]:
        """Every member a Get or List may ask for; the serializer takes those of its shape."""
        added = {
            "Id": self.id,
            "ARN": self.arn,
            "ETag": self.etag,
            "Status": "InProgress" if self.pending else "Deployed",
            "LastModifiedTime": self.modified,
            "InProgressInvalidationBatches": 0,
            "DomainName": f"d{self.id[1:].lower()}.cloudfront.net",
            "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
            "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
            f"{self.kind}Config": self.config,
        }
        return self.config | added

    def listed(self) -> dict[str, Any]:
        kind_of_policy = "managed" if self.managed else "custom"
        return self.described() | {"Type": kind_of_policy, self.kind: self.described()}


class CloudFront:
    """Answers the operations it names; ``handle`` returns None for every other."""

    def __init__(self) -> None:
        self.protocol = Protocol("cloudfront", malformed="MalformedInput")
        self.resources: dict[str, dict[str, Resource]] = {kind: {} for kind in KINDS}
        for kind, policies in (("CachePolicy", CACHE_POLICIES), ("OriginRequestPolicy", ORIGIN_REQUEST_POLICIES)):
            for name, config in policies.items():
                self.resources[kind][name] = Resource(kind, name, config, managed=True)
        self.tags: dict[str, dict[str, str]] = {}
        # Whether changes take time, and configurations come back with what CloudFront adds.
        self.awkward = False
        self.unready: Counter[tuple[str, str]] = Counter()
        # Kind → how many an account may have.
        self.quotas: dict[str, int] = {}
        self.invalidations: dict[str, list[dict[str, Any]]] = {}
        self.lock = threading.Lock()
        self.operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "CreateDistributionWithTags": self.create_distribution_with_tags,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.list_tags,
            "CreateInvalidation": self.create_invalidation,
            "GetInvalidation": self.get_invalidation,
            "ListInvalidations": self.list_invalidations,
        }
        for kind, plural in KINDS.items():
            for action in ("create", "get", "update", "delete"):
                self._add(f"{action.title()}{kind}", getattr(self, action), kind)
            self._add(f"Get{kind}Config", self.get_config, kind)
            self._add(f"List{plural}", self.list, kind)

    def _add(self, name: str, function: Callable[..., dict], kind: str) -> None:
        self.operations[name] = lambda params: function(kind, params)

    def handle(self, request: Request) -> Answer | None:
        routed = self.protocol.route(request)
        if routed is None or routed[0].name not in self.operations:
            return None
        operation, labels = routed
        try:
            params = self.protocol.read(request, operation, labels)
            with self.lock:
                result = copy.deepcopy(self.operations[operation.name](params))
            return self.protocol.write(operation, result)
        except ServiceError as error:
            body = ERROR.format(code=error.code, message=_escape(error.message), request=uuid.uuid4())
            return self.protocol.status(error), {"Content-Type": "text/xml"}, body.encode()

    def create(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        config = params[f"{kind}Config"]
        if self._made(kind) >= self.quotas.get(kind, 200):
            raise ServiceError(f"TooMany{KINDS[kind]}", f"You have reached your limit of {KINDS[kind]}.")
        self._check(kind, config, None)
        resource = Resource(kind, _identifier(14) if kind in SHORT_IDS else str(uuid.uuid4()), config)
        self.resources[kind][resource.id] = resource
        self._delay(resource)
        if self.awkward and kind != "Distribution":
            self.unready["named", resource.id] = 1
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{kind.lower()}/{resource.id}"
        return {kind: resource.described(), "ETag": resource.etag, "Location": location}

    def get(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._find(kind, params["Id"])
        result = {kind: self._shown(found), "ETag": found.etag}
        found.pending = max(0, found.pending - 1)
        return result

    def get_config(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._find(kind, params["Id"])
        return {f"{kind}Config": self._shown(found)[f"{kind}Config"], "ETag": found.etag}

    def update(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._find_version(kind, params)
        self._check(kind, params[f"{kind}Config"], found)
        found.config = params[f"{kind}Config"]
        found.stamp()
        self._delay(found)
        return {kind: found.described(), "ETag": found.etag}

    def delete(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._find_version(kind, params)
        if kind == "Distribution" and found.config["Enabled"]:
            raise ServiceError("DistributionNotDisabled", "The distribution must be disabled.")
        if found.pending or self._spend("deleted", found.id):
            raise ServiceError("DistributionNotDisabled", "The distribution you are trying to delete is not disabled.")
        for distribution in self.resources["Distribution"].values():
            if found.id in references(distribution.config).get(kind, ()):
                raise ServiceError(f"{kind}InUse", f"{distribution.id} uses {found.id}.")
        if self._spend("in use", found.id):
            raise ServiceError(f"{kind}InUse", f"A deleted distribution used {found.id} a moment ago.")
        if self.awkward and kind == "Distribution":
            for names in references(found.config).values():
                self.unready.update({("in use", name): 1 for name in names})
        del self.resources[kind][found.id]
        self.tags.pop(found.arn, None)
        return {}

    def list(self, kind: str, params: dict[str, Any]) -> dict[str, Any]:
        found: Iterable[Resource] = self.resources[kind].values()
        if wanted := params.get("Type"):
            found = [item for item in found if item.managed == (wanted == "managed")]
        listing = _page([item.listed() for item in found], params)
        return {f"{kind}List": listing}

    def create_distribution_with_tags(self, params: dict[str, Any]) -> dict[str, Any]:
        both = params["DistributionConfigWithTags"]
        result = self.create("Distribution", both)
        self.tag({"Resource": result["Distribution"]["ARN"], "Tags": both["Tags"]})
        if self.awkward:
            self.unready["tags", result["Distribution"]["ARN"]] = 1
        return result

    def tag(self, params: dict[str, Any]) -> dict[str, Any]:
        held = self.tags.setdefault(self._tagged(params), {})
        held |= {tag["Key"]: tag.get("Value", "") for tag in params["Tags"].get("Items", [])}
        return {}

    def untag(self, params: dict[str, Any]) -> dict[str, Any]:
        for key in params["TagKeys"].get("Items", []):
            self.tags.get(self._tagged(params), {}).pop(key, None)
        return {}

    def list_tags(self, params: dict[str, Any]) -> dict[str, Any]:
        held = self.tags.get(self._tagged(params), {})
        if self._spend("tags", params["Resource"]):
            raise ServiceError("NoSuchResource", f"The specified resource does not exist: {params['Resource']}")
        return {"Tags": {"Items": [{"Key": key, "Value": held[key]} for key in held]}}

    def create_invalidation(self, params: dict[str, Any]) -> dict[str, Any]:
        distribution = self._find("Distribution", params["DistributionId"])
        batch = params["InvalidationBatch"]
        for path in batch["Paths"].get("Items", []):
            if not path.startswith("/"):
                raise ServiceError("InvalidArgument", f"{path} does not begin with a slash.")
        made = {
            "Id": "I" + _identifier(13),
            "Status": "Completed",
            "CreateTime": datetime.now(UTC),
            "InvalidationBatch": batch,
        }
        # The newest first, as CloudFront lists them.
        self.invalidations.setdefault(distribution.id, []).insert(0, made)
        location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution.id}"
        return {"Invalidation": made, "Location": f"{location}/invalidation/{made['Id']}"}

    def get_invalidation(self, params: dict[str, Any]) -> dict[str, Any]:
        distribution = self._find("Distribution", params["DistributionId"])
        for made in self.invalidations.get(distribution.id, []):
            if made["Id"] == params["Id"]:
                return {"Invalidation": made}
        raise ServiceError("NoSuchInvalidation", "The specified invalidation does not exist.")

    def list_invalidations(self, params: dict[str, Any]) -> dict[str, Any]:
        distribution = self._find("Distribution", params["DistributionId"])
        return {"InvalidationList": _page(self.invalidations.get(distribution.id, []), params)}

    def _made(self, kind: str) -> int:
        return sum(not one.managed for one in self.resources[kind].values())

    def _delay(self, resource: Resource) -> None:
        """A change has still to reach the edges, and CloudFront changes the ETag once more."""
        if self.awkward and resource.kind == "Distribution":
            resource.pending = 2
            self.unready["changed", resource.id] = 1
            self.unready["deleted", resource.id] = 1

    def _spend(self, what: str, name: str) -> bool:
        if self.unready[what, name] <= 0:
            return False
        self.unready[what, name] -= 1
        return True

    def _shown(self, found: Resource) -> dict[str, Any]:
        if not self.awkward or found.kind != "Distribution":
            return found.described()
        return found.described() | {"DistributionConfig": filled(found.config)}

    def _find(self, kind: str, name: str) -> Resource:
        if name not in self.resources[kind]:
            raise ServiceError(f"NoSuch{kind}", f"The specified {kind} does not exist: {name}")
        return self.resources[kind][name]

    def _find_version(self, kind: str, params: dict[str, Any]) -> Resource:
        """The resource, if the request names its newest ETag and it is not a managed one."""
        found = self._find(kind, params["Id"])
        sent = params.get("IfMatch")
        if sent not in found.etags:
            raise ServiceError(
                "InvalidIfMatchVersion",
                "The If-Match version is missing or not valid for the resource.",
            )
        if sent != found.etag:
            raise ServiceError(
                "PreconditionFailed",
                "The request failed because it didn't meet the preconditions in one or more request-header fields.",
            )
        if self._spend("changed", found.id):
            # CloudFront itself touched it in between.
            found.stamp()
            raise ServiceError("PreconditionFailed", "The precondition in one or more of the headers is false.", 412)
        if found.managed:
            raise ServiceError("AccessDenied", "A managed policy cannot be changed.", 403)
        return found

    def _tagged(self, params: dict[str, Any]) -> str:
        arn = params["Resource"]
        if arn not in {item.arn for item in self.resources["Distribution"].values()}:
            raise ServiceError("NoSuchResource", f"The specified resource does not exist: {arn}")
        return arn

    def _check(self, kind: str, config: dict[str, Any], changed: Resource | None) -> None:
        others = [item for item in self.resources[kind].values() if item is not changed]
        if kind == "Distribution":
            if self.awkward:
                check(config)
            for names in references(config).values():
                for name in names:
                    if name in self.resources["OriginAccessControl"] and self._spend("named", name):
                        raise ServiceError("InvalidOriginAccessControl", f"{name} is not known here yet.")
            known = {name: set(held) for name, held in self.resources.items()}
            check_distribution(config, [o.config for o in others], known, changed.config if changed else None)
        elif config["Name"] in {item.config["Name"] for item in others}:
            raise ServiceError(f"{kind}AlreadyExists", f"A {kind} named {config['Name']} exists.")


def _page(items: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    """One page of a listing: ``Marker`` is the last id of the page before."""
    marker, size = params.get("Marker", ""), int(params.get("MaxItems", PAGE))
    names = [item.get("Id") for item in items]
    first = names.index(marker) + 1 if marker in names else 0
    shown = items[first : first + size]
    more = first + size < len(items)
    listing = {"Marker": marker, "MaxItems": size, "IsTruncated": more, "Quantity": len(shown)}
    if shown:
        listing["Items"] = shown
    if more:
        listing["NextMarker"] = shown[-1]["Id"]
    return listing


def _identifier(length: int) -> str:
    letters = string.ascii_uppercase + string.digits
    return "E" + "".join(secrets.choice(letters) for _ in range(length - 1))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
