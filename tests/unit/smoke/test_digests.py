"""Whether a name has a hash of its bytes, a word that looks like one, or cannot be told."""

import hashlib

import pytest

from static_smoke.site.digests import carries_hash, is_djangos, name_fits
from static_smoke.site.manifest import Entry

HASHED = ["a.0123456789ab.css", "CACHE/css/output.0123456789ab.css", "0123456789abcdef0123/app-0123456789abcdef.js"]
PLAIN = [
    "a.css",
    "jquery-3.7.1.min.js",
    "logo-spring2026.svg",
    "hero-mobile2x.png",
    "team_photo_2024.png",
    "team-photo_20240102.png",
    "photo-202401021234.png",
    "app.12345678.js",
    "app.00000000.js",
    "a.css?v=3",
    "a.css?v=4.7.0",
    "style.css?ver=20240102",
    "icon-192x192.png",
    "fa-solid-900.woff2",
    "sprite.v20240102.css",
    "the-big-calendar.js",
    "my-old-logo.svg",
    "site-logoSpring2026.svg",
    "IMG_1234567.jpg",
    "banner-Summer2025.webp",
    "hero_1920w.jpg",
    "map.es5.js",
]
UNKNOWN = [
    "index-B1gW-dAt.js",
    "index-DiwrgTda.js",
    "chunk.1a2b3c4d.js",
    "chunk-ABCDEFGH.js",
    "chunk-7XQZ4K2M.js",
    "chunk.83920174.js",
    "static/chunks/1a2b3c4d5e6f/main.js",
    "a.css?1a2b3c4d",
    "app.k3x9q2.js",
]


@pytest.mark.parametrize(
    ("name", "carries"),
    [*((name, True) for name in HASHED), *((name, False) for name in PLAIN), *((name, None) for name in UNKNOWN)],
)
def test_whether_a_name_carries_a_hash(name, carries):
    assert carries_hash(f"https://static.example.com/{name}", None, b"some bytes") is carries


@pytest.mark.parametrize("name", [*HASHED, *PLAIN, *UNKNOWN])
@pytest.mark.parametrize("hashed", [True, False])
def test_a_manifest_knows_it(name, hashed):
    assert carries_hash(f"https://static.example.com/{name}", Entry(name, hashed, "staticfiles.json")) is hashed


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("length", [8, 12, 20, 32])
def test_a_hash_may_be_any_common_digest(kind, length):
    name = f"a.{hashlib.new(kind, b'x').hexdigest()[:length]}.js"
    assert name_fits(name, b"x") and not name_fits(name, b"y")
    assert carries_hash(f"https://static.example.com/{name}", None, b"x") is True


def test_djangos_names_are_known():
    assert is_djangos("https://static.example.com/css/a.0123456789ab.css")
    assert not is_djangos("https://static.example.com/css/a-0123456789ab.css")
    assert not is_djangos("https://static.example.com/css/a.0123456789abcd.css")
