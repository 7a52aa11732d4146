"""All that takes memory on a host at once, beside the site: an upgrade of packages, a renewal, and uploads."""

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
from tests.smoke.client import Client, new_run
from tests.smoke.options import Options
from tests.smoke.signin import sign_in

UPLOADS = 25
PATIENCE = 300  # s; an emulated processor that does all of this at once is slow, and that is not what is looked at
# What a browser makes of a photo of that size.
SIDES = {"original": (2000, 1500), "480": (480, 360), "960": (960, 720), "1600": (1600, 1200)}
# A package that has had an update since its Debian release, harmless to downgrade.
UPGRADED = "libxml2"
LEAST = "/run/rehearsal-least"

BEGIN = f"""
cat > /run/rehearsal-watch <<'WATCH'
least=
while sleep 1; do
    while read -r name value unit; do [ "$name" = MemAvailable: ] && break; done < /proc/meminfo
    if [ -z "$least" ] || [ "$value" -lt "$least" ]; then least=$value; echo "$value" > {LEAST}; fi
done
WATCH
systemd-run --quiet --collect --unit=rehearsal-watch sh /run/rehearsal-watch
older=$(apt-cache madison {UPGRADED} | awk 'END {{print $3}}')
apt-get -qq install --allow-downgrades "{UPGRADED}=$older" > /dev/null 2>&1
certbot delete --quiet --non-interactive --cert-name slipway
rm -f /var/lib/apt/periodic/upgrade-stamp /var/lib/apt/periodic/unattended-upgrades-stamp
systemctl start --no-block apt-daily-upgrade.service slipway-certificate.service
dpkg-query --show --showformat='${{Version}}' {UPGRADED}
"""
END = f"""
while systemctl show --property=ActiveState apt-daily-upgrade.service slipway-certificate.service | grep -q activating
do sleep 1; done
systemctl stop rehearsal-watch
cat {LEAST}
dpkg-query --show --showformat='${{Version}}\\n' {UPGRADED}
test -e /etc/letsencrypt/live/slipway/fullchain.pem && echo renewed || echo "not renewed"
"""


@dataclass(slots=True)
class Seen:
    """What came of it. ``least``: MB available when least was; ``refused``: why an upload was not taken."""

    least: int = 0
    taken: int = 0
    refused: list[str] = field(default_factory=list)
    upgraded: str = ""
    renewed: bool = False


class Storm:
    """``with Storm(…) as seen``: all of it goes on while the block runs; leaving it waits for the end of it."""

    def __init__(self, host: Host, options: Options) -> None:
        self.host = host
        self.options = options
        self.seen = Seen()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._hang_photos()), name="uploads")

    def __enter__(self) -> Seen:
        self._before = self.host.run(BEGIN).strip()
        self._thread.start()
        return self.seen

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()
        least, version, renewed = self.host.run(END).splitlines()
        self.seen.least = int(least) // 1024
        self.seen.upgraded = f"{UPGRADED} {self._before} to {version}" if version != self._before else ""
        self.seen.renewed = renewed == "renewed"

    async def _hang_photos(self) -> None:
        files = [(name, *_photo(name, size)) for name, size in SIDES.items()]
        async with Client(self.options, new_run(), cookies=True, limit=UPLOADS, patience=PATIENCE) as client:
            problem, _ = await sign_in(client, self.options, [])
            if problem:
                self.seen.refused.append(problem)
                return
            said = await asyncio.gather(*(self._hang(client, files, number) for number in range(UPLOADS)))
        self.seen.refused += [why for why in said if why]
        self.seen.taken = said.count("")

    async def _hang(self, client: Client, files: Sequence[tuple[str, str, bytes]], number: int) -> str:
        """Why photo ``number`` does not hang; "" when it does."""
        site = self.options.site
        token = next(cookie.value for cookie in client.session.cookie_jar if cookie.key == "csrftoken")
        own = {"X-CSRFToken": token, "Origin": site.rstrip("/"), "Referer": site}
        wanted = {"files": [{"name": name, "type": kind, "size": len(body)} for name, kind, body in files]}
        signed = await client.ask(
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
            sent = await client.ask(form["url"], method="POST", headers={"Origin": site.rstrip("/")}, data=data)
            if not 200 <= sent.status < 300:
                return f"bucket: {sent.status or sent.error} {sent.text[:80]}"
        fields = {"image": answer["ticket"], "title": f"Storm {number}", "alt": "A plain colour"}
        hung = await client.ask(urljoin(site, "/wall/add/"), method="POST", headers=own, data=fields)
        return "" if hung.status == 302 else f"wall: {hung.status or hung.error}"


def _photo(name: str, size: tuple[int, int]) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    kind = "JPEG" if name == "original" else "WEBP"
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind, quality=80)
    return f"image/{kind.lower()}", buffer.getvalue()
