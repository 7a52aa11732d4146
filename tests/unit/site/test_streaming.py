"""Which responses nginx must not keep on the disk."""

from types import SimpleNamespace

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from slipway import ROOT
from slipway.web import streaming

GIGABYTE = 1 << 30


@pytest.fixture
def said(monkeypatch, tmp_path):
    """The header that a response gets while ``free`` bytes are on the disk."""
    monkeypatch.setenv("SLIPWAY_TEMP", str(tmp_path))
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    monkeypatch.setenv("SLIPWAY_THREADS", "8")

    def said(response, free):
        disk = SimpleNamespace(f_bavail=free // 4096, f_frsize=4096)
        monkeypatch.setattr(streaming.os, "statvfs", lambda folder: disk)
        return streaming.StreamingMiddleware(lambda request: response)(None).headers.get(streaming.HEADER)

    return said


LONG = (lambda: StreamingHttpResponse(["a"]), lambda: HttpResponse("a" * 200_000))


@pytest.mark.parametrize("long", LONG)
def test_a_long_response_waits_on_the_disk_while_that_has_room_for_one_of_each_thread(long, said):
    assert said(long(), 5 * GIGABYTE // 2) is None
    assert said(long(), 5 * GIGABYTE // 2 - 4096) == "no"


def test_a_page_waits_in_memory(said):
    assert said(HttpResponse("a" * 100_000), 0) is None


def test_events_are_passed_on_at_once(said):
    assert said(StreamingHttpResponse(["a"], content_type="text/event-stream; charset=utf-8"), 9 * GIGABYTE) == "no"


def test_a_view_decides_itself(said):
    assert said(StreamingHttpResponse(["a"], headers={streaming.HEADER: "yes"}), 0) == "yes"


def test_without_nginxs_folder_the_disk_is_not_looked_at(said, monkeypatch):
    monkeypatch.delenv("SLIPWAY_TEMP")
    assert said(StreamingHttpResponse(["a"]), 0) is None


def test_the_size_of_a_file_is_the_one_that_nginx_is_told(said):
    template = (ROOT / "nginx" / "nginx.conf.j2").read_text()
    assert f"proxy_max_temp_file_size {streaming.FILE >> 20}m;" in template
