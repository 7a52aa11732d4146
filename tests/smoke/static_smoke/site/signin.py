"""Signs in through the login form. The password is sent to the site's own origin only."""

from collections.abc import Iterable
from urllib.parse import unquote, urljoin, urlsplit

from static_smoke.deadline import in_thread
from static_smoke.http import origin
from static_smoke.http.client import Answer, Client
from static_smoke.options import Options
from static_smoke.parse.error_page import describe
from static_smoke.site.login_form import (
    LoginForm,
    asks_for_code,
    asks_for_mail,
    has_login_form,
    read_first_step,
    read_form,
)

# Logins that no program can do: the pages behind them are left out, and the run is no less sound for that.
NO_FORM = "no login form found"
NO_PASSWORD = "the form asks for no password"
CAPTCHA = "the form has a captcha"
CODE = "the login asks for a code"
# Below the site's path.
USUAL = ("login/", "accounts/login/", "admin/login/")
_MOST_REDIRECTS = 5
# Redirects for which a browser sends the same form again.
_RESEND = (307, 308)


class NotSent(Exception):
    """Why the password was not sent."""


def is_for_people(problem: str) -> bool:
    """Whether a login that failed is one that a program cannot do."""
    return problem.startswith((NO_FORM, NO_PASSWORD, CAPTCHA, CODE))


async def sign_in(client: Client, options: Options, pages: Iterable) -> tuple[str, str]:
    """(problem, landing page); the problem is empty after a successful login.

    The landing page is empty if it is not on the site's origin.
    """
    site, problem = options.site, ""
    crawled = await in_thread(client.until, _with_form, pages)
    paths = [options.login_path] if options.login_path else [*crawled, *_asked_for(pages), *USUAL]
    for page in dict.fromkeys(urljoin(site, path) for path in paths):
        try:
            answer = await _open(client, site, page)
            if answer.unavailable:
                raise NotSent(f"not signed in: {page} {describe(answer)}")
            form = await in_thread(client.until, read_form, answer, *options.login)
            form = form or await _second_step(client, options, answer)
            if form is not None and form.has_captcha:
                raise NotSent(f"{CAPTCHA}: {form.page}")
            if form is not None:
                return await _submit(client, site, form)
            if asks_for_mail(answer):
                raise NotSent(f"{NO_PASSWORD}: {answer.url}")
        except NotSent as error:
            problem = problem or str(error)
    return problem or NO_FORM, ""


async def _second_step(client: Client, options: Options, answer: Answer) -> LoginForm | None:
    """The form with the password, where a first page asks for the user name alone."""
    first = await in_thread(client.until, read_first_step, answer, options.login[0])
    if first is None or first.has_captcha:
        return first
    _require_origin(options.site, first.action, f"the form of {first.page} sends the user name to")
    sent = await client.request(first.action, method="POST", headers={"Referer": first.page}, data=first.fields)
    if 300 <= sent.status < 400:
        sent = await _open(client, options.site, origin.resolve(first.action, sent.headers.get("Location", "")))
    form = await in_thread(client.until, read_form, sent, *options.login)
    if form is None:
        raise NotSent(f"{NO_PASSWORD}: {answer.url}")
    return form


def _asked_for(pages: Iterable) -> list[str]:
    """Crawled pages to which the site sent somebody who wanted another one: /login/?next=/members/."""
    asked = (urlsplit(crawled.url) for crawled in pages)
    # One of each path.
    return list({parts.path: parts.geturl() for parts in asked if "=/" in unquote(parts.query)}.values())


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
    if asks_for_code(sent):
        return f"{CODE}: {action}", ""
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
