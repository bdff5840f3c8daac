from pathlib import Path
from typing import Any

import cv2
from django.conf import settings
from django.core.management.base import BaseCommand
from numpy.typing import NDArray

from scans.services.analyses.inference import color_maps


def strip_path(name: str) -> Path:
    return settings.BASE_DIR / "static" / "img" / f"colormap-{name}.png"


class Command(BaseCommand):
    help = "Draw each color map as a strip of 256 pixels: the page's legend and look-up table."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, colors in color_maps().items():
            strip_path(name).write_bytes(_png(colors))
            self.stdout.write(f"Drew {name}.")


def _png(colors: NDArray[Any]) -> bytes:
    """One row of 256 RGB pixels, from heat 0 to heat 255."""
    _, encoded = cv2.imencode(".png", colors[None, :, ::-1])  # OpenCV writes BGR
    return bytes(encoded)
