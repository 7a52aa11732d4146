"""Hands out upload forms and, in development, takes what they post."""

import json
from xml.sax.saxutils import escape

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from slipway.web.media.backends import media
from slipway.web.media.folder import LocalMedia, RejectedForm
from slipway.web.media.limits import byte_limit, megabytes, uploads_per_hour
from slipway.web.media.refusal import Refused
from slipway.web.media.ticket import Ticket

MAX_BODY = 4096  # bytes; four files take about 200
HOUR = 3600


@require_POST
@never_cache
def sign(request: HttpRequest) -> JsonResponse:
    """Answers ``{"files": [{"name": "original", "type": "image/jpeg", "size": 4711}, …]}`` with a form for each file.

    The answer is ``{"ticket": …, "files": [{"name", "method", "url", "fields", "limit"}, …]}``; ``size`` and ``limit``
    are in bytes. A refusal is ``{"error": sentence}`` with status 400, 401, 413, 429 or 503.
    """
    if not request.user.is_authenticated:
        return _error(401, "You are signed out. Sign in again in another tab, then try again.")
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return _error(413, "The list of files is too long.")
    if not _may_begin(request.user.pk):
        return _error(429, f"You have begun {uploads_per_hour()} uploads within an hour. Try again later.")
    try:
        said = json.loads(request.body)["files"]
        files = {file["name"]: file["type"] for file in said}
        sizes = {file["name"]: file.get("size", 0) for file in said}
        if not all(isinstance(text, str) for pair in files.items() for text in pair):
            raise ValueError
        if not all(type(size) is int for size in sizes.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        return _error(400, "The list of files cannot be read.")
    try:
        ticket = Ticket.issue(str(request.user.pk), files)
    except Refused as refused:
        return _error(400, str(refused))
    for name, size in sizes.items():
        if size > (limit := byte_limit(name)):
            return _error(413, f"The photo has {megabytes(size)}; at most {megabytes(limit)} are taken.")
    try:
        forms = [_form(ticket, name, sizes[name]) for name in ticket.types]
    except Refused as refused:
        return _error(503, str(refused))
    return JsonResponse({"ticket": ticket.dump(), "files": forms})


def _form(ticket: Ticket, name: str, size: int) -> dict[str, object]:
    limit = byte_limit(name)
    form = media().sign(ticket.key(name), ticket.types[name], limit, size)
    return {"name": name, "method": form.method, "url": form.url, "fields": form.fields, "limit": limit}


def _may_begin(user: object) -> bool:
    """Counts an upload; each process counts for itself unless the site's cache is shared."""
    name = f"slipway-uploads-{user}"
    cache.add(name, 0, HOUR)
    try:
        return cache.incr(name) <= uploads_per_hour()
    except ValueError:
        # It ran out between the two calls: a new hour begins.
        return True


def _error(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


# Like the bucket, it trusts the form's signature and no cookie.
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Development's bucket: answers as S3 does, 204 or an XML error."""
    store = media()
    if not isinstance(store, LocalMedia):
        raise Http404
    try:
        store.receive(request.POST.dict(), request.FILES.get("file"))
    except RejectedForm as rejected:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{rejected.code}</Code><Message>{escape(rejected.message)}</Message></Error>"
        )
        return HttpResponse(body, "application/xml", status=rejected.status)
    return HttpResponse(status=204)
