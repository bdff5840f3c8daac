"""How far training images are changed, as it is stored with a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Augmentation:
    """How far training images are changed. Each `*_share` is the share of images changed so."""

    rotation: float = 25.0  # degrees, either way
    quarter_turn_share: float = 0.3
    shift: float = 0.08  # of the side
    shear: float = 0.10
    zoom: float = 0.18
    gamma: float = 0.40  # exponent between 1 / (1 + this) and 1 + this
    contrast: float = 0.30
    brightness: float = 0.12  # of white
    bias_field_share: float = 0.3
    window_share: float = 0.2
    blur_share: float = 0.25
    sharpen_share: float = 0.15
    noise_share: float = 0.35
    downsample_share: float = 0.25
    jpeg_share: float = 0.25
    cutout_share: float = 0.3
    cover_share: float = 0.4  # a region other than the lesion painted over
    spots_share: float = 0.0  # of slices without a tumor: spots that are none are set in
    clinic_share: float = 0.0  # changed as clinics differ, and prepared anew
