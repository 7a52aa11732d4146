"""Everything that takes memory on a host, at once: a package upgrade, a certificate renewal, and uploads."""

import asyncio
import io
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urljoin

import aiohttp
from PIL import Image

from rehearsal.host import Host
from rehearsal.run import Run
from rehearsal.run_log import Phase
from static_smoke.http.client import Client, new_run
from static_smoke.options import Options
from static_smoke.site.signin import sign_in

UPLOADS = 25
# Uploads before it begins, so that each Gunicorn worker has loaded boto3.
WARM_UP = 4
PATIENCE = 300  # s; an emulated CPU is slow under all of this, and speed is not what is measured
# The sizes that a browser makes of a photo.
SIDES = {"original": (2000, 1500), "480": (480, 360), "960": (960, 720), "1600": (1600, 1200)}
# Not downgraded: packages that take long to configure, that restart a service under test, or that cannot be downgraded.
EXCLUDED = "base-|ca-certificates|linux|nginx|postgresql|libc[0-9-]|perl|systemd|udev|openssh|libpam|libssl|dpkg|apt"
LEAST, OLDER = "/run/rehearsal-least", "/run/rehearsal-older"

BEGIN = f"""
cat > /run/rehearsal-watch <<'WATCH'
least=
while sleep 1; do
    while read -r name value unit; do [ "$name" = MemAvailable: ] && break; done < /proc/meminfo
    if [ -z "$least" ] || [ "$value" -lt "$least" ]; then least=$value; echo "$value" > {LEAST}; fi
done
WATCH
systemd-run --quiet --collect --unit=rehearsal-watch sh /run/rehearsal-watch
# Downgrades a package to its version before the latest security update, so that there is something to upgrade; without
# removing those that require its exact version.
apt-cache madison $(dpkg-query --show --showformat '${{Package}} ') | awk '
    $1 != name {{ name = $1; newest = $3; secure = $6 ~ /-security/; next }}
    secure && $3 != newest {{ print $1 "=" $3 }}
' | grep --extended-regexp --invert-match "^({EXCLUDED})" | while read -r older; do
    apt-get -qq install --no-remove --allow-downgrades "$older" > /dev/null 2>&1 || continue
    echo "${{older%=*}}" > {OLDER}
    break
done
certbot delete --quiet --non-interactive --cert-name slipway
# A resumed rehearsal's authority is new and does not know them.
rm -rf /etc/letsencrypt/accounts
rm -f /var/lib/apt/periodic/upgrade-stamp /var/lib/apt/periodic/unattended-upgrades-stamp
systemctl start --no-block apt-daily-upgrade.service slipway-certificate.service
test ! -e {OLDER} || dpkg-query --show $(cat {OLDER})
"""
END = f"""
while systemctl show --property=ActiveState apt-daily-upgrade.service slipway-certificate.service | grep -q activating
do sleep 1; done
systemctl stop rehearsal-watch
cat {LEAST}
test ! -e {OLDER} || dpkg-query --show $(cat {OLDER})
test -e /etc/letsencrypt/live/slipway/fullchain.pem && echo renewed || echo "not renewed"
"""


@dataclass(slots=True)
class Result:
    """``least``: the least MB available; ``failed``: why uploads failed."""

    least: int = 0
    taken: int = 0
    failed: list[str] = field(default_factory=list)
    # Package and version before and after; "" where no package could be downgraded.
    before: str = ""
    after: str = ""
    renewed: bool = False


class StressTest:
    """``with StressTest(…) as result``: everything runs during the block; leaving it waits for the end."""

    def __init__(self, host: Host, options: Options) -> None:
        self.host = host
        self.options = options
        self.result = Result()
        self._ready, self._begun = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._upload_photos()), name="uploads")

    def __enter__(self) -> Result:
        # Sign-in and the loading of boto3 come before: under all the rest an emulated CPU would take longer for them
        # than Gunicorn's timeout, and memory is what is measured.
        self._thread.start()
        self._ready.wait()
        try:
            self.result.before = self.host.run(BEGIN).strip()
        finally:
            self._begun.set()
        return self.result

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()
        least, *after, renewed = self.host.run(END).splitlines()
        self.result.least = int(least) // 1024
        self.result.after = "".join(after)
        self.result.renewed = renewed == "renewed"

    async def _upload_photos(self) -> None:
        files = [(name, *_photo(name, size)) for name, size in SIDES.items()]
        async with Client(self.options, new_run(), cookies=True, limit=UPLOADS, patience=PATIENCE) as client:
            try:
                problem, _ = await sign_in(client, self.options, [])
                results = [problem] if problem else await self._upload_at_once(client, files, WARM_UP)
            finally:
                self._ready.set()
            if not any(results):
                await asyncio.to_thread(self._begun.wait)
                results = await self._upload_at_once(client, files, UPLOADS)
                self.result.taken = results.count("")
        self.result.failed += [why for why in results if why]

    async def _upload_at_once(self, client: Client, files: Sequence[tuple[str, str, bytes]], count: int) -> list[str]:
        return await asyncio.gather(*(self._upload(client, files, number) for number in range(count)))

    async def _upload(self, client: Client, files: Sequence[tuple[str, str, bytes]], number: int) -> str:
        """Uploads photo ``number`` and adds it to the wall; "", or why it failed."""
        site = self.options.site
        token = next(cookie.value for cookie in client.session.cookie_jar if cookie.key == "csrftoken")
        own = {"X-CSRFToken": token, "Origin": site.rstrip("/"), "Referer": site}
        wanted = {"files": [{"name": name, "type": kind, "size": len(body)} for name, kind, body in files]}
        signed = await client.request(
            urljoin(site, "/uploads/sign/"),
            method="POST",
            headers=own | {"Content-Type": "application/json"},
            data=json.dumps(wanted).encode(),
        )
        if signed.status != 200:
            return f"sign: {signed.status or signed.error} {signed.text[:80]}"
        answer = json.loads(signed.decoded())
        bodies = {name: body for name, _, body in files}
        for form in answer["files"]:
            data = aiohttp.FormData({**form["fields"]}, default_to_multipart=True)
            data.add_field("file", bodies[form["name"]], filename="photo")
            sent = await client.request(form["url"], method="POST", headers={"Origin": site.rstrip("/")}, data=data)
            if not 200 <= sent.status < 300:
                return f"bucket: {sent.status or sent.error} {sent.text[:80]}"
        fields = {"image": answer["ticket"], "title": f"StressTest {number}", "alt": "A plain colour"}
        added = await client.request(urljoin(site, "/wall/add/"), method="POST", headers=own, data=fields)
        return "" if added.status == 302 else f"wall: {added.status or added.error}"


def _photo(name: str, size: tuple[int, int]) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    kind = "JPEG" if name == "original" else "WEBP"
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind, quality=80)
    return f"image/{kind.lower()}", buffer.getvalue()


def stress(run: Run, phase: Phase) -> None:
    """A release while everything else takes memory."""
    before = run.host.memory().oom_kills
    with StressTest(run.host, run.options()) as result:
        run.command("deploy-under-stress", phase, "deploy", "--no-smoke")
    memory = run.host.memory()
    # Without swap there is less memory.
    run.check_with_kernel(
        "Nothing is killed for memory under stress",
        memory.oom_kills == before,
        f"{memory.oom_kills - before} kills; {result.least} MB of {memory.total} was the least available",
    )
    uploads = "; ".join((str(result.taken), *result.failed[:1]))
    run.log.check("Every upload is taken", result.taken == UPLOADS, uploads)
    upgrade = f"{result.before} is now {result.after}" if result.before else "no package had an earlier version"
    run.log.check("Packages are upgraded meanwhile", result.after != result.before, upgrade)
    run.log.check(
        "The certificate is renewed meanwhile", result.renewed, "renewed" if result.renewed else "not renewed"
    )
