"""What a page requests only once somebody uses it: one page and one run with a leak of each way."""

import json

import pytest

from tests.integration.smoke.stack import Object, png

# By the name of the file that the origin is asked for: what the page needs for it.
LEAKS = {
    "click": '<button id="b1" type="button">menu</button><script>b1.onclick = () => leak("click")</script>',
    "second-click": """<button id="b2" type="button" aria-expanded="false">open</button><div id="d2"></div><script>
        b2.onclick = () => {
          if (!d2.firstChild) d2.innerHTML = '<span role="tab" id="t2">tab</span>';
          t2.onclick = () => leak("second-click");
        }</script>""",
    "delegated": """<div id="d3"><i style="cursor: pointer">more</i></div><script>
        d3.addEventListener("click", event => event.target.matches("i") && leak("delegated"))</script>""",
    "listener": '<p id="p4">text</p><script>p4.addEventListener("click", () => leak("listener"))</script>',
    "island": """<button id="b5" type="button">island</button>
        <script type="application/json" id="j5">{"file": "/static/leak/island.png"}</script>
        <script>b5.onclick = () => fetch(JSON.parse(j5.textContent).file)</script>""",
    "hover": '<p id="p6">text</p><script>p6.addEventListener("mouseenter", () => leak("hover"))</script>',
    "pointer": '<script>addEventListener("pointermove", event => event.isTrusted && leak("pointer"))</script>',
    "focus": '<input id="i7" aria-label="name"><script>i7.addEventListener("focus", () => leak("focus"))</script>',
    "timer": '<script>setTimeout(() => leak("timer"), 10000)</script>',
    "chained-timer": "<script>setTimeout(() => setTimeout(() => leak('chained-timer'), 9000), 9000)</script>",
    "interval": '<script>setInterval(() => leak("interval"), 15000)</script>',
    "scroller": """<div id="d8" style="height: 50px; overflow: auto">
        <div style="height: 900px"></div><p id="p8">.</p><div style="height: 900px"></div></div><script>
        new IntersectionObserver(([it]) => it.isIntersecting && leak("scroller"), {root: d8}).observe(p8)</script>""",
    "far-down": """<div style="height: 50000px"></div><p id="p9">.</p><div style="height: 9000px"></div><script>
        new IntersectionObserver(([seen]) => seen.isIntersecting && leak("far-down")).observe(p9)</script>""",
    "details": """<details id="d10"><summary>more</summary>.</details><script>
        d10.addEventListener("toggle", () => leak("details"))</script>""",
    "document": """<p id="p11">text</p><script>
        document.addEventListener("mouseover", event => event.target === p11 && leak("document"));
        p11.addEventListener("mouseenter", () => 0)</script>""",
    "frame": """<iframe srcdoc="<button id=b12>text</button><script>
        b12.addEventListener('click', () => parent.leak('frame'))</script>"></iframe>""",
    "typed": '<input id="i13" aria-label="find"><script>i13.oninput = () => leak("typed")</script>',
    "key": '<input id="i14" aria-label="find"><script>i14.onkeyup = event => event.key && leak("key")</script>',
    "chosen": """<select id="s15" aria-label="colour"><option>red<option>blue</select><script>
        s15.onchange = () => s15.value === "blue" && leak("chosen")</script>""",
    "double": '<p id="p16">text</p><script>p16.addEventListener("dblclick", () => leak("double"))</script>',
    "menu": '<p id="p17">text</p><script>p17.addEventListener("contextmenu", () => leak("menu"))</script>',
    "escape": "<script>addEventListener('keydown', event => event.key === 'Escape' && leak('escape'))</script>",
    "touch": "<script>addEventListener('touchstart', () => leak('touch'))</script>",
    "online": "<script>addEventListener('online', () => leak('online'))</script>",
    "beforeprint": "<script>addEventListener('beforeprint', () => leak('beforeprint'))</script>",
    "resize": "<script>addEventListener('resize', () => leak('resize'))</script>",
    "wide": "<script>matchMedia('(min-width: 2000px)').onchange = () => leak('wide')</script>",
    "calm": "<script>matchMedia('(prefers-reduced-motion)').onchange = () => leak('calm')</script>",
}
# What a visitor would do, and the proof must not: each has a reason not to.
CHANGES = """
<button id="c1" type="button">like</button>
<script>c1.addEventListener("click", () => fetch("/like/", {method: "POST"}))</script>
<button id="c2" type="button">Log out</button><script>c2.onclick = () => fetch("/gone-1/")</script>
<button id="c3" type="button">bye</button><script>c3.onclick = () => fetch("/account/logout/")</script>
<button id="c4" type="button">away</button><script>c4.onclick = () => { location = "/gone-2/" }</script>
<button id="c5" type="button">window</button><script>c5.onclick = () => open("/gone-3/")</script>
<form method="post" action="/gone-4/">
<button>send</button><button type="button" onclick="fetch('/gone-5/')">x</button></form>
<form action="/gone-6/"><button>search</button></form>
<form method="post" action="/gone-7/"><select aria-label="x" onchange="fetch('/gone-8/')"><option>1<option>2</select>
<input aria-label="y" oninput="fetch('/gone-9/')"></form>
<form action="/gone-10/"><select aria-label="z" onchange="this.form.submit()"><option>1<option>2</select></form>
<button id="c6" type="button">later</button>
<script>c6.onclick = () => addEventListener("pagehide", () => navigator.sendBeacon("/like/later/"))</script>
"""
SCRIPT = "<script>var leak = name => { new Image().src = `/static/leak/${name}.png` }</script>"


@pytest.fixture
def leak(stack):
    """Adds to a page of the stack."""

    def add(html, path="/"):
        stack.pages[path] = stack.pages[path].replace("</body>", f"{html}</body>")

    return add


def lines(stack):
    return [json.loads(line) for line in stack.log.read_text().splitlines()]


def seen_by(check, verdict):
    """The URLs that a check saw, whatever else explains them."""
    facts = [(it.check, it.url) for it in verdict.findings] + [(it["check"], it["url"]) for it in verdict.consequences]
    return {url for of, url in facts if of == check}


def leaked(verdict):
    """The files of ``leak`` that the browser asked the origin for."""
    return {url.rpartition("/")[2].removesuffix(".png") for url in seen_by("B", verdict) if "/leak/" in url}


def test_a_visitors_clicks_scrolls_and_waiting_show_what_a_page_requests_then(stack, prove, leak):
    leak(SCRIPT + "".join(LEAKS.values()) + CHANGES)
    verdict = prove(full_pages=0, max_pages=1, login=None)
    assert leaked(verdict) == LEAKS.keys()
    requested = {(line["method"], line["uri"]) for line in lines(stack)}
    assert not [uri for method, uri in requested if "gone" in uri or "logout" in uri or "like" in uri]
    (note,) = [note for note in verdict.notes if "not sent" in note]
    assert "2 requests that may change something were not sent: POST" in note and "/like/" in note


def test_the_quick_proof_leaves_that_to_the_full_one(stack, prove, leak):
    leak(SCRIPT + LEAKS["click"] + LEAKS["timer"])
    assert leaked(prove(full_pages=0, max_pages=1, login=None, depth="quick")) == set()


def test_a_phone_gets_what_phones_get_from_the_server_and_from_scripts(stack, prove, leak):
    leak(SCRIPT + "<script>if (/Mobile/.test(navigator.userAgent)) leak('by-script')</script>")
    leak(SCRIPT + "<script>if (navigator.userAgentData?.mobile) leak('by-hint')</script>")
    more = f"{SCRIPT}<script>leak('by-server')</script></body>"
    stack.for_agent = lambda agent, html: html.replace("</body>", more) if "Mobile" in agent else html
    verdict = prove(max_pages=1, login=None, depth="quick")
    assert leaked(verdict) == {"by-script", "by-hint", "by-server"}
    phone = {line["run"] for line in lines(stack) if "Mobile" in line["agent"]}
    assert phone == {verdict.run}, "the origin's log tells the run by the agent"


def test_a_worker_that_asks_from_the_second_visit_on_is_met(stack, prove, leak):
    stack.origin_files["/sw.js"] = Object(
        b'addEventListener("fetch", event => { if (event.request.mode === "navigate")'
        b' event.waitUntil(fetch("/static/leak/second-visit.png")) })',
        "text/javascript",
    )
    leak('<script>navigator.serviceWorker.register("/sw.js")</script>')
    verdict = prove(full_pages=0, max_pages=1, login=None, depth="quick")
    found = {finding.url.rpartition("/")[2] for finding in verdict.findings}
    assert found == {"second-visit.png"}, verdict.findings
    assert sum(line["uri"] == "/static/leak/second-visit.png" for line in lines(stack)) == 1


def test_what_no_automation_reports_is_judged_by_what_it_is(stack, prove, leak):
    """A prefetch says no destination, and its URL looks like a page's."""
    stack.origin_files["/portrait/"] = Object(png(9), "image/png")
    leak('<link rel="prefetch" href="/portrait/">')
    verdict = prove(full_pages=0, max_pages=1, login=None, depth="quick")
    assert f"{stack.site_url}portrait/" in seen_by("N", verdict)
