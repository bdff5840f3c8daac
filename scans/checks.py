"""System checks: can this machine do the work? Wrong weights stop it before the first patient."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from scans.services import inference


@register()
def shipped_release_is_intact(**_: Any) -> list[CheckMessage]:
    """The weights in `ml/release/` are there and have the SHA-256 of their release.json."""
    try:
        inference.read_release(settings.SHIPPED_RELEASE_DIR)
    except inference.ReleaseError as error:
        return [
            Error(
                str(error),
                hint="Restore ml/release/ from the repository or the image you deployed.",
                id="scans.E001",
            )
        ]
    return []
