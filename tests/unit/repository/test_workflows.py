"""The workflows: order of jobs, permissions, and which step has the secrets."""

import re

import pytest
import yaml

from slipway import ROOT
from slipway.tool.cdn import iam_policies

WORKFLOWS = ROOT / ".github/workflows"
TEXT = (WORKFLOWS / "site.yml").read_text()
JOBS = yaml.safe_load(TEXT)["jobs"]
FILES = sorted(path.name for path in WORKFLOWS.iterdir())


def runs(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def test_a_failing_test_stops_the_deploy():
    """No `if` of the deploy asks for the failed: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax"""
    assert JOBS["deploy"]["needs"] == "test"
    assert runs("test")[-1] == "make test"
    assert not re.search(r"\b(always|failure|cancelled)\(", JOBS["deploy"]["if"])
    for job in JOBS.values():
        assert "continue-on-error" not in job
        assert not any("continue-on-error" in step for step in job["steps"])


def test_it_deploys_main_alone_and_only_where_the_repository_says_so():
    assert JOBS["deploy"]["if"] == "github.ref == 'refs/heads/main' && vars.DEPLOY == 'yes'"


def test_the_aws_role_trusts_the_environment_of_the_deploy():
    assert JOBS["deploy"]["environment"] == iam_policies.ENVIRONMENT


def test_secrets_are_given_to_the_last_step_of_the_deploy_alone():
    *earlier, last = JOBS["deploy"]["steps"]
    assert set(re.findall(r"secrets\.(\w+)", str(last))) == {"SSH_KEY", "VAULT_PASSWORD"}
    assert "secrets." not in str(earlier)
    assert "secrets" not in str(JOBS["test"])
    # Once they are there nothing is installed any more: what the last command needs is what was installed.
    assert "make .venv/deploy" in runs("deploy")


def test_the_site_s_workflow_runs_nothing_of_ours():
    for words in (".ci", "test-slipway", "rehears", "make demo", ".venv/dev", ".venv/demo"):
        assert words not in TEXT


@pytest.mark.parametrize("name", FILES)
def test_ours_runs_only_where_a_variable_enables_it(name):
    """A clone that does not delete it spends no minute: a variable is not cloned."""
    for job in yaml.safe_load((WORKFLOWS / name).read_text())["jobs"].values():
        if ".ci/run" in str(job["steps"]):
            assert job["if"] == "vars.SLIPWAY_CI == 'yes'"


@pytest.mark.parametrize("name", FILES)
def test_each_job_declares_its_permissions_and_a_timeout(name):
    workflow = yaml.safe_load((WORKFLOWS / name).read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= (10 if job.get("name") == "Test" else 90)


@pytest.mark.parametrize("name", FILES)
def test_an_action_is_pinned_by_digest(name):
    for used in re.findall(r"uses: (\S+)", (WORKFLOWS / name).read_text()):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used)


def test_dependabot_looks_where_requirements_and_actions_are():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert {each["package-ecosystem"]: each["directory"] for each in updates} == {
        "github-actions": "/",
        "pip": "/project",
    }
