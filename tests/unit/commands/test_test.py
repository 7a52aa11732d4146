"""`make test` finds what a deploy would reject before the project's checks start."""

import argparse

import pytest

from slipway.tool import config
from slipway.tool.commands import test
from slipway.tool.project_checks import ProjectChecks
from slipway.web.errors import SlipwayError


def test_a_bad_file_of_the_projects_nginx_directives_is_rejected(tmp_path, monkeypatch):
    (tmp_path / "project" / "nginx").mkdir(parents=True)
    (tmp_path / "project" / "nginx" / "site.conf").write_text("root /srv;\n")
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\n")
    monkeypatch.setenv("CONFIG", str(tmp_path / "site.yml"))
    assert config.load().project == tmp_path / "project"
    with pytest.raises(SlipwayError, match=r"^project/nginx/site\.conf:1: root: would serve files"):
        test.run(argparse.Namespace(arguments=[]))


def test_the_warnings_of_a_build_are_printed_with_its_summary(monkeypatch):
    output = "warning: a.js:1: x\npush 0/1\n1 objects built, none sent\n"
    checks = object.__new__(ProjectChecks)
    monkeypatch.setattr(ProjectChecks, "_manage", lambda self, *arguments: output)
    assert checks.build() == ["warning: a.js:1: x", "1 objects built, none sent"]
