"""The demo unpacks a release as the server does."""

import io
import tarfile

import pytest

from rehearsal.local_site import LocalSite
from slipway.web.errors import SlipwayError


@pytest.fixture
def local_site(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "site.yml").write_text(
        "domain: example.com\nregion: eu-central-1\nsettings: email.mime\nwsgi: email.mime\n"
    )
    return LocalSite(tmp_path / "local", None, source=tmp_path)


def packed(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def file(name):
    member = tarfile.TarInfo(name)
    member.size = 1
    return member


def test_a_release_takes_the_place_of_the_one_before(local_site, tmp_path):
    local_site.unpack(packed(tmp_path / "one.tar.gz", file("project/a.py")))
    local_site.unpack(packed(tmp_path / "two.tar.gz", file("project/b.py")))
    assert [path.name for path in local_site.current.rglob("*.py")] == ["b.py"]


def test_what_the_server_would_reject_is_rejected_here(local_site, tmp_path):
    link = tarfile.TarInfo("project/link")
    link.type, link.linkname = tarfile.SYMTYPE, "../manage.py"
    with pytest.raises(SlipwayError, match=r"^the server would reject the release: project/link is not a plain file$"):
        local_site.unpack(packed(tmp_path / "release.tar.gz", file("manage.py"), link))
