"""The command ends with what it knows: on the screen, in the report and in its exit status."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from aiohttp import web

from rehearsal.local_site import ROOT
from tests.integration.smoke.stack import LOGIN

# Seconds: far above what a run takes.
OUTER = 60.0


@pytest.fixture
def command(stack, tmp_path):
    """Starts the proof of the stack, without a browser; its report goes to tmp_path / "report"."""

    def start(*more: str) -> subprocess.Popen:
        arguments = ["--static", stack.static_url, "--media", stack.media_url, "--browser", "none"]
        arguments += ["--origin-log", str(stack.log), "--report", str(tmp_path / "report"), *more]
        return subprocess.Popen(
            [sys.executable, "-m", "static_smoke", "--site", stack.site_url, *arguments],
            env={**os.environ, "SMOKE_LOGIN": ":".join(LOGIN)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def report(tmp_path):
    return json.loads((tmp_path / "report" / "smoke.json").read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_writes_what_it_has_found(stack, command, tmp_path, number):
    """SIGKILL too: the report is written before each part."""
    stack.pages["/"] = stack.pages["/"].replace("</body>", '<img src="/static/leak.png"></body>')
    asked, ended = threading.Event(), threading.Event()

    def hold(request, name):
        """The CDN answers nothing until the run has ended: it cannot be over before the signal comes."""
        asked.set()
        ended.wait(OUTER)

    stack.cdn_override = hold
    proof = command()
    assert asked.wait(OUTER)
    proof.send_signal(number)
    output, errors = proof.communicate(timeout=OUTER)
    ended.set()
    document = report(tmp_path)
    assert (tmp_path / "report" / "index.html").exists() and "Traceback" not in errors
    assert proof.returncode == (-9 if number == signal.SIGKILL else 1)
    why = "it was ended from outside" if number == signal.SIGKILL else "it was interrupted"
    assert any(it.endswith(why) for it in document["ended"]), document["ended"]
    assert any(finding["url"].endswith("/static/leak.png") for finding in document["findings"])
    assert number == signal.SIGKILL or document["sentence"] in output


def test_a_log_that_cannot_be_read_is_one_line(command, tmp_path):
    proof = command("--origin-log", str(tmp_path))
    output, errors = proof.communicate(timeout=OUTER)
    assert proof.returncode == 2 and output == "" and report(tmp_path)["verdict"] == "inconclusive"
    assert errors.splitlines()[-1].startswith(
        f"smoke: it could not start: --origin-log {tmp_path} is not a file: name the log file in it"
    )


def test_a_site_that_is_down_is_one_line_and_a_report(stack, command, tmp_path):
    stack.dies_after["origin"] = 0, 500
    proof = command()
    _, errors = proof.communicate(timeout=OUTER)
    assert proof.returncode == 2 and report(tmp_path)["verdict"] == "inconclusive"
    assert "/ answered 500: Bad day; /admin/ answered 500: Bad day" in errors.splitlines()[-1]


def test_the_screen_says_why_the_login_failed(stack, command):
    page = stack._page
    debug = '<title>OperationalError at /login/</title><pre class="exception_value">no such table</pre>'

    def failing(request):
        if request.method == "POST" and request.path == "/login/":
            return web.Response(text=debug, content_type="text/html", status=500)
        return page(request)

    stack._page = failing
    output, _ = command().communicate(timeout=OUTER)
    said = f"the login sent to {stack.site_url}login/ failed: it answered 500: OperationalError: no such table"
    assert said in output
