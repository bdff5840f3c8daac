"""Which workers are there, each with which model loaded."""

from django.utils import timezone

from scans.models import ModelRelease, Worker
from scans.services import inference
from scans.services.releases import active_release


def load_active_model() -> tuple[ModelRelease, inference.Predictor] | None:
    """The active release, its model loaded in this process; None where no release is active.

    Raises `inference.ReleaseError` where its files are missing or altered.
    """
    release = active_release()
    return None if release is None else (release, inference.load_predictor(release.directory))


def report(*, host: str, pid: int) -> None:
    """Say that this process lives and holds the active model (loading it if it changed)."""
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


def forget(*, host: str, pid: int) -> None:
    """This process ends in good order."""
    Worker.objects.filter(host=host, pid=pid).delete()
