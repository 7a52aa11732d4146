import json

from django.db import connection
from django.db.utils import OperationalError
from django.test.utils import CaptureQueriesContext


def test_live_does_not_query_the_database(client):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/healthz/live")
    assert (answer.status_code, answer.content, len(captured)) == (200, b"ok\n", 0)
    assert "no-store" in answer["Cache-Control"]


def test_ready_queries_the_database(client):
    with CaptureQueriesContext(connection) as captured:
        answer = client.get("/healthz/ready")
    assert (answer.status_code, answer.json(), len(captured)) == (200, {"database": "ok"}, 1)


def test_ready_says_in_one_line_when_the_database_is_away(client, monkeypatch):
    def reject(*args, **kwargs):
        raise OperationalError("could not connect with password hunter2")

    monkeypatch.setattr(connection, "cursor", reject)
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/json"
    assert answer.content.decode().count("\n") == 1
    assert json.loads(answer.content) == {"database": "OperationalError"}
