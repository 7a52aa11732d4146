"""What a person reads when a migration fails."""

import subprocess

import pytest


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (
            "Traceback (most recent call last):\n  File x\npsycopg.errors.DiskFull: could not extend file\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            'django.db.utils.OperationalError: could not extend file "base/1"\nHINT:  Check free disk space.\n\n',
            'django.db.utils.OperationalError: could not extend file "base/1" HINT:  Check free disk space.',
        ),
        ("CommandError: Conflicting migrations detected\n", "CommandError: Conflicting migrations detected"),
        ("a warning\nKilled\n", "Killed"),
        ("", "Applying wall.0002_more..."),
    ],
)
def test_the_reason_comes_before_the_databases_hint(said, wanted, host, monkeypatch):
    monkeypatch.setattr(host.releases, "find", lambda name: name)
    monkeypatch.setattr(host.jobs, "killed", lambda unit: "")
    done = subprocess.CompletedProcess([], 1, "  Applying wall.0002_more...", said)
    monkeypatch.setattr(host.jobs, "manage", lambda *_, **__: done)
    with pytest.raises(host.paths.HostError) as failure:
        host.migrate.migrate("1")
    assert str(failure.value).startswith(f"migration wall.0002_more failed: {wanted}; the old release serves on")


def test_a_migration_that_the_kernel_ended_says_so(host, monkeypatch):
    monkeypatch.setattr(host.releases, "find", lambda name: name)
    monkeypatch.setattr(host.jobs, "manage", lambda *_, **__: subprocess.CompletedProcess([], 1, "", ""))
    journal = subprocess.CompletedProcess([], 0, "slipway-migrate.service: Failed with result 'oom-kill'.\n", "")
    monkeypatch.setattr(host.jobs.subprocess, "run", lambda *_, **__: journal)
    with pytest.raises(host.paths.HostError, match=r"the migrations failed: killed, .* \(80M\)"):
        host.migrate.migrate("1")
