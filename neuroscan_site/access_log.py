"""gunicorn's access log: one JSON object a line, like the other logs, without query strings."""

import logging
from datetime import timedelta
from typing import Any

import structlog
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger

from neuroscan_site.logs import json_formatter

# Requested every few seconds by health checks: logged only where the status is bad.
PROBES = ("/healthz", "/readyz")

log = structlog.get_logger("neuroscan.access")


class Logger(GunicornLogger):
    """Logs the path and never the query string, since people search for patients' names."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        formatter = json_formatter()
        for handler in logging.getLogger("gunicorn.error").handlers:
            handler.setFormatter(formatter)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if path in PROBES and resp.status_code == 200:
            return
        log.info(
            "request",
            method=environ["REQUEST_METHOD"],
            path=path,
            status=resp.status_code,
            bytes=resp.sent,
            ms=round(request_time.total_seconds() * 1000),
            address=environ.get("REMOTE_ADDR", ""),
        )

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception(msg, *(_without_query(part) for part in args), **kwargs)


def _without_query(part: Any) -> Any:
    """Keep only the path of the address that gunicorn names for a failed request."""
    return part.partition("?")[0] if isinstance(part, str) and part.startswith("/") else part
