"""What one finished slice leaves for the statement on its series: small enough to keep with it."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.imaging.preprocessing import Geometry

FORMAT: Final = 1  # of the JSON
FAILED: Final = "failed"  # the reason of a slice that could not be analyzed at all
LOWEST: Final = -6.0  # of a map; what is below is no evidence of anything
_STEPS: Final = 16.0  # levels of a map to one logit
_LEVELS: Final = 255
_LARGEST_SIDE: Final = 256  # of a map, in cells


@dataclass(frozen=True, kw_only=True, slots=True)
class SliceEvidence:
    """The evidence of one slice; where in the series it lies, its keeper knows.

    Attributes:
        logit: of the slice's probability, calibrated but without doubt; None where the slice was
            read without an opinion, or not at all.
        reason: why there is none, a code from `ml.gate.Reason` or `FAILED`; None where there is.
        cells: the lesion decoder's map, zlib-compressed, a byte a cell row by row, from `LOWEST`
            on in sixteenths of a logit above the release's threshold of regions; empty where
            there is none.
        side: how many cells a row of it has, and how many rows there are; 0 where there is none.
        square: where the map lies in the image, (top, left, height, width) in pixels of it; it may
            reach beyond the image.
        size: (height, width) of the image, in pixels.
    """

    logit: float | None
    reason: str | None = None
    cells: bytes = b""
    side: int = 0
    square: tuple[int, int, int, int] = (0, 0, 0, 0)
    size: tuple[int, int] = (0, 0)

    @classmethod
    def without_opinion(cls, reason: str) -> SliceEvidence:
        """Of a slice that has none: a reason of the gate's, or `FAILED`."""
        return cls(logit=None, reason=reason)

    def map(self) -> Float32Array:
        """The decoder's map in logits above the threshold of regions: float32, (side, side).

        Raises:
            ValueError: there is none, or it is broken.
        """
        if not self.side:
            raise ValueError("This slice's evidence has no map.")
        most = self.side * self.side
        try:
            unpacked = zlib.decompressobj().decompress(self.cells, most + 1)
        except zlib.error as error:
            raise ValueError(f"The map in a slice's evidence is broken: {error}.") from error
        if len(unpacked) != most:
            raise ValueError("The map in a slice's evidence does not have the size it states.")
        levels = np.frombuffer(unpacked, dtype=np.uint8).reshape(self.side, self.side)
        return levels.astype(np.float32) / np.float32(_STEPS) + np.float32(LOWEST)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, about a kilobyte."""
        if self.logit is None:
            return {"format": FORMAT, "reason": self.reason}
        return {
            "format": FORMAT,
            "logit": self.logit,
            "cells": base64.b64encode(self.cells).decode("ascii"),
            "side": self.side,
            "square": list(self.square),
            "size": list(self.size),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SliceEvidence:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is not that; the message says what is wrong.
        """
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise ValueError(f"A slice's evidence must be a JSON object of the format {FORMAT}.")
        if "logit" not in value:
            reason = value.get("reason")
            if not isinstance(reason, str) or not reason:
                raise ValueError("A slice's evidence needs a 'logit' or a 'reason'.")
            return cls.without_opinion(reason)
        logit, cells = value["logit"], value.get("cells")
        if isinstance(logit, bool) or not isinstance(logit, int | float):
            raise ValueError("The 'logit' of a slice's evidence must be a number.")
        if not math.isfinite(logit):
            raise ValueError("The 'logit' of a slice's evidence must be finite.")
        if not isinstance(cells, str):
            raise ValueError("The 'cells' of a slice's evidence must be text in base64.")
        try:
            packed = base64.b64decode(cells, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("The 'cells' of a slice's evidence must be text in base64.") from error
        (side,) = _whole([value.get("side")], count=1, what="side")
        top, left, height, width = _whole(value.get("square"), count=4, what="square")
        rows, columns = _whole(value.get("size"), count=2, what="size")
        if not 0 <= side <= _LARGEST_SIDE or min(height, width, rows, columns) < 1:
            raise ValueError("A size in a slice's evidence is out of range.")
        found = cls(
            logit=float(logit),
            cells=packed,
            side=side,
            square=(top, left, height, width),
            size=(rows, columns),
        )
        if side:
            found.map()
        return found


def evidence_of(
    *, logit: float, lesion: Float32Array | None, geometry: Geometry, level: float
) -> SliceEvidence:
    """The evidence of a slice that the network has read.

    Args:
        logit: calibrated, without doubt (slope times the network's logit, plus the intercept).
        lesion: the decoder's logits, float32, shape (n, n) over the input square; None where the
            release has no decoder.
        geometry: how the input square lies in the image.
        level: the logit from which on a cell belongs to a suspected region.
    """
    cells, side = b"", 0
    if lesion is not None:
        levels = np.rint((lesion - np.float32(level) - np.float32(LOWEST)) * np.float32(_STEPS))
        side = int(lesion.shape[0])
        cells = zlib.compress(np.clip(levels, 0, _LEVELS).astype(np.uint8).tobytes(), level=9)
    return SliceEvidence(
        logit=round(logit, 4),  # so that it is the same once it was kept
        cells=cells,
        side=side,
        square=(
            geometry.top - geometry.pad_top,
            geometry.left - geometry.pad_left,
            geometry.canvas_height,
            geometry.canvas_width,
        ),
        size=(geometry.height, geometry.width),
    )


def _whole(value: object, *, count: int, what: str) -> list[int]:
    if (
        not isinstance(value, list)
        or len(value) != count
        or any(isinstance(one, bool) or not isinstance(one, int) for one in value)
    ):
        raise ValueError(f"The {what!r} of a slice's evidence must be {count} whole numbers.")
    return list(value)
