"""Signs in through the login form. The password is sent to the site's own origin only."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import html5lib

from static_smoke.deadline import in_thread
from static_smoke.http import origin
from static_smoke.http.client import Answer, Client
from static_smoke.options import Options
from static_smoke.parse.error_page import describe

NO_FORM = "no login form found"
# Below the site's path.
USUAL = ("login/", "accounts/login/", "admin/login/")
_MOST_REDIRECTS = 5
_TEXT = ("text", "email", "tel")
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
_IDENTIFIERS = {"username", "email", "tel"}
# Redirects for which a browser sends the same form again.
_RESEND = (307, 308)


class NotSent(Exception):
    """Why the password was not sent."""


@dataclass(frozen=True, slots=True)
class LoginForm:
    """``action``: the URL that a browser would send it to."""

    page: str
    action: str
    method: str
    fields: dict[str, str]


async def sign_in(client: Client, options: Options, pages: Iterable) -> tuple[str, str]:
    """(problem, landing page); the problem is empty after a successful login.

    The landing page is empty if it is not on the site's origin.
    """
    site, problem = options.site, ""
    crawled = await in_thread(client.until, _with_form, pages)
    paths = [options.login_path] if options.login_path else [*crawled, *USUAL]
    for page in dict.fromkeys(urljoin(site, path) for path in paths):
        try:
            answer = await _open(client, site, page)
            if answer.unavailable:
                raise NotSent(f"not signed in: {page} {describe(answer)}")
            form = await in_thread(client.until, read_form, answer, *options.login)
            if form is not None:
                return await _submit(client, site, form)
        except NotSent as error:
            problem = problem or str(error)
    return problem or NO_FORM, ""


def _with_form(pages: Iterable) -> list[str]:
    """The URLs of the crawled pages that have a login form."""
    return [crawled.url for crawled in pages if has_login_form(crawled.answer)]


async def _open(client: Client, site: str, url: str) -> Answer:
    """The answer behind the redirects that do not leave the site."""
    for _ in range(_MOST_REDIRECTS):
        _require_origin(site, url, "the login page is at")
        answer = await client.request(url)
        if not 300 <= answer.status < 400:
            break
        url = origin.resolve(url, answer.headers.get("Location", ""))
    return answer


async def _submit(client: Client, site: str, form: LoginForm) -> tuple[str, str]:
    if form.method != "post":
        raise NotSent(f"not signed in: the form of {form.page} would show the password in a URL (method {form.method})")
    action = form.action
    for _ in range(_MOST_REDIRECTS):
        _require_origin(site, action, f"the form of {form.page} sends the password to")
        sent = await client.request(action, method="POST", headers={"Referer": form.page}, data=form.fields)
        landing = origin.resolve(action, sent.headers.get("Location", "/"))
        if sent.status not in _RESEND:
            break
        action = landing
    if not 300 <= sent.status < 400 or sent.status in _RESEND:
        return f"the login sent to {action} failed: it {describe(sent)}", ""
    if origin.same(site, landing):
        return "", landing
    if "Set-Cookie" in sent.headers:
        return "", ""
    raise NotSent(f"not signed in: {action} answers the login with a redirect to {origin.name(landing)}")


def _require_origin(site: str, url: str, what: str) -> None:
    """Raises NotSent, with the host, unless ``url`` is on the site's origin."""
    if not origin.same(site, url):
        raise NotSent(f"not signed in: {what} {origin.name(url)}, and it is for {origin.name(site)} only")


def read_form(answer: Answer, user: str, password: str) -> LoginForm | None:
    """The login form of a page, filled in; None where there is none."""
    root = _root(answer)
    form = _form(root)
    if form is None:
        return None
    button = next(filter(_submits, form.iter()), None)
    target = {} if button is None else button.attrib
    action = (target.get("formaction") or form.get("action") or "").strip()
    method = (target.get("formmethod") or form.get("method") or "get").strip().lower()
    url = origin.resolve(_base(root, answer.url), action) if action else answer.url
    return LoginForm(answer.url, url, method, _filled(form, user, password))


def has_login_form(answer: Answer) -> bool:
    """Whether the answer is a page with one password to type."""
    return "password" in answer.text.lower() and _form(_root(answer)) is not None


def _root(answer: Answer) -> Element:
    text = answer.text if answer.status == 200 and answer.type == "text/html" else ""
    return html5lib.parse(text, namespaceHTMLElements=False)


def _form(root: Element) -> Element | None:
    for form in root.iter("form"):
        if sum(_kind(field) == "password" for field in form.iter("input")) == 1:
            return form
    return None


def _base(root: Element, url: str) -> str:
    written = (base.get("href") for base in root.iter("base") if base.get("href"))
    return origin.resolve(url, next(written, ""))


def _submits(field: Element) -> bool:
    """Whether it submits the form: Enter presses the first one, and its formaction takes precedence."""
    if field.tag == "button":
        return _kind(field) not in ("button", "reset")
    return field.tag == "input" and _kind(field) in ("submit", "image")


def _kind(field: Element) -> str:
    return (field.get("type") or "text").strip().lower()


def _filled(form: Element, user: str, password: str) -> dict[str, str]:
    fields, identifier = {}, _identifier(form)
    for field in form.iter("input"):
        name, kind = field.get("name"), _kind(field)
        if not name:
            continue
        if kind == "password":
            fields[name] = password
        elif field is identifier:
            fields[name] = user
        elif kind == "hidden":
            fields[name] = field.get("value") or ""
    return fields


def _identifier(form: Element) -> Element | None:
    """The field for the user name, whatever it is called: the one with such an autocomplete, or the first text
    field."""
    texts = [field for field in form.iter("input") if field.get("name") and _kind(field) in _TEXT]
    marked = [field for field in texts if _IDENTIFIERS & set((field.get("autocomplete") or "").lower().split())]
    return next(iter(marked or texts), None)
