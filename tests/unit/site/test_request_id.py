"""A log record has the id of the request that nginx has in its own log, whatever LOGGING a project has."""

import logging

import pytest
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponse
from django.test import RequestFactory

from slipway.web import request_id

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def records():
    """What is logged, as a handler of the project gets it."""
    taken = []
    handler = logging.Handler()
    handler.emit = taken.append
    logging.getLogger().addHandler(handler)
    yield taken
    logging.getLogger().removeHandler(handler)


def answer(view, given=ID):
    """As Django's handler calls a middleware."""
    request = RequestFactory().get("/broken", HTTP_X_REQUEST_ID=given)
    return request_id.RequestIdMiddleware(convert_exception_to_response(view))(request)


def broken(request):
    raise ValueError("100 % broken")


def test_an_exception_s_record_ends_in_it(records):
    assert answer(broken).status_code == 500
    (record,) = (each for each in records if each.exc_info)
    assert record.getMessage() == f"Internal Server Error: /broken [request {ID}]"
    assert record.request_id == ID and "100 % broken" in logging.Formatter().format(record)


def test_the_project_s_own_records_have_it_and_only_errors_end_in_it(records):
    def view(request):
        logging.getLogger("shop").warning("%s left", "one")
        logging.getLogger("shop").error("%s gone", "all")
        return HttpResponse()

    answer(view)
    warning, error = (each for each in records if each.name == "shop")
    assert (warning.getMessage(), warning.request_id) == ("one left", ID)
    assert error.getMessage() == f"all gone [request {ID}]"


def test_outside_of_a_request_there_is_none(records):
    answer(lambda request: HttpResponse())
    logging.getLogger("shop").error("a job failed")
    assert records[-1].getMessage() == "a job failed" and records[-1].request_id == ""


@pytest.mark.parametrize("given", ["", "x" * 32, f"{ID}\nforged", ID[:31]])
def test_what_is_no_id_of_nginx_s_is_none(given, records):
    answer(broken, given)
    assert "[request" not in records[-1].getMessage()


def test_it_is_installed_once():
    before = logging.getLogRecordFactory()
    request_id.install()
    assert logging.getLogRecordFactory() is before and before.with_request_id
