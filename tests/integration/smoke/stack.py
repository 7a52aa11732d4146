"""A small site and its CDN, each a plain server, for tests to break."""

import asyncio
import gzip
import hashlib
import json
import re
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import brotli
from aiohttp import web

IMMUTABLE = "public, max-age=31536000, immutable"
LOGIN = ("ada", "lovelace")


def hashed(name: str, body: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.md5(body).hexdigest()[:12]}.{suffix}"


def png(colour: int) -> bytes:
    """A PNG of 8 by 8 pixels of one grey."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    rows = (b"\0" + bytes([colour]) * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


@dataclass
class Object:
    body: bytes
    type: str
    cache: str = IMMUTABLE
    headers: dict = field(default_factory=dict)
    status: int = 200


class Stack:
    """The two servers. Change ``pages``, ``static``, ``media`` and the switches before ``run``."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.log = directory / "access.log"
        self.log.touch()
        self.cors: Callable[[str], str | None] = lambda origin: origin
        self.varies = True  # Vary: Origin in every answer of the CDN
        self.compress = True
        self.csp: str | None = None
        self.wraps: Callable[[str, str], str] = lambda path, html: html
        self.for_agent: Callable[[str, str], str] = lambda agent, html: html
        self.origin_files: dict[str, Object] = {}
        # Regular expression of whole paths -> what answers them in place of a page.
        self.views: dict[str, Callable[[web.Request], web.Response]] = {}
        self.cdn_override: Callable[[web.Request, str], web.Response | None] = lambda *_: None
        self.logs = True
        self.takes_logins = True
        self.answers_foreign_hosts = True
        # "origin" or "cdn": requests that it answers before it dies, and how: 0 drops each connection, 500 answers so.
        self.dies_after: dict[str, tuple[int, int]] = {}
        self.answered: Counter = Counter()
        self.cache: set[str] = set()
        self.static: dict[str, Object] = {}
        self.media: dict[str, Object] = {}
        self.names: dict[str, str] = {}

    # The servers.

    def __enter__(self) -> "Stack":
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.origin_port, self._stop_origin = self._call(self._serve(self._origin))
        self.cdn_port, self._stop_cdn = self._call(self._serve(self._cdn))
        self._build()
        return self

    def __exit__(self, *_) -> None:
        self._call(self._stop_origin())
        self._call(self._stop_cdn())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @staticmethod
    async def _serve(handler):
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner.addresses[0][1], runner.cleanup

    @property
    def site_url(self) -> str:
        return f"http://www.sound.localhost:{self.origin_port}/"

    @property
    def static_url(self) -> str:
        return f"http://static.sound.localhost:{self.cdn_port}/"

    @property
    def media_url(self) -> str:
        return f"http://media.sound.localhost:{self.cdn_port}/"

    def _dead(self, server: str, request: web.Request) -> web.Response | None:
        """What a server that has died answers, None while it is alive."""
        self.answered[server] += 1
        most, status = self.dies_after.get(server, (self.answered[server], 0))
        if self.answered[server] <= most:
            return None
        if not status:
            request.transport.abort()
        return web.Response(status=status or 500, text="<title>Bad day</title>", content_type="text/html")

    # The origin.

    async def _origin(self, request: web.Request) -> web.Response:
        answer = self._dead("origin", request) or self._page(request)
        answer.headers["X-Origin"] = "sound"
        agent = request.headers.get("User-Agent", "")
        line = {
            "run": agent.partition("slipway-smoke/")[2],
            "method": request.method,
            "host": request.host.partition(":")[0],
            "uri": request.path_qs,
            "status": answer.status,
            "bytes": len(answer.body or b""),
            "type": answer.headers.get("Content-Type", ""),
            "dest": request.headers.get("Sec-Fetch-Dest", ""),
            "agent": agent,
        }
        if self.logs:
            with self.log.open("a") as log:
                log.write(json.dumps(line) + "\n")
        return answer

    def _page(self, request: web.Request) -> web.Response:
        path, status = request.path, 200
        for expression, view in self.views.items():
            if re.fullmatch(expression, path):
                return view(request)
        if path in self.origin_files:
            thing = self.origin_files[path]
            return web.Response(body=thing.body, headers={"Content-Type": thing.type}, status=thing.status)
        if path == "/favicon.ico":
            return web.Response(status=302, headers={"Location": f"{self.static_url}favicon.ico"})
        if not request.host.startswith("www.sound.localhost"):
            if not self.answers_foreign_hosts:
                request.transport.abort()
            path, status = "400", 400
        elif request.headers.get("Content-Type") == "multipart/form-data":
            path, status = "400", 400
        elif path == "/login/" and request.method == "POST" and self.takes_logins:
            headers = {"Location": "/members/", "Set-Cookie": "session=1; Path=/; HttpOnly"}
            return web.Response(status=302, headers=headers)
        elif request.method == "POST":
            path, status = "403", 403
        elif request.method != "GET":
            return web.Response(status=405)
        elif path == "/members/" and request.cookies.get("session") != "1":
            return web.Response(status=302, headers={"Location": "/login/"})
        elif path not in self.pages:
            path, status = "404", 404
        html = self.for_agent(request.headers.get("User-Agent", ""), self.wraps(path, self.pages[path]))
        headers = {"Content-Security-Policy": self.csp} if self.csp else {}
        return web.Response(text=html, content_type="text/html", status=status, headers=headers)

    # The CDN.

    async def _cdn(self, request: web.Request) -> web.Response:
        name = request.path.lstrip("/")
        objects = self.media if request.host.startswith("media.") else self.static
        override = self._dead("cdn", request) or self.cdn_override(request, name)
        if override is not None:
            return override
        headers = {"X-Cache": "Miss from cloudfront", "Via": "1.1 x.cloudfront.net (CloudFront)"}
        origin = request.headers.get("Origin")
        allowed = self.cors(origin) if origin else None
        if allowed:
            headers["Access-Control-Allow-Origin"] = allowed
        if self.varies:
            headers["Vary"] = "Origin"
        thing = objects.get(name)
        if thing is None:
            headers["X-Cache"] = "Error from cloudfront"
            return web.Response(status=403, text="<Error/>", headers=headers)
        headers |= {"Content-Type": thing.type, "Cache-Control": thing.cache, **thing.headers}
        if request.path in self.cache:
            headers["X-Cache"] = "Hit from cloudfront"
        self.cache.add(request.path)
        body = thing.body
        text = thing.type.startswith(("text/", "image/svg", "application/"))
        if self.compress and text and len(body) >= 1000 and "Content-Encoding" not in headers:
            coding = "br" if "br" in request.headers.get("Accept-Encoding", "") else "gzip"
            body = brotli.compress(body) if coding == "br" else gzip.compress(body)
            headers["Content-Encoding"] = coding
        return web.Response(body=body, headers=headers, status=thing.status)

    # What they serve.

    def put(self, name: str, body: bytes | str, type: str) -> str:
        """Stores a static file under its hashed name; the URL of it."""
        body = body.encode() if isinstance(body, str) else body
        stored = hashed(name, body)
        self.static[stored] = Object(body, type)
        self.names[name] = stored
        return self.static_url + stored

    def rename(self, name: str) -> Object:
        return self.static[self.names[name]]

    def _build(self) -> None:
        put, filler = self.put, "/* " + "x" * 1200 + " */"
        url = SimpleNamespace()
        url.font = put("fonts/own.woff2", b"wOF2" + bytes(40), "font/woff2")
        url.bg = put("img/bg.svg", f"<svg xmlns='http://www.w3.org/2000/svg'>{' ' * 1200}</svg>",
                     "image/svg+xml")  # fmt: skip
        font, bg = self.names["fonts/own.woff2"], self.names["img/bg.svg"]
        url.css = put(
            "css/base.css",
            f"@font-face{{font-family:own;src:url(../{font}) format('woff2')}}"
            f"body{{font-family:own;background:url('../{bg}')}}{filler}",
            "text/css; charset=utf-8",
        )
        url.js = put("js/app.js", f"document.title += '.'; {filler}", "text/javascript")
        url.part = put("js/part.js", "export const part = 1;", "text/javascript")
        url.main = put("js/main.js", "import {part} from './part.js'; export default part;",
                       "text/javascript")  # fmt: skip
        url.logo = put("img/logo.png", png(10), "image/png")
        url.one, url.two = (put(f"img/hero-{n}.png", png(n), "image/png") for n in (1, 2))
        url.icon = put("img/icon.png", png(3), "image/png")
        manifest = {"name": "sound", "start_url": self.site_url,
                    "icons": [{"src": url.icon, "sizes": "8x8"}]}  # fmt: skip
        url.manifest = put("site.webmanifest", json.dumps(manifest), "application/manifest+json")
        self.static["favicon.ico"] = Object(png(4), "image/x-icon", "public, max-age=300")
        self.media["photo-1.png"] = Object(png(5), "image/png", "public, max-age=86400")
        self.url = url
        self.write_pages()
        self.write_manifest()

    def write_manifest(self) -> None:
        self.manifest = self.directory / "staticfiles.json"
        self.manifest.write_text(json.dumps({"paths": self.names, "version": "1.1"}))

    def page(self, title: str, body: str, *, icon: bool = True) -> str:
        url = self.url
        plain = f"{self.static_url}js/part.js"
        importmap = json.dumps({"imports": {plain: url.part}})
        return f"""<!doctype html><html lang="en"><head><title>{title}</title>
        {f'<link rel="icon" href="{url.icon}">' if icon else ""}
        <link rel="manifest" href="{url.manifest}" crossorigin>
        <link rel="stylesheet" href="{url.css}">
        <link rel="preload" as="font" type="font/woff2" href="{url.font}" crossorigin>
        <meta property="og:image" content="{url.one}">
        <script type="importmap">{importmap}</script>
        <script src="{url.js}" defer></script>
        <script type="module" src="{url.main}"></script>
        </head><body><h1>{title}</h1><img src="{url.logo}" alt="">{body}</body></html>"""

    def write_pages(self) -> None:
        url = self.url
        picture = f'<img src="{url.one}" srcset="{url.one} 1x, {url.two} 2x" alt="">'
        photo = f'<img src="{self.media_url}photo-1.png" alt="">'
        form = '<form method="post"><input name="user"><input type="password" name="password">'
        links = '<a href="/gallery/">gallery</a> <a href="/login/">sign in</a>'
        self.pages = {
            "/": self.page("home", picture + links),
            "/gallery/": self.page("gallery", photo),
            "/login/": self.page("sign in", f"{form}</form>"),
            "/members/": self.page("members", photo),
            **{code: self.page(code, "sorry") for code in ("400", "403", "404")},
        }
