"""One change to a sound deployment reddens the witness that names it, and no other."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.integration.smoke.stack import IMMUTABLE, Object, Stack, png


@dataclass
class Expected:
    """``urls``: witness -> part of the URL's path that it names; ``places``: witness -> where."""

    urls: dict[str, str]
    places: dict[str, str] = field(default_factory=dict)
    options: dict = field(default_factory=dict)


CASES: dict[str, Callable[[Stack], Expected]] = {}


def case(function: Callable[[Stack], Expected]) -> Callable[[Stack], Expected]:
    CASES[function.__name__.partition("_")[0]] = function
    return function


def everywhere(stack: Stack, old: str, new: str) -> None:
    stack.pages = {path: html.replace(old, new) for path, html in stack.pages.items()}


@case
def m1_static_url_on_the_site(stack):
    everywhere(stack, stack.static_url, "/static/")
    css = urlsplit(stack.url.css).path
    page = stack.site_url
    return Expected({"P": css, "B": "/static/", "O": css}, {"P": page, "B": page, "O": "access.log:"})


@case
def m2_one_hard_coded_template(stack):
    html = stack.pages["/gallery/"]
    stack.pages["/gallery/"] = html.replace("</body>", '<img src="/static/img/logo.png"></body>')
    image = "/static/img/logo.png"
    return Expected({"P": image, "O": image}, {"P": "/gallery/", "O": "access.log:"})


@case
def m3_the_origin_serves_files(stack):
    name = stack.names["css/base.css"]
    stack.origin_files[f"/static/{name}"] = stack.static[name]
    return Expected({"C": f"/static/{name}"}, {"C": "staticfiles.json"})


@case
def m4_middleware_serves_files_at_the_root(stack):
    name = stack.names["js/app.js"]
    stack.origin_files[f"/{name}"] = stack.static[name]
    return Expected({"C": f"/{name}"})


@case
def m5_a_static_route_for_plain_names(stack):
    stack.origin_files["/static/css/base.css"] = stack.rename("css/base.css")
    return Expected({"C": "/static/css/base.css"})


def provisioned(stack: Stack, **changes) -> dict:
    origin = {
        "DomainName": "wall.s3.eu-central-1.amazonaws.com",
        "OriginAccessControlId": "E1",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        **changes,
    }
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    document = {
        "distributions": [
            {
                "Aliases": {"Items": ["static.wall.localhost"]},
                "Origins": {"Quantity": 1, "Items": [origin]},
            }
        ],
        "public_access_block": dict.fromkeys(blocks, True),
        "bucket_url": f"http://bucket.wall.localhost:{stack.cdn_port}/",
    }
    path = stack.directory / "describe.json"
    path.write_text(json.dumps(document))
    return {"provisioned": path}


@case
def m6_the_cdn_pulls_from_the_origin(stack):
    def pull(request, name):
        if not request.host.startswith("static."):
            return None
        line = {"run": "", "host": "www.wall.localhost", "uri": f"/{name}", "status": 404,
                "bytes": 9, "type": "text/html", "agent": "Amazon CloudFront"}  # fmt: skip
        with stack.log.open("a") as log:
            log.write(json.dumps(line) + "\n")
        headers = {"X-Origin": "wall", "X-Cache": "Error from cloudfront"}
        return web.Response(status=404, text="not found", headers=headers)

    stack.cdn_override = pull
    site = {"DomainName": "www.wall.localhost", "CustomOriginConfig": {"HTTPPort": 80}}
    options = provisioned(stack, OriginAccessControlId="", **site)
    return Expected({"A": "/", "O": "/"}, {"A": "describe.json", "O": "access.log:"}, options)


@case
def m7_the_cdn_redirects_to_the_origin(stack):
    name = stack.names["js/app.js"]

    def redirect(request, asked):
        to = f"{stack.site_url}static/{name}"
        return web.Response(status=302, headers={"Location": to}) if asked == name else None

    stack.cdn_override = redirect
    return Expected({"H": name}, {"H": stack.site_url})


@case
def m8_static_host_leads_to_the_origin(stack):
    lead = {("static.wall.localhost", stack.cdn_port): ("127.0.0.1", stack.origin_port)}
    return Expected({"H": "/"}, options={"resolve": lead})


@case
def m9_no_cors(stack):
    stack.cors = lambda origin: None
    font = urlsplit(stack.url.font).path
    return Expected({"H": font, "B": ".js"}, {"H": stack.site_url, "B": stack.site_url})


@case
def m10_wrong_cors(stack):
    stack.cors = lambda origin: "https://elsewhere.example"
    return Expected({"B": urlsplit(stack.url.main).path}, {"B": stack.site_url})


@case
def m11_public_bucket(stack):
    options = provisioned(stack)

    def listing(request, name):
        return web.Response(text="<ListBucketResult/>") if "bucket." in request.host else None

    stack.cdn_override = listing
    return Expected({"A": "/"}, {"A": "describe.json.bucket_url"}, options)


@case
def m12_no_origin_access_control(stack):
    def refuse(request, name):
        if not request.host.startswith("static."):
            return None
        return web.Response(status=403, headers={"X-Cache": "Error from cloudfront"})

    stack.cdn_override = refuse
    return Expected({"H": "/", "A": "/"}, {}, provisioned(stack, OriginAccessControlId=""))


@case
def m13_one_file_missing_from_the_push(stack):
    name = stack.names["img/bg.svg"]
    del stack.static[name]
    return Expected({"P": name}, {"P": stack.url.css})


@case
def m14_stale_manifest(stack):
    stack.rename("js/app.js").body = b"document.title += '!';" + b" " * 1000
    return Expected({"H": stack.names["js/app.js"]}, {"H": stack.site_url})


@case
def m16_assets_of_the_previous_release_deleted(stack):
    earlier = stack.directory / "earlier.json"
    earlier.write_text(json.dumps({"paths": {"js/app.js": "js/app.0123456789ab.js"}}))
    options = {"manifests": (stack.manifest, earlier)}
    return Expected({"P": "js/app.0123456789ab.js"}, {"P": "earlier.json"}, options)


@case
def m17_wrong_content_type(stack):
    stack.rename("css/base.css").type = "text/plain"
    css = stack.names["css/base.css"]
    return Expected({"H": css, "B": css}, {"H": stack.site_url, "B": stack.site_url})


@case
def m18_short_max_age(stack):
    stack.rename("js/app.js").cache = "public, max-age=60"
    return Expected({"H": stack.names["js/app.js"]})


@case
def m19_immutable_without_a_hash(stack):
    stack.static["plain.png"] = Object(png(9), "image/png")
    everywhere(stack, "</body>", f'<img src="{stack.static_url}plain.png"></body>')
    return Expected({"H": "/plain.png"})


@case
def m19b_immutable_under_a_stable_name_that_no_page_names(stack):
    body = stack.static["favicon.ico"].body
    known = {"md5": hashlib.md5(body).hexdigest(), "content_type": "image/x-icon", "cache_control": "public"}
    objects = stack.directory / "objects.json"
    objects.write_text(json.dumps({"version": 1, "objects": {"static/favicon.ico": known}}))
    stack.static["favicon.ico"].cache = IMMUTABLE
    return Expected({"H": "/favicon.ico"}, {"H": "objects.json"}, {"manifests": (objects,)})


@case
def m20_compression_off(stack):
    stack.compress = False
    return Expected({"H": urlsplit(stack.url.css).path})


@case
def m21_compressed_twice(stack):
    script = stack.rename("js/app.js")
    script.body = gzip.compress(gzip.compress(script.body))
    script.headers = {"Content-Encoding": "gzip"}
    return Expected({"H": stack.names["js/app.js"]})


@case
def m21b_brotli_mislabelled(stack):
    stack.rename("js/app.js").headers = {"Content-Encoding": "br"}
    return Expected({"H": stack.names["js/app.js"]})


@case
def m22_the_404_page_without_icon(stack):
    stack.pages["404"] = stack.page("404", "sorry", icon=False)
    return Expected({"N": "/favicon.ico"}, {"N": "/slipway-smoke-"})


@case
def m22b_the_400_page_without_icon(stack):
    stack.pages["400"] = stack.page("400", "sorry", icon=False)
    return Expected({"N": "/favicon.ico"}, {"N": "(400)"})


@case
def m22c_an_icon_that_only_the_policy_holds_back(stack):
    stack.pages["404"] = stack.page("404", "sorry", icon=False)
    hosts = f"{stack.static_url} {stack.media_url}"
    stack.csp = f"default-src {hosts} 'unsafe-inline'"
    return Expected({"N": "/favicon.ico"}, {"N": "/slipway-smoke-"})


@case
def m23_a_srcset_candidate_on_the_origin(stack):
    everywhere(stack, f"{stack.url.two} 2x", "/static/img/hero-2.png 2x")
    return Expected({"P": "/static/img/hero-2.png"}, {"P": stack.site_url})


@case
def m24_an_inline_style_on_the_origin(stack):
    style = '<p style="background: url(/static/img/bg.svg)">x</p></body>'
    stack.pages["/gallery/"] = stack.pages["/gallery/"].replace("</body>", style)
    return Expected({"P": "/static/img/bg.svg"}, {"P": "/gallery/"})


@case
def m25_a_service_worker_fills_its_cache_from_the_origin(stack):
    worker = "oninstall = e => e.waitUntil(caches.open('a').then(c => c.addAll(['/static/a.css'])))"
    stack.origin_files["/sw.js"] = Object(worker.encode(), "text/javascript")
    register = "<script>navigator.serviceWorker.register('/sw.js')</script></body>"
    stack.pages["/"] = stack.pages["/"].replace("</body>", register)
    return Expected({"B": "/static/a.css", "O": "/static/a.css"}, {"B": stack.site_url})


@case
def m26_og_image_on_the_origin(stack):
    everywhere(stack, f'content="{stack.url.one}"', 'content="/static/img/hero.png"')
    return Expected({"P": "/static/img/hero.png"}, {"P": stack.site_url})


@case
def m27_media_on_the_origins_disk(stack):
    photo = f"{stack.media_url}photo-1.png"
    stack.pages["/gallery/"] = stack.pages["/gallery/"].replace(photo, "/media/photo-1.png")
    stack.origin_files["/media/photo-1.png"] = Object(png(5), "image/png")
    return Expected({"P": "/media/photo-1.png"}, {"P": "/gallery/"})


@case
def m29_policy_without_the_static_host(stack):
    stack.csp = f"default-src 'self' 'unsafe-inline'; img-src {stack.static_url} {stack.media_url}"
    return Expected({"B": ".css"}, {"B": stack.site_url})


@case
def m30_debug_on(stack):
    told = "You're seeing this error because you have <code>DEBUG = True</code>"
    stack.pages["404"] = f"<!doctype html><title>404</title><p>{told}</p>"
    return Expected({"P": "/"}, {"P": "/slipway-smoke-"})


@case
def m31_integrity_mismatch(stack):
    digest = base64.b64encode(bytes(32)).decode()
    tag = f'src="{stack.url.js}"'
    everywhere(stack, tag, f'{tag} crossorigin integrity="sha256-{digest}"')
    return Expected({"B": stack.names["js/app.js"]}, {"B": stack.site_url})


@case
def m32_a_page_cached_under_an_assets_name(stack):
    stack.static[stack.names["css/base.css"]] = Object(b"<!doctype html>", "text/html")
    return Expected({"H": stack.names["css/base.css"]}, {"H": stack.site_url})


@pytest.mark.parametrize("name", CASES)
def test_broken_deployment(name, stack, prove):
    expected = CASES[name](stack)
    verdict = prove(**expected.options)
    told = [(it.witness, it.url, it.place, it.what) for it in verdict.findings]
    assert verdict.verdict == "red", verdict.sentence
    assert {it.witness for it in verdict.findings} == set(expected.urls), told
    for witness, path in expected.urls.items():
        named = [it for it in verdict.findings if it.witness == witness]
        assert any(path in urlsplit(it.url).path for it in named), told
        assert any(expected.places.get(witness, "") in it.place for it in named), told
        assert verdict.witnesses[witness].state == "red"
