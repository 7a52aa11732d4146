"""A bucket that is away or says no, while a release is pushed and while the site serves."""

from rehearsal.drills import tested
from rehearsal.drills.drill import check_rejected, deploy, last, loaded, serving
from rehearsal.environment import keys_of
from rehearsal.processes import free_port
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import S3
from slipway.tool.secrets import Secrets

# What a deploy of a file that keeps its name would ask.
purge_fails = tested.by("tests/unit/server/test_stale.py::test_a_failure_is_a_warning")
# The server's own way to the bucket.
AWAY = f"sed -i 's/^[0-9.]* {S3}/127.0.0.9 {S3}/' /etc/hosts"


def away_in_a_push(run: Run, phase: Phase) -> None:
    before = serving(run)
    away = {"AWS_ENDPOINT_URL_S3": f"https://127.0.0.1:{free_port()}"}
    with loaded(run, "a deploy without a bucket"):
        result = deploy(run, "no-bucket", env=run.site.deployer("admin", **away))
    check_rejected(run, "A deploy whose bucket does not answer", result, run.site.site.bucket, before)


def denied(run: Run, phase: Phase) -> None:
    before, site = serving(run), run.site.site
    Secrets.put(site, "deployer", keys_of("web"))
    try:
        with loaded(run, "a deploy with a key that may not push"):
            result = deploy(run, "denied")
    finally:
        Secrets.put(site, "deployer", keys_of("deployer"))
    check_rejected(run, "A deploy whose key may not push", result, site.bucket, before)
    run.log.check("The message names the action", "s3:" in result[1].splitlines()[-1], result[1].splitlines()[-1])


def away_at_run_time(run: Run, phase: Phase) -> None:
    run.host.run(AWAY.replace("sed -i", "sed -i.drill"))
    try:
        with loaded(run, "a bucket that is away"):
            answered = run.visit((run.site.site.paths or ["/"])[0]).status
    finally:
        run.host.run("cat /etc/hosts.drill > /etc/hosts; rm /etc/hosts.drill")
    run.log.check("Pages are served without the bucket", answered == 200, str(answered))


def purge_api_away(run: Run, phase: Phase) -> None:
    """CloudFront's API alone; S3 has an endpoint of its own."""
    away = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    with loaded(run, "a deploy without CloudFront's API"):
        status, said = deploy(run, "no-api", env=run.site.deployer("admin", **away))
    run.log.check("A deploy without CloudFront's API is live", status == 0, last(said) if status else serving(run))
    purge_fails(run, phase)
