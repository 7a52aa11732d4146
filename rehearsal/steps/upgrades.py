"""A security upgrade of libssl, installed as at night, takes effect under load; then a reboot that is due is made."""

import time

from rehearsal.load import seconds_each
from rehearsal.run import Run
from rehearsal.run_log import Phase
from slipway.web.errors import SlipwayError

PATIENCE = 300  # s, for an emulated CPU; the seconds measured are in the log
REPOSITORY = "/var/lib/rehearsal-repository"
SOURCE = "/etc/apt/sources.list.d/rehearsal.list"
# The installed libssl again, under a higher version and from a repository that calls itself Debian's security archive.
PUBLISH = f"""set -e
package=$(dpkg-query --show --showformat '${{db:Status-Abbrev}} ${{Package}}\\n' 'libssl3*' | sed -n 's/^ii *//p')
rm -rf {REPOSITORY}; mkdir -p {REPOSITORY}; cd {REPOSITORY}
apt-get -qq -o APT::Sandbox::User=root download "$package"
dpkg-deb --raw-extract "$package"_*.deb files
rm "$package"_*.deb
sed -i 's/^Version: .*/&+rehearsal1/' files/DEBIAN/control
dpkg-deb --build --root-owner-group files "$package.deb" > /dev/null
{{ dpkg-deb --field "$package.deb"; echo "Filename: ./$package.deb"; echo "Size: $(stat --format=%s "$package.deb")"
echo "SHA256: $(sha256sum "$package.deb" | cut -d' ' -f1)"; }} > Packages
. /etc/os-release
cat > Release <<END
Origin: Debian
Label: Debian-Security
Suite: stable-security
Codename: $VERSION_CODENAME-security
SHA256:
 $(sha256sum Packages | cut -d' ' -f1) $(stat --format=%s Packages) Packages
END
echo "deb [trusted=yes] copy:{REPOSITORY} ./" > {SOURCE}
apt-get -qq update
rm -f /var/lib/apt/periodic/upgrade-stamp /var/lib/apt/periodic/unattended-upgrades-stamp
echo "$package"
"""
INSTALL = "systemctl start apt-daily-upgrade.service"
# Whatever an upgrade starts has an end; the unit may begin a moment after dpkg.
SETTLED = """sleep 2; for n in $(seq {patience}); do
systemctl show --property=ActiveState --value slipway-upgrades.service | grep -q activating || break; sleep 1; done
systemctl show --property=Result --value slipway-upgrades.service"""
# Of services: what a session has loaded ends with it.
LOADED = """for maps in /proc/[0-9]*/maps; do grep -lE '(libssl|libcrypto)[^ ]* \\(deleted\\)' $maps 2>/dev/null; done |
cut -d/ -f3 | while read -r process; do grep -q system.slice /proc/$process/cgroup && cat /proc/$process/comm; done |
sort -u | xargs"""
# By the clock, when systemd began; a container has its host's boot_id.
BOOTED = "systemctl show --property=UserspaceTimestamp --value"


def upgrade(run: Run, phase: Phase) -> None:
    """No request fails while nginx, the site and PostgreSQL get the new library."""
    package = run.host.run(PUBLISH).strip()
    before = run.host.run(f"dpkg-query --show --showformat '${{Version}}' {package}")
    try:
        # Pages alone: they wait for PostgreSQL while it restarts, and the ready check says at once that it is away.
        with run.under_load(f"an upgrade of {package}", light=()):
            run.host.run(INSTALL)
            result = run.host.run(SETTLED.format(patience=PATIENCE)).strip()
    finally:
        run.host.run(f"rm -rf {SOURCE} {REPOSITORY}")
    after = run.host.run(f"dpkg-query --show --showformat '${{Version}}' {package}")
    run.log.check(
        "The night's upgrade installs a security fix", after == f"{before}+rehearsal1", f"{package} {before} to {after}"
    )
    loaded = run.host.run(LOADED).strip()
    run.log.check(
        "Every service runs the new library, without a command of a person's",
        result == "success" and not loaded,
        f"{result}; {loaded or 'no process'} has the old one",
    )


def reboot(run: Run, phase: Phase) -> None:
    """The unit of reboots makes one that is due; the site is back by itself."""
    before = run.host.run(BOOTED)
    began = time.monotonic()
    run.host.run("touch /run/reboot-required; systemctl start --no-block slipway-reboot.service")
    while not _is_back(run, before):
        if time.monotonic() - began > PATIENCE:
            raise SlipwayError(f"the site is not back {PATIENCE} s after its reboot was due")
    seconds = time.monotonic() - began
    status, output = run.status()
    left = "; ".join(line for line in output.splitlines() if line.startswith("WRONG"))
    run.log.check(
        "A reboot that is due is made, and the site comes back by itself",
        status == 0,
        f"{seconds:.0f} s until the site is ready again{f'; {left}' if left else ''}",
    )


def _is_back(run: Run, before: str) -> bool:
    """Whether it has booted since ``before``, and the site is ready."""
    try:
        if run.host.run(BOOTED) != before:
            ready = f"{run.site.site.site_url}/healthz/ready"
            return seconds_each([ready], run.machine.ports[443], run.site.trusted, count=1) > 0
    except SlipwayError:
        pass  # it is down, or its site is not up yet
    time.sleep(0.5)
    return False
