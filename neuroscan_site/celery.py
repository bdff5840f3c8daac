"""The Celery application. Tasks carry ids only; the rows they name are the queue of record."""

import os

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neuroscan_site.settings")
TRANSPORT_ALIASES["spool"] = "neuroscan_site.spool:Transport"

app = Celery("neuroscan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Do nothing: while a receiver is connected, Celery leaves LOGGING as the settings have it."""
