"""The workers that are alive, and the model release that each has loaded."""

from datetime import timedelta

from django.utils import timezone

from scans.models import ModelRelease, Worker
from scans.services.analyses import inference
from scans.services.analyses.releases import active_release


def load_active_model() -> tuple[ModelRelease, inference.Predictor] | None:
    """The active release, its model loaded in this process; None where no release is active.

    Raises `inference.ReleaseError` where its files are missing or altered.
    """
    release = active_release()
    if release is None:
        return None
    return release, inference.load_predictor(release.directory, sha256=release.sha256)


def report(*, host: str, pid: int) -> None:
    """Record that this process is alive with the active model, loading it if it changed."""
    loaded = load_active_model()
    if loaded is None:
        return
    release, predictor = loaded
    now = timezone.now()
    Worker.objects.update_or_create(
        host=host,
        pid=pid,
        defaults={"release": release, "engine": predictor.engine, "last_seen_at": now},
        create_defaults={
            "release": release,
            "engine": predictor.engine,
            "loaded_at": now,
            "last_seen_at": now,
        },
    )


def delete_lost() -> int:
    """Delete the rows of processes that have not reported for a day; return how many."""
    return Worker.objects.filter(last_seen_at__lt=timezone.now() - timedelta(days=1)).delete()[0]


def delete_worker(*, host: str, pid: int) -> None:
    """Delete the row of a process that ends in good order."""
    Worker.objects.filter(host=host, pid=pid).delete()
