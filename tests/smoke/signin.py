"""Signs in as a visitor would: by the login form."""

from collections.abc import Iterable
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import html5lib

from tests.smoke.client import Answer, Client
from tests.smoke.options import Options

NO_FORM = "no login form found"
_USUAL = ("/login/", "/accounts/login/", "/admin/login/")


async def sign_in(client: Client, options: Options, pages: Iterable) -> tuple[str, str]:
    """(problem, landing page); the problem is empty once the site has taken the login."""
    crawled = [visited.url for visited in pages if _login_form(visited.answer) is not None]
    asked = [options.login_path] if options.login_path else [*crawled, *_USUAL]
    for path in dict.fromkeys(urljoin(options.site, path) for path in asked):
        answer = await client.ask(path)
        form = _login_form(answer)
        if form is None:
            continue
        fields, action = _filled(form, *options.login), urljoin(path, form.get("action") or path)
        sent = await client.ask(action, method="POST", headers={"Referer": path}, data=fields)
        if 300 <= sent.status < 400:
            return "", urljoin(action, sent.headers.get("Location", "/"))
        return f"{action} answered {sent.status or sent.error} to the login", ""
    return NO_FORM, ""


def _login_form(answer: Answer) -> Element | None:
    if answer.status != 200 or answer.type != "text/html":
        return None
    root = html5lib.parse(answer.text, namespaceHTMLElements=False)
    for form in root.iter("form"):
        if sum(field.get("type") == "password" for field in form.iter("input")) == 1:
            return form
    return None


def _filled(form: Element, user: str, password: str) -> dict[str, str]:
    fields, named = {}, False
    for field in form.iter("input"):
        name, kind = field.get("name"), (field.get("type") or "text").lower()
        if not name:
            continue
        if kind == "password":
            fields[name] = password
        elif kind in ("text", "email") and not named:
            fields[name], named = user, True
        elif kind == "hidden":
            fields[name] = field.get("value") or ""
    return fields
