"""The login form of a page: which one it is, and what a browser would send."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import html5lib

from static_smoke.http import origin
from static_smoke.http.client import Answer

_TEXT = ("text", "email", "tel")
_TYPED = {*_TEXT, "password", "search", "url", "number", "date", "file"}
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
_IDENTIFIERS = {"username", "email", "tel"}
_CODE = "one-time-code"
_CAPTCHA = re.compile(r"captcha|cf-turnstile", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoginForm:
    """``action``: the URL that a browser would send it to. ``has_captcha``: a program cannot fill it in."""

    page: str
    action: str
    method: str
    fields: dict[str, str]
    has_captcha: bool = False


def read_form(answer: Answer, user: str, password: str) -> LoginForm | None:
    """The login form of a page, filled in; None where there is none."""
    root = _root(answer)
    form = _form(root)
    return None if form is None else _read(root, form, answer, user, password)


def read_first_step(answer: Answer, user: str) -> LoginForm | None:
    """The form of a login over two pages, of which the first asks for the user name alone; None where there is none.

    A form for an e-mail address is none of them: it may send a mail with a link or a code.
    """
    root = _root(answer)
    for form in root.iter("form"):
        field = _identifier(form)
        marked = field is not None and "username" in (field.get("autocomplete") or "").lower().split()
        if field is not None and (marked or _kind(field) == "text") and _typed(form) == 1:
            return _read(root, form, answer, user, "")
    return None


def asks_for_mail(answer: Answer) -> bool:
    """Whether a page has a form for one e-mail address, as a login by mail has."""
    forms = _root(answer).iter("form")
    return any(_typed(form) == 1 and _identifier(form) is not None for form in forms)


def asks_for_code(answer: Answer) -> bool:
    """Whether a page has a field for a code that a person gets elsewhere."""
    fields = _root(answer).iter("input")
    return any(_CODE in (field.get("autocomplete") or "").lower().split() for field in fields)


def _typed(form: Element) -> int:
    """How many fields of a POST form a person fills in."""
    if (form.get("method") or "get").strip().lower() != "post":
        return 0
    return sum(_kind(field) in _TYPED for field in form.iter("input")) + len(form.findall(".//textarea"))


def _read(root: Element, form: Element, answer: Answer, user: str, password: str) -> LoginForm:
    button = next(filter(_submits, form.iter()), None)
    target = {} if button is None else button.attrib
    action = (target.get("formaction") or form.get("action") or "").strip()
    method = (target.get("formmethod") or form.get("method") or "get").strip().lower()
    url = origin.resolve(_base(root, answer.url), action) if action else answer.url
    return LoginForm(answer.url, url, method, _filled(form, user, password), _has_captcha(form))


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


def _has_captcha(form: Element) -> bool:
    written = (node.get(name) or "" for node in form.iter() for name in ("class", "name", "id", "src"))
    return any(map(_CAPTCHA.search, written))


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
