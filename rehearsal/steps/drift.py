"""Changes on the host by hand, which a deploy must find and repair: those and nothing else."""

from rehearsal.host import ADMIN
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import SITE_STATE
from rehearsal.steps.deploy import check_proof
from rehearsal.steps.unlisted_key import UnlistedKey
from slipway.tool.server import playbook

# The task that repairs it → the command that needs repair; {key} is a public key.
DRIFTS = {
    "Write nginx's configuration": "echo '# mine' >> /etc/nginx/nginx.conf",
    "Write nginx's sandbox and memory limit": (
        "sed -i s/MemoryMax=.*/MemoryMax=1G/ /etc/systemd/system/nginx.service.d/slipway.conf"
    ),
    "Apply the sysctl settings": "sysctl --quiet --write net.ipv4.conf.all.rp_filter=0",
    "Apply the firewall rules": "nft add rule inet slipway input tcp dport 9999 accept",
    "Write the admin user's authorized keys": "echo '{key}' >> /home/deploy/.ssh/authorized_keys",
    "Install missing packages": "dpkg --remove logrotate > /dev/null",
}
# Handlers that run after a repair.
HANDLERS = {"Restart nginx", "Reload nginx"}


def drift(run: Run, phase: Phase) -> None:
    """Changes six things by hand; the next deploy must find and repair them, and nothing else."""
    unlisted = UnlistedKey(run.site.directory / "unlisted-key")
    run.host.run("\n".join(DRIFTS.values()).replace("{key}", unlisted.key()))
    port = run.machine.ports[22]
    before = unlisted.logs_in(port, ADMIN)
    run.command("deploy-drifted", phase, "deploy")
    repaired = set(playbook.changed((SITE_STATE / "log" / "provision.log").read_text())) - HANDLERS
    run.log.check(
        "A deploy repairs six drifts and nothing else",
        repaired == set(DRIFTS),
        "; ".join(sorted(repaired)) or "nothing was repaired",
    )
    after = unlisted.logs_in(port, ADMIN)
    run.log.check(
        "A key that was added by hand is rejected from the next deploy on",
        before and not after,
        f"before it {'accepted' if before else 'rejected'}, after it {'accepted' if after else 'rejected'}",
    )
    check_proof(run)
