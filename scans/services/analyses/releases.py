"""Model releases of this installation: registered from a folder, one of them active."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_transaction, clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import ModelRelease
from scans.services.analyses import inference


def active_release() -> ModelRelease | None:
    """The release that new analyses use; None on an installation without a model."""
    return ModelRelease.objects.filter(is_active=True).first()


def states_series(release: ModelRelease | None) -> bool:
    """Whether this release states something of whole series, and needs to know of them."""
    return release is not None and inference.series_rule(release.manifest) is not None


@clinical_write()
def sync_shipped_release() -> ModelRelease:
    """Register the release in `ml/shipped/`, and make it active where none is.

    Its files are copied to `RELEASES_DIR`. Raises `inference.ReleaseError` where they are missing,
    malformed or altered, or where those of the active release are.
    """
    facts = inference.read_release(settings.SHIPPED_RELEASE_DIR)
    release = ModelRelease.objects.filter(name=facts.name, version=facts.version).first()
    if release is None:
        release = ModelRelease(
            name=facts.name,
            version=facts.version,
            sha256=facts.sha256,
            threshold=facts.threshold,
            manifest=facts.manifest,
        )
        release.folder = str(release.pk)
        release.save(force_insert=True)
        audit.record(actor=None, event=audit_events.RELEASE_REGISTERED, row=release)
    elif release.sha256 != facts.sha256 or _files(release.manifest) != _files(facts.manifest):
        raise inference.ReleaseError(
            f"The shipped release {release} has other weights or files than those registered under "
            "this name and version. A release never changes: give the new one a new version."
        )
    _copy_once(settings.SHIPPED_RELEASE_DIR, release.directory)
    active = active_release()
    if active is None:
        activate_release(user=None, release=release)
    else:
        inference.verify_release(active.directory, sha256=active.sha256)
    return release


def _files(manifest: dict[str, Any]) -> dict[str, str]:
    """What the model runs with beside its weights; figures may be measured anew."""
    files = dict(manifest.get("files") or {})
    files.pop(inference.METRICS, None)
    return files


def _copy_once(source: Path, target: Path) -> None:
    """Copy a folder, whole or not at all."""
    if target.exists():
        return
    unfinished = target.with_name(f"{target.name}.{uuid4()}")
    try:
        shutil.copytree(source, unfinished)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def metrics_of(release: ModelRelease) -> dict[str, Any] | None:
    """What was measured of a release when it was made; None where it came without figures."""
    return inference.release_metrics(release.directory, manifest=release.manifest)


def register_keras_release(
    *,
    source: Path,
    name: str,
    version: str,
    preprocessing: str,
    threshold: float,
    provenance: str,
    positive_class: int,
    known_tumor: Sequence[Path] = (),
    known_no_tumor: Sequence[Path] = (),
) -> ModelRelease:
    """Convert a Keras `.h5` or `.keras` file and register it; it is not active yet.

    `positive_class` is the class of the model that is a tumor. Where images are given of which the
    truth is known, a model that is wrong about half of them is refused.

    Raises `inference.ReleaseError` (not an architecture of ours, unreadable, wrong about known
    images) or `ValidationError` (the name and version are taken, or the threshold is not a
    probability).
    """
    if not 0 <= threshold <= 1:
        raise ValidationError("The threshold is a probability: give a number from 0 to 1.")
    if ModelRelease.objects.filter(name=name, version=version).exists():
        raise ValidationError(f"{name} {version} is already registered. Give a new version.")
    release = ModelRelease(name=name, version=version, threshold=threshold)
    release.folder = str(release.pk)
    try:
        facts = inference.release_from_keras(
            source=source,
            target=release.directory,
            name=name,
            version=version,
            preprocessing=preprocessing,
            threshold=threshold,
            provenance=provenance,
            positive_class=positive_class,
            known_tumor=known_tumor,
            known_no_tumor=known_no_tumor,
        )
        release.sha256, release.manifest = facts.sha256, facts.manifest
        with clinical_transaction():
            release.save(force_insert=True)
            audit.record(actor=None, event=audit_events.RELEASE_REGISTERED, row=release)
    except BaseException:
        shutil.rmtree(release.directory, ignore_errors=True)
        raise
    return release


@clinical_write()
def activate_release(*, user: User | None, release: ModelRelease) -> None:
    """Make this the release that new analyses use (`user` is None at the command line).

    Raises `NotAllowedError`, or `inference.ReleaseError` where its files are missing or altered.
    """
    if user is not None:  # at the command line there is nobody to ask the permission of
        require(user, Action.ACTIVATE_RELEASE)
    inference.verify_release(release.directory, sha256=release.sha256)
    # All of them are locked: of two people who choose at once, the second waits for the first.
    list(ModelRelease.objects.select_for_update().order_by("pk").values_list("pk"))
    ModelRelease.objects.filter(is_active=True).update(is_active=False)
    ModelRelease.objects.filter(pk=release.pk).update(is_active=True)
    release.refresh_from_db()
    audit.record(actor=user, event=audit_events.RELEASE_ACTIVATED, row=release)
