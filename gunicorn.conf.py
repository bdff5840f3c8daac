"""The web server; gunicorn reads this file by itself when it is started in this folder."""

import os
from pathlib import Path

import gunicorn.http.wsgi

gunicorn.http.wsgi.SERVER = "NeuroScan"  # which server this is, and which version, is our business

wsgi_app = "neuroscan_site.wsgi"
bind = f"{os.environ.get('NEUROSCAN_BIND', '127.0.0.1')}:{os.environ.get('NEUROSCAN_PORT', '8000')}"

# Threads, not processes: the work is waiting for the disk and the database, the model is elsewhere.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = 8

# With threads this watches the worker process, not a request: a slow upload may take its time.
timeout = 120
graceful_timeout = 10  # what is being answered at a stop gets this long
keepalive = 30

# The sign of life is a file: in memory, so that a busy disk does not look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
secure_scheme_headers: dict[str, str] = {}  # whom to believe about HTTPS is settled in settings.py

logger_class = "neuroscan_site.access_log.Logger"
accesslog = "-"
errorlog = "-"
