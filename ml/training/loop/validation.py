"""What a network scores on the validation split: figures to steer a run by, not to publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.metrics.classification import auc
from ml.training.data.cache import Cache
from ml.training.data.sampling import Pools
from ml.training.loop.batches import as_input
from ml.training.loop.config import Config
from ml.training.loop.network import TYPES

TOLERANCE: Final = 0.05  # of the side: how far beside an outline a peak may lie


def figures(
    network: Any,
    *,
    cache: Cache,
    indices: Sequence[int],
    pools: Pools,
    config: Config,
    batch: int = 16,
) -> dict[str, float]:
    """Run a network (`ml.training.loop.network`) over slices and evaluate it.

    Returns:
        `loss` (binary cross-entropy), `auc`, `accuracy` at 0.5, `family_auc` (within families
        with both labels), `type_accuracy`, `mask_pointing` (share of outlined tumors with the
        decoder's peak within 5 % of the outline), `cam_pointing` (the same for Grad-CAM); those
        that the slices allow.
    """
    logits, kinds, mask_hits, cam_hits = [], [], [], []
    for start in range(0, len(indices), batch):
        part = indices[start : start + batch]
        images = np.stack(
            [as_input(np.asarray(cache.images[index]), size=config.size) for index in part]
        )
        raw = network.predict_on_batch(images)
        out = {name: np.asarray(value, dtype=np.float32) for name, value in raw.items()}
        logits.extend(out["bin"][:, 0].tolist())
        kinds.extend(out["typ"].argmax(axis=1).tolist())
        for row, index in enumerate(part):
            if cache.mask_row[index] >= 0:
                lesion = np.asarray(cache.masks[cache.mask_row[index]])
                if lesion.any():
                    mask_hits.append(_hit(out["seg"][row, :, :, 0], lesion))
                    cam_hits.append(_hit(out["cam"][row, :, :, 0], lesion))
    found = _classified(np.asarray(logits), indices=indices, cache=cache, pools=pools)
    typed = [
        TYPES[kind] == cache.items[index].slice.kind
        for kind, index in zip(kinds, indices, strict=True)
        if cache.items[index].slice.kind in TYPES
    ]
    for name, hits in (
        ("type_accuracy", typed),
        ("mask_pointing", mask_hits),
        ("cam_pointing", cam_hits),
    ):
        if hits:
            found[name] = float(np.mean(hits))
    return found


def score(found: dict[str, float]) -> float:
    """One number to choose the best epoch by.

    The AUCs are near 1 from the first epoch on, so the accuracy and the two pointing games, which
    have room left, are in it too; the loss breaks ties and punishes overconfidence.
    """
    names = ("auc", "family_auc", "accuracy", "mask_pointing", "cam_pointing")
    values = [found[name] for name in names if name in found]
    return float(np.mean(values)) - 0.1 * found["loss"]


def _classified(
    logits: Any, *, indices: Sequence[int], cache: Cache, pools: Pools
) -> dict[str, float]:
    truths = np.array([cache.items[index].slice.tumor for index in indices])
    signed = np.where(truths, logits, -logits)
    found = {
        "loss": float(np.logaddexp(0.0, -signed).mean()),
        "accuracy": float(((logits >= 0) == truths).mean()),
    }
    mixed = {pools.families[index] for index in (*pools.tumor.tolist(), *pools.no_tumor.tolist())}
    inside = np.array([pools.families[index] in mixed for index in indices])
    for name, chosen in (("auc", np.ones_like(inside)), ("family_auc", inside)):
        if len(set(truths[chosen].tolist())) == 2:
            found[name] = auc(logits[chosen].astype(np.float64), truths[chosen])
    return found


def _hit(scores: Float32Array, lesion: Uint8Array) -> bool:
    side = lesion.shape[0]
    large = cv2.resize(scores, (side, side), interpolation=cv2.INTER_LINEAR)
    row, column = np.unravel_index(int(large.argmax()), large.shape)
    distance = cv2.distanceTransform(1 - lesion, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return bool(distance[row, column] <= TOLERANCE * side)
