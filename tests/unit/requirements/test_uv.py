"""uv uses the index that pip is configured for."""

import pytest

from slipway.tool.requirements import uv


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Lets pip be set up by this text alone; returns what uv is given."""
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)

    def write(text):
        (tmp_path / "pip.conf").write_text(text)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        return uv.environment()

    return write


def test_the_index_its_certificate_and_its_proxy_are_pip_s(configured, monkeypatch):
    # Of another file of this machine's, which pip reads too.
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    given = configured(
        "[global]\nindex-url = https://mirror.example/simple\ncert = /etc/mirror.pem\nproxy = http://proxy.example:3128\n"
        "[install]\nfind-links =\n    /srv/wheels\n    /srv/more\n"
    )
    assert given["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert given["ALL_PROXY"] == "http://proxy.example:3128"
    assert given["UV_FIND_LINKS"] == "/srv/wheels,/srv/more"


def test_of_several_indexes_the_main_one_comes_first(configured, monkeypatch):
    """uv knows the files of one index alone for a version, and a lock file has to hold all of them."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://one.example https://two.example")
    given = configured("")
    assert given["UV_INDEX"] == "https://mirror.example/simple https://one.example"
    assert given["UV_DEFAULT_INDEX"] == "https://two.example"
    assert given["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_what_uv_is_set_to_itself_wins(configured, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://theirs.example/simple")
    assert (
        configured("[global]\nindex-url = https://mirror.example\n")["UV_DEFAULT_INDEX"]
        == "https://theirs.example/simple"
    )


def test_no_secret_of_this_shell_is_given(configured, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("SECRET_KEY", "canary")
    assert "canary" not in configured("").values()
