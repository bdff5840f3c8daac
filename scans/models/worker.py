from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from scans.models.release import ModelRelease


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> "WorkerQuerySet":
        """Workers with a loaded model that reported within `WORKER_MISSING_SECONDS`."""
        moment = timezone.now() - timedelta(seconds=settings.WORKER_MISSING_SECONDS)
        return self.filter(last_seen_at__gte=moment)


class Worker(models.Model):
    """One worker process with a loaded model, as it last reported."""

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField("process id")
    release = models.ForeignKey(ModelRelease, on_delete=models.PROTECT, related_name="+")
    engine = models.CharField(max_length=40)
    loaded_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["host", "pid"], name="worker_process")]

    def __str__(self) -> str:
        return f"{self.host} ({self.pid})"
