"""The storage of a running site resolves each name to its hashed one."""

import json

import pytest
from django.test import override_settings

from slipway.web.storage import StaticStorage


@pytest.mark.parametrize("debug", [False, True])
def test_a_url_has_the_hash_whether_debug_is_on_or_not(debug, tmp_path):
    """A site that waives DEBUG has no other file in its bucket."""
    manifest = {"version": "1.1", "hash": "", "paths": {"a.css": "a.0123456789ab.css"}}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    with override_settings(DEBUG=debug, SLIPWAY_MANIFESTS=str(tmp_path)):
        assert StaticStorage(base_url="https://static.example.com/").url("a.css").endswith("/a.0123456789ab.css")
