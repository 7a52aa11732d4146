"""Signs upload forms and, in development, receives what they post."""

import json
from xml.sax.saxutils import escape

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from slipway.web.media.backends import media
from slipway.web.media.errors import UploadError
from slipway.web.media.folder import LocalMedia, RejectedForm
from slipway.web.media.limits import byte_limit, megabytes, uploads_per_hour
from slipway.web.media.ticket import Ticket

MAX_BODY = 4096  # bytes; four files take about 200
HOUR = 3600


@require_POST
@never_cache
def sign(request: HttpRequest) -> JsonResponse:
    """Answers ``{"files": [{"name": "original", "type": "image/jpeg", "size": 4711}, …]}`` with a form for each file.

    The answer is ``{"ticket": …, "files": [{"name", "method", "url", "fields", "limit"}, …]}``; ``size`` and ``limit``
    are in bytes. An error is ``{"error": sentence}`` with status 400, 401, 413, 429 or 503.
    """
    if not request.user.is_authenticated:
        return _error(401, "You are signed out. Sign in again in another tab, then try again.")
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return _error(413, "The list of files is too long.")
    if not _may_begin(request.user.pk):
        return _error(429, f"You have begun {uploads_per_hour()} uploads within an hour. Try again later.")
    try:
        announced = json.loads(request.body)["files"]
        files = {file["name"]: file["type"] for file in announced}
        sizes = {file["name"]: file.get("size", 0) for file in announced}
        if not all(isinstance(text, str) for pair in files.items() for text in pair):
            raise ValueError
        if not all(type(size) is int for size in sizes.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        return _error(400, "The list of files cannot be read.")
    try:
        ticket = Ticket.issue(str(request.user.pk), files)
    except UploadError as error:
        return _error(400, str(error))
    for name, size in sizes.items():
        if size > (limit := byte_limit(name)):
            return _error(413, f"The photo has {megabytes(size)}; at most {megabytes(limit)} are allowed.")
    try:
        forms = [_form(ticket, name, sizes[name]) for name in ticket.types]
    except UploadError as error:
        return _error(503, str(error))
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
        # The key expired between the two calls: a new hour begins.
        return True


def _error(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)


# Like the bucket, it trusts the form's signature and no cookie.
@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """The bucket of development: responds as S3 does, with 204 or an XML error."""
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
