"""The options of a run."""

import argparse
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from static_smoke import __version__
from static_smoke.http.allowed import allow
from static_smoke.http.urls import resolve

LOGIN_VARIABLE = "SMOKE_LOGIN"
DEPTHS = ("quick", "full")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True, slots=True)
class Options:
    """``login`` is (user, password); ``resolve`` maps (host, port) to (address, port).

    ``browser`` is the path of a Chromium, None without one (or for "none").
    ``allow`` has pairs of a path that the origin may answer, with * for any text, and the reason; ``waived`` those of
    a setting that may weaken the site.
    ``source``: the project's own files, to find the line of a leak.
    ``depth``: one of DEPTHS; "quick" leaves out what an earlier run has seen, and the sentence says so.
    ``full_pages``: how many pages are loaded on every device, the others on a desktop only.
    """

    site: str
    static: str | None = None
    media: str | None = None
    origin: str | None = None
    also: tuple[str, ...] = ()
    origin_log: Path | None = None
    manifests: tuple[Path, ...] = ()
    provisioned: Path | None = None
    login: tuple[str, str] | None = None
    login_path: str | None = None
    upload: str | None = None
    pull: str = ""
    no_cdn: bool = False
    paths: tuple[str, ...] = ()
    allow: tuple[tuple[str, str], ...] = ()
    waived: tuple[tuple[str, str], ...] = ()
    report: Path | None = None
    ca: Path | None = None
    resolve: Mapping[tuple[str, int], tuple[str, int]] | None = None
    browser: str | None = None
    depth: str = "full"
    max_pages: int = 40
    max_objects: int = 200
    max_depth: int = 4
    full_pages: int = 6
    # Quick takes 20 s and full two minutes on the photo wall: a site five times as slow still ends by itself.
    minutes: float = 10
    source: Path | None = None
    strict: bool = False


def find_browser(path: str | None = None) -> str | None:
    if path == "none":
        return None
    if path:
        return path if Path(path).is_file() else None
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def parse(argv: Sequence[str] | None = None) -> Options:
    """Options from the command line; the login comes from the environment, so no `ps` shows it."""
    parser = argparse.ArgumentParser(
        prog="static-smoke",
        description="Prove that no static request reaches a site's origin.",
        epilog=f"{LOGIN_VARIABLE}=user:password in the environment signs in and crawls on. "
        "Exit status: 0 passed, 1 failed or inconclusive, 2 the run could not start.",
    )
    parser.add_argument("--site", required=True, type=_site, help="the site, https://www.…")
    parser.add_argument("--static", type=_url, help="the static host (else: read from the pages)")
    parser.add_argument("--media", type=_url, help="the media host (else: read from the pages)")
    parser.add_argument("--origin", type=_url, help="where the origin itself listens")
    parser.add_argument(
        "--also",
        action="append",
        type=_host,
        default=[],
        metavar="HOST",
        help="one more name of the server, which may serve no static file either",
    )
    parser.add_argument("--origin-log", type=Path, help="its access log: JSON lines, or combined")
    parser.add_argument(
        "--manifest",
        dest="manifests",
        action="append",
        type=_file,
        default=[],
        help="staticfiles.json or objects.json, of this release and of earlier ones",
    )
    parser.add_argument("--provisioned", type=_file, help="the CDN's and bucket's state as JSON")
    parser.add_argument("--login-path", help="the login page (else: found)")
    parser.add_argument(
        "--pull", metavar="PATH", default="", help="the CDN pulls hashed files from the origin, below this path"
    )
    parser.add_argument(
        "--no-cdn", action="store_true", help="no CDN is before the bucket: ask for no cache hit and no compression"
    )
    parser.add_argument("--upload", metavar="PATH", help="try the forms that this endpoint signs: sends two files")
    parser.add_argument("--path", dest="paths", action="append", default=[], help="one more page to crawl")
    parser.add_argument(
        "--allow",
        action="append",
        type=_allowance,
        default=[],
        metavar="PATH=REASON",
        help="the origin may answer this path (* is any text), for a reason that the report repeats",
    )
    parser.add_argument(
        "--waived",
        action="append",
        type=_waived,
        default=[],
        metavar="SETTING=REASON",
        help="a setting that may weaken the site, for a reason that the report repeats",
    )
    parser.add_argument("--report", type=Path, help="write index.html, smoke.json and junit.xml here")
    parser.add_argument("--ca", type=_file, help="trust this certificate authority too")
    parser.add_argument(
        "--resolve",
        action="append",
        type=_resolve,
        default=[],
        metavar="HOST:PORT:ADDR[:PORT]",
        help="connect there instead",
    )
    parser.add_argument("--browser", help='a Chromium (else: found), or "none"')
    parser.add_argument(
        "--depth", choices=DEPTHS, default="full", help="quick: after a deploy, in seconds; full: all that visitors do"
    )
    parser.add_argument("--max-pages", type=int, default=40)
    parser.add_argument(
        "--max-objects", type=int, default=200, help="pages of known URL patterns to parse (200; 20 in a quick run)"
    )
    parser.add_argument("--max-depth", type=int, default=4)
    parser.add_argument("--full-pages", type=int, default=6, help="pages on every screen (6)")
    parser.add_argument(
        "--minutes", type=float, default=10, help="the bound of everything: the run ends within them and 30 s (10)"
    )
    parser.add_argument(
        "--source", type=_directory, help="the project, to find where a URL is written (else: here, beside a manage.py)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit status 1 also if a check did not run, or ran in part"
    )
    parser.add_argument("--version", action="version", version=f"static-smoke {__version__}")
    values = vars(parser.parse_args(argv))
    # Not in the environment of the programs that are started, such as the browser.
    login = os.environ.pop(LOGIN_VARIABLE, None)
    if login is not None and ":" not in login:
        parser.error(f"{LOGIN_VARIABLE} must be user:password")
    if values["browser"] not in (None, "none") and not Path(values["browser"]).is_file():
        parser.error(f"--browser: no such file: {values['browser']}")
    values |= {
        "manifests": tuple(values["manifests"]),
        "paths": tuple(values["paths"]),
        "also": tuple(values["also"]),
        "allow": tuple(values["allow"]),
        "waived": tuple(values["waived"]),
        "resolve": dict(values["resolve"]),
        "login": tuple(login.split(":", 1)) if login else None,
        "browser": find_browser(values["browser"]),
        "source": values["source"] or (Path() if Path("manage.py").is_file() else None),
    }
    return Options(**values)


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http(s) URL")
    # The URL as a browser writes it: without the scheme's own port, and with an international host's ASCII name.
    url = resolve(text, text if parts.path else f"{text}/")
    if url is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an http(s) URL")
    return url


def _site(text: str) -> str:
    """The site's URL; its last part is a folder, unless it has an extension."""
    url = _url(text)
    last = url.rpartition("/")[2]
    return url if not last or set(".?") & set(last) else f"{url}/"


def _host(text: str) -> str:
    if not re.fullmatch(r"[\w-]+(\.[\w-]+)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host name like example.com")
    return text.lower()


def _allowance(text: str) -> tuple[str, str]:
    pattern, _, reason = text.partition("=")
    if not reason.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not a path of the site and a reason, /captcha/*/=why")
    try:
        allow(pattern, reason)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return pattern, reason.strip()


def _waived(text: str) -> tuple[str, str]:
    setting, _, reason = text.partition("=")
    if not setting.isidentifier() or not reason.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not a setting and a reason, SECURE_HSTS_SECONDS=why")
    return setting, reason.strip()


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"no such file: {text}")
    return path


def _directory(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"no such folder: {text}")
    return path


def _resolve(text: str) -> tuple[tuple[str, int], tuple[str, int]]:
    host, _, rest = text.partition(":")
    port, _, target = rest.partition(":")
    bracketed, _, tail = target.rpartition("]")
    if bracketed:
        address, to = bracketed.lstrip("["), tail.lstrip(":")
    else:
        address, _, to = target.partition(":")
    if not (host and port.isdecimal() and address and (to or port).isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT:ADDR[:PORT]")
    return (host, int(port)), (address, int(to or port))
