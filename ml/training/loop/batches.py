"""Training batches, made ahead in a thread; OpenCV and NumPy leave the interpreter meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array, Uint8Array
from ml.training.data.balanced import draw_settled_epoch
from ml.training.data.cache import Cache
from ml.training.data.sampling import Epoch, IntArray, Pools
from ml.training.loop.changed_slice import changed_slice
from ml.training.loop.config import Config
from ml.training.loop.lesion_bank import LesionBank
from ml.training.loop.network import CAM_STRIDE, MASK_STRIDE, TYPES

_AHEAD: Final = 2  # batches
_NEAR: Final = np.ones((13, 13), dtype=np.uint8)  # 6 pixels beside a lesion still count

Targets = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """One step's input, targets and weights, by the network's output."""

    images: Float32Array
    targets: Targets
    weights: Targets


def steps_in_epoch(config: Config) -> int:
    """Whole batches in an epoch; slices left over are not trained on."""
    return config.sampling.epoch_slices // config.batch


def training_batches(
    cache: Cache,
    *,
    pools: Pools,
    bank: LesionBank,
    config: Config,
    epoch: int,
    first_step: int,
) -> Iterator[Batch]:
    """The batches of an epoch from a step on.

    Every slice has its own generator, seeded by run, epoch and place, so an epoch taken up in
    the middle goes on as it would have.
    """
    drawn = draw_settled_epoch(
        pools, items=cache.items, sampling=config.sampling, seed=config.seed, epoch=epoch
    )
    steps = iter(range(first_step, steps_in_epoch(config)))

    def make(step: int) -> Batch:
        places = np.arange(step * config.batch, (step + 1) * config.batch)
        return _batch(cache, bank=bank, config=config, drawn=drawn, places=places, epoch=epoch)

    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting: deque[Future[Batch]] = deque()
        try:
            for step in steps:
                waiting.append(pool.submit(make, step))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def as_input(image: Uint8Array, *, size: int) -> Float32Array:
    """A prepared slice as the network's input, unchanged: (size, size, 3), 0 to 1."""
    return _three_channels(image.astype(np.float32) / np.float32(255.0), size=size)


def _batch(
    cache: Cache,
    *,
    bank: LesionBank,
    config: Config,
    drawn: Epoch,
    places: IntArray,
    epoch: int,
) -> Batch:
    small, cells = config.size // MASK_STRIDE, config.size // CAM_STRIDE
    count = len(places)
    images = np.empty((count, config.size, config.size, 3), dtype=np.float32)
    masks = np.zeros((count, small, small, 1), dtype=np.float32)
    lesions = np.zeros((count, cells, cells, 1), dtype=np.float32)
    tumor = np.zeros((count, 1), dtype=np.float32)
    kinds = np.zeros(count, dtype=np.int32)
    known = {name: np.zeros(count, dtype=np.float32) for name in ("typ", "seg", "cam")}
    for row, place in enumerate(places.tolist()):
        index = int(drawn.indices[place])
        item = cache.items[index].slice
        one = changed_slice(
            cache,
            index=index,
            erased=bool(drawn.erased[place]),
            planted=bool(drawn.planted[place]),
            bank=bank,
            config=config,
            rng=np.random.default_rng([config.seed, epoch, place]),
        )
        images[row] = _three_channels(one.image, size=config.size)
        tumor[row] = one.tumor
        mask = one.mask
        if mask is not None:
            masks[row, :, :, 0] = _shrunk(mask, side=small)
            known["seg"][row] = 1.0
            if mask.any():
                near = np.asarray(cv2.dilate(mask, _NEAR), dtype=np.uint8)
                lesions[row, :, :, 0] = np.minimum(2.0 * _shrunk(near, side=cells), 1.0)
                known["cam"][row] = 1.0
        if item.kind in TYPES and one.own:
            kinds[row], known["typ"][row] = TYPES.index(item.kind), 1.0
    return Batch(
        images=images,
        targets={"bin": tumor, "typ": kinds, "seg": masks, "cam": lesions},
        weights={"bin": drawn.weights[places], **known},
    )


def _shrunk(mask: Uint8Array, *, side: int) -> Float32Array:
    small = cv2.resize(mask.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _three_channels(image: Float32Array, *, size: int) -> Float32Array:
    if image.shape[0] != size:
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.repeat(image[:, :, np.newaxis], 3, axis=2)
