"""What the web server writes down: paths, never what people searched for."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from structlog.testing import capture_logs

from neuroscan_site.access_log import Logger


@pytest.fixture
def logger() -> Logger:
    return Logger(Config())


def access(logger: Logger, path: str, *, query: str = "", status: int = 200) -> list[dict]:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}",
        "HTTP_REFERER": f"https://example.org/patients/?search={query}",
        "REMOTE_ADDR": "192.0.2.7",
    }
    response = SimpleNamespace(status_code=status, sent=512)
    with capture_logs() as lines:
        logger.access(response, None, environ, timedelta(milliseconds=12.4))
    return lines


def test_a_request_is_one_line_without_its_query_or_referer(logger):
    (line,) = access(logger, "/patients/", query="search=Doe")
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/patients/",
        "status": 200,
        "bytes": 512,
        "ms": 12,
        "address": "192.0.2.7",
    }


def test_a_path_cannot_forge_a_second_line(logger):
    (line,) = access(logger, '/a\n{"event": "forged"}', status=404)
    assert "\n" not in json.dumps(line)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_worth_a_line_only_when_the_answer_is_bad(logger, path):
    assert access(logger, path) == []
    assert len(access(logger, path, status=503)) == 1


def test_an_error_names_the_path_of_the_request_but_not_its_query(logger):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    error_log = logging.getLogger("gunicorn.error")
    error_log.addHandler(handler)
    try:
        logger.exception("Error handling request %s %s", "GET", "/patients/?search=Doe")
    finally:
        error_log.removeHandler(handler)
    assert records[0].getMessage() == "Error handling request GET /patients/"


def test_messages_of_the_server_are_json_too(logger):
    handlers = logging.getLogger("gunicorn.error").handlers
    (handler,) = [handler for handler in handlers if getattr(handler, "_gunicorn", False)]
    record = logging.makeLogRecord({"msg": "Booting worker with pid: %s", "args": (7,)})
    assert json.loads(handler.format(record))["event"] == "Booting worker with pid: 7"
