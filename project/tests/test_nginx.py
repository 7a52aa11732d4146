"""A deploy accepts the wall's own nginx configuration."""

from pathlib import Path

from slipway.tool.server import site_nginx

PROJECT = Path(__file__).resolve().parents[1]


def test_the_headers_are_accepted():
    (headers,) = site_nginx.read(PROJECT)
    assert headers["name"] == "headers.conf"
    assert "add_header Permissions-Policy" in headers["text"]
