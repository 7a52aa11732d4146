"""Every drill, in its order. `0 failed`: no request of the load fails. `one line (X)`: the command fails with one line
that names X, and the old release serves.
"""

from rehearsal.drills import background, backups, bucket, clients, disk, locks, migrations, releases, services, tested
from rehearsal.drills.drill import Drill

PUSH = "tests/integration/push/test_faults.py"
ALARMS = "tests/unit/agent/test_alarms.py"
CERTIFICATE = "tests/unit/ansible/test_certificate.py"

DRILLS = (
    Drill(1, "ten healthy deploys", "0 failed", releases.deploy_ten_times),
    Drill(2, "a release that raises as it is imported", "one line (health)", releases.raise_in_wsgi),
    Drill(3, "a release whose /healthz answers 500", "one line (health)", releases.answer_500),
    Drill(4, "a release that takes 60 s to boot", "one line (timeout)", releases.boot_slowly),
    Drill(5, "a migration that fails", "no switch, one line (migration)", migrations.fail),
    Drill(6, "a migration that waits for a lock on a table", "one line (the table)", migrations.hold_a_lock),
    Drill(7, "a deploy killed at each stage", "old or new whole, the rerun succeeds", locks.kill_at_each_stage),
    Drill(8, "SSH dropped at each stage", "old or new whole, the rerun succeeds", locks.drop_ssh),
    Drill(9, "two deploys at once", "one wins, the other one line (who, since when)", locks.two_at_once),
    Drill(10, "a lock that nobody gives back", "make unlock", locks.stale_lock),
    Drill(11, "a rollback", "0 failed, 30 s at most, old assets 200", releases.roll_back),
    Drill(12, "a rollback past the oldest release", "one line (the release)", releases.roll_back_too_far),
    Drill(13, "a bucket that does not answer a push", "no switch, one line (the bucket)", bucket.away_in_a_push),
    Drill(14, "a bucket that says 403", "one line (action and bucket)", bucket.denied),
    Drill(
        15,
        "a push that fails at one file",
        "no switch, the rerun sends the rest",
        tested.by(f"{PUSH}::test_one_rejected_put_fails_the_push_and_a_rerun_sends_the_rest"),
    ),
    Drill(16, "CloudFront's API away", "live, and a warning where it had to purge", bucket.purge_api_away),
    Drill(17, "the bucket away while the site serves", "pages 200", bucket.away_at_run_time),
    Drill(18, "a full disk before a deploy", "one line (path, needed)", disk.full_before_a_deploy),
    Drill(19, "a full disk while the site serves", "0 failed, PostgreSQL goes on", disk.full_at_run_time),
    Drill(20, "a program that takes all memory", "PostgreSQL and sshd survive, back in 30 s", services.hog_memory),
    Drill(21, "kill -9 of a worker", "only its own request", services.kill_worker),
    Drill(22, "kill -9 of Gunicorn", "back in 5 s, the socket queues", services.kill_master),
    Drill(23, "a restart of PostgreSQL", "503 from /healthz/ready, then 200", services.restart_postgresql),
    Drill(24, "200 clients with slow headers", "others' p95 below 2 x", clients.slow_headers),
    Drill(25, "50 uploads of 1 KB/s", "workers stay free", clients.slow_uploads),
    Drill(26, "50 slow readers", "workers stay free", clients.slow_readers),
    Drill(27, "a slow request during a deploy", "it completes, nobody waits", releases.hold_a_request),
    Drill(28, "a reboot", "back by itself in 60 s", services.reboot),
    Drill(29, "a reboot in a deploy", "the old release serves", services.reboot_in_a_deploy),
    Drill(
        30,
        "an expired certificate",
        "the proof names the date, the renewal replaces it",
        tested.by(
            "tests/unit/smoke/test_certificate.py",
            f"{CERTIFICATE}::test_an_expired_certificate_is_replaced_and_nginx_reads_the_new_one",
        ),
    ),
    Drill(
        31,
        "short-lived certificates",
        "renewed by a fraction of their lifetime",
        tested.by(f"{CERTIFICATE}::test_a_third_of_the_lifetime_is_left_and_half_of_a_short_one"),
    ),
    Drill(
        32,
        "a clock that is 20 minutes off",
        "one line (clock)",
        tested.by("tests/unit/server/test_preflight.py::test_an_unfit_host_is_rejected_in_one_line"),
    ),
    Drill(33, "DROP DATABASE", "every row back in 10 minutes", backups.drop_database),
    Drill(
        34,
        "a damaged newest backup",
        "it is named, the one before is restored",
        tested.by(
            "tests/integration/backup/test_restore.py::"
            "test_a_damaged_backup_is_named_and_the_one_before_is_restored_on_request"
        ),
    ),
    Drill(35, "a flood of the logs", "the caps hold", disk.flood),
    Drill(36, "the playbook again, unchanged", "changed=0", releases.play_again),
    Drill(37, "a worker that dies at once", "0 failed, named by make status", background.crash_loop),
    Drill(38, "a job across a deploy", "stopped after 60 s, run again", background.job_across_a_deploy),
    Drill(39, "alarms, with two deploys between", "one begin, one end", background.alarms_told),
    Drill(40, "an upgrade of libssl", "0 failed, no process has the old one", background.upgrade),
    Drill(
        41,
        "a receiver of alarms that is away",
        "told later, once",
        tested.by(f"{ALARMS}::test_messages_wait_for_a_receiver_that_is_away_in_order_and_come_once"),
    ),
)
