"""System checks: can this machine do the work? Wrong weights stop it before the first patient."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from scans import ingest
from scans.services.analyses import inference


@register()
def shipped_release_is_intact(**_: Any) -> list[CheckMessage]:
    """The weights in `ml/shipped/` are there and have the SHA-256 of their release.json."""
    try:
        inference.read_release(settings.SHIPPED_RELEASE_DIR)
    except inference.ReleaseError as error:
        return [
            Error(
                str(error),
                hint="Restore ml/shipped/ from the repository or the image you deployed.",
                id="scans.E001",
            )
        ]
    return []


@register()
def engine_exists(**_: Any) -> list[CheckMessage]:
    """NEUROSCAN_ENGINE names an engine that this version has."""
    names = inference.engine_names()
    if settings.ENGINE in names:
        return []
    return [
        Error(
            f"NEUROSCAN_ENGINE is {settings.ENGINE!r}, which is no inference engine.",
            hint=f"Set it to one of: {', '.join(names)}.",
            id="scans.E002",
        )
    ]


@register()
def every_transfer_syntax_is_decoded(**_: Any) -> list[CheckMessage]:
    """A drawn slice in each transfer syntax of DICOM is decoded, and rightly."""
    return [
        Warning(
            f"DICOM files are refused that are written in {reason}.",
            hint="Install the packages of requirements.txt anew.",
            id="scans.W001",
        )
        for reason in ingest.cannot_read()
    ]
