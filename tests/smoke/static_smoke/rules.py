"""The rules of each check, and the facts that break them."""

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """Every rule: the letter of its check, and what to do when it is broken."""

    WRITTEN = "P", "write the path with {% static %}, in Python with static(): then STATIC_URL decides the host"
    WRITTEN_MAYBE = "P", "some screens may load it: build it from STATIC_URL"
    WRITTEN_MEDIA = "P", "store media in the bucket and build its URL from MEDIA_URL"
    LINKED = "P", "link to its URL on the CDN: who follows the link requests the file from the origin"
    MISSING = "P", "push the file before the page that names it, or take the reference out"
    NO_ICON = "P", 'add <link rel="icon"> with a CDN URL, or browsers ask for /favicon.ico'
    PLAIN_HTTP = "P", "write the URL with https"
    CROSS_ORIGIN_USE = "P", "inline the sprite: browsers block <use> from another origin"
    DEBUG_PAGE = "P", "set DEBUG = False"

    MARKED = "H", "the origin answered: point the host at the CDN, and the CDN at the bucket"
    SAME_ADDRESS = "H", "point the host's DNS record at the CDN"
    DENIED = "H", "let the CDN read the bucket: origin access control, policy, prefix"
    REDIRECTED = "H", "let the CDN answer by itself, without a redirect"
    CORS_ABSENT = "H", "add Access-Control-Allow-Origin in the CDN's configuration"
    CORS_WRONG = "H", "name the site's origin in Access-Control-Allow-Origin, in the CDN's configuration"
    CORS_LATER = "H", "send Access-Control-Allow-Origin with every answer, or Vary: Origin, in the CDN's configuration"
    TYPE = "H", "upload the object with its exact Content-Type"
    NOT_IMMUTABLE = "H", "upload hashed names with max-age=31536000, immutable"
    IMMUTABLE = "H", "only a name with a hash may be immutable: give this one a short max-age"
    UNCOMPRESSED = "H", "switch compression on in the CDN, and cache by Accept-Encoding"
    ENCODING = "H", "compress once, and say so in Content-Encoding"
    HASH = "H", "push the bytes that the hash in the name belongs to, then purge the name"
    VARIES = "H", "let assets vary by Accept-Encoding and Origin alone: take the rest out of Vary"
    NEVER_HIT = "H", "let the CDN cache it"
    COOKIE = "H", "keep cookies on the site's host: no Domain attribute, no Set-Cookie on assets"

    SERVED = "C", "remove the static files, and the code that serves them, from the origin"
    NO_STATIC_HOST = "C", "put the static files on a CDN, and set STATIC_URL to its host"

    ASKED = "B", "find what loads it (script, worker, style) and give it the CDN URL"
    NO_CDN = "B", "set STATIC_URL to the CDN"
    BLOCKED = "B", "the browser blocked it: see its message"
    CSP = "B", "name the host in the Content-Security-Policy's directive"
    FAILED = "B", "find out why it fails in a browser and not for this suite"

    HIDDEN = "N", 'add <link rel="icon"> with a CDN URL to this page'
    COOKIE_SENT = "N", "keep cookies on the site's host: no Domain attribute"

    ARRIVED = "O", "find what requests it and give it the CDN URL"
    PULLED = "O", "let the CDN read the bucket, never the origin"

    ORIGIN_IS_SITE = "A", "make the bucket the distribution's only origin"
    NO_ACCESS_CONTROL = "A", "attach an origin access control (sigv4, always)"
    PUBLIC_BUCKET = "A", "switch all four public access blocks on, drop public policies and ACLs"
    UPLOAD_REJECTED = (
        "A",
        "sign the form with Signature Version 4, by a key that may put objects there",
    )
    UPLOAD_UNBOUND = "A", "sign a content-length-range into every upload form"

    # What a view of the origin makes, by who saw it first; the fact has the line that allows it.
    VIEW_WRITTEN = "P", "make a static file of it, or allow it where it is written"
    VIEW_ASKED = "B", "make a static file of it, or allow it where a browser requests it"
    VIEW_HIDDEN = "N", "make a static file of it, or allow it where a browser hides it"
    VIEW_ARRIVED = "O", "make a static file of it, or allow it where it arrives"

    def __init__(self, check: str, fix: str):
        self.check = check
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Fact:
    """``also``: further URLs that it concerns, such as a redirect's target. ``fix``: in place of the rule's own."""

    rule: Rule
    url: str
    place: str
    what: str
    also: tuple[str, ...] = ()
    fix: str = ""
