"""Find near-duplicates among images, and split so that none lies on both sides.

Two images are near-duplicates where their 32 x 32 thumbnails, cropped to content, correlate above
0.93. Chains of near-duplicates form one cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from ml.imaging.pixels import Float32Array, Uint8Array

CORRELATION: Final = 0.93
SIDE: Final = 32
SHARES: Final = (("train", 0.8), ("val", 0.1), ("test", 0.1))
_ROWS = 1024  # of the correlation matrix at a time


def thumbnail(prepared: Uint8Array) -> Float32Array:
    """A slice as a unit vector, so that a product of two is their correlation.

    Args:
        prepared: uint8, square, already cropped to content.

    Returns:
        float32, shape (1024,), mean 0 and length 1; all 0 for a constant image.
    """
    small = cv2.resize(prepared, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    vector = small.astype(np.float32).ravel()
    vector -= vector.mean()
    length = np.float32(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


def clusters(thumbnails: Float32Array) -> list[int]:
    """The cluster of each image, numbered from 0 in the order of first appearance.

    Args:
        thumbnails: shape (N, 1024), as `thumbnail` makes them.
    """
    pairs = []
    for start in range(0, len(thumbnails), _ROWS):
        close = thumbnails[start : start + _ROWS] @ thumbnails.T > CORRELATION
        pairs.append(csr_array(close))
    _, component = connected_components(vstack(pairs), directed=False)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(one), len(numbers)) for one in component]


def close_pairs(
    thumbnails: Float32Array, *, rows: Sequence[int], columns: Sequence[int]
) -> dict[int, int]:
    """The near-duplicates between two sets of images.

    Args:
        thumbnails: shape (N, 1024), as `thumbnail` makes them.
        rows, columns: the two sets, as places in `thumbnails`.

    Returns:
        For each of `rows` that has any among `columns`, the nearest of them.
    """
    found: dict[int, int] = {}
    if not len(columns):
        return found
    against = thumbnails[list(columns)].T
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        correlation = thumbnails[list(part)] @ against
        nearest = correlation.argmax(axis=1)
        for row, index, place in zip(range(len(part)), part, nearest.tolist(), strict=True):
            if correlation[row, place] > CORRELATION:
                found[index] = columns[place]
    return found


def split_clusters(
    cluster_of: Sequence[int],
    labels: Sequence[str],
    *,
    seed: int,
    shares: Sequence[tuple[str, float]] = SHARES,
) -> dict[int, str]:
    """Deal whole clusters out to splits, each label in the shares wanted.

    Args:
        cluster_of: the cluster of each image.
        labels: the class of each image; a cluster counts as its first image's.
        seed: another one gives another split.
        shares: (split, share) of each; `train`, `val` and `test` by default.

    Returns:
        Cluster to split.
    """
    sizes: dict[int, int] = {}
    label_of: dict[int, str] = {}
    for cluster, label in zip(cluster_of, labels, strict=True):
        sizes[cluster] = sizes.get(cluster, 0) + 1
        label_of.setdefault(cluster, label)
    split: dict[int, str] = {}
    for label in sorted(set(label_of.values())):
        members = [cluster for cluster in sizes if label_of[cluster] == label]
        members.sort(key=lambda cluster: _shuffled(cluster, seed=seed))
        total = sum(sizes[cluster] for cluster in members)
        given = {name: 0 for name, _ in shares}
        for cluster in members:
            # To the split that lacks most of its share; so a class of ten clusters or more reaches
            # every split. Of a smaller one val and test may get none.
            name = max(shares, key=lambda item: item[1] * total - given[item[0]])[0]
            split[cluster] = name
            given[name] += sizes[cluster]
    return split


def _shuffled(cluster: int, *, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{cluster}".encode()).digest()
