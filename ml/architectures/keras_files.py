"""Read the arrays of a Keras model file without running anything in it.

Three layouts occur: the HDF5 of Keras 1 and 2 (and of Keras 3 for `.h5`), whole or weights only;
the HDF5 of Keras 3 (`.weights.h5`); and the `.keras` zip that holds one of the latter. All are
read with h5py, so no layer, and no Lambda, is ever built.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import h5py
import numpy as np

from ml.architectures.foreign_files import words_for
from ml.imaging.pixels import Float32Array
from ml.release.releases import ReleaseMalformedError, ReleaseMissingError

# What a file holds beside the layers: a compiled model's metrics have arrays too.
_NO_LAYERS = frozenset(
    [
        *("optimizer", "_optimizer", "seed_generator", "metrics", "_metrics", "compiled_metrics"),
        *("compile_metrics", "_compile_metrics", "loss_tracker", "_loss_tracker", "compiled_loss"),
    ]
)
_DEEPEST = 12  # levels of groups; a file that links to itself must come to an end
_LARGEST = 2 << 30  # bytes of weights in a .keras: four times VGG16 with its optimizer's state


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredLayer:
    """One layer's arrays, not yet read.

    Attributes:
        name: the layer's own name where the file tells it, else its place in the file.
        datasets: the arrays in the file, kernel first.
    """

    name: str
    datasets: tuple[h5py.Dataset, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of its arrays, known without reading them."""
        return tuple(tuple(dataset.shape) for dataset in self.datasets)

    def read(self, index: int) -> Float32Array:
        """Read one array as float32.

        Raises:
            ReleaseMalformedError: it holds something other than floating-point numbers.
        """
        dataset = self.datasets[index]
        if dataset.dtype.kind != "f":
            raise ReleaseMalformedError(f"{dataset.name} holds {dataset.dtype}, not numbers.")
        return np.asarray(dataset[()], dtype=np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class KerasFile:
    """What a model file holds.

    Attributes:
        layers: those with arrays, in the order of the network as far as the file knows it.
        config: the architecture as Keras describes it, or None in a file of weights only.
        path: the file, for messages.
    """

    layers: tuple[StoredLayer, ...]
    config: Mapping[str, Any] | None
    path: Path


@contextmanager
def open_keras_file(path: Path) -> Iterator[KerasFile]:
    """Open a `.h5`, `.weights.h5` or `.keras` file; arrays can be read inside the `with`.

    Raises:
        ReleaseMissingError: there is no such file.
        ReleaseMalformedError: it is none of these, is broken, or refers to other files.
    """
    if not path.exists():
        raise ReleaseMissingError(f"There is no file {path}.")
    try:
        words = words_for(path)
        if words is not None:
            raise ReleaseMalformedError(words)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, tempfile.TemporaryFile() as weights:
                config = _unpack(archive, weights, path=path)
                with h5py.File(weights, "r") as file:
                    yield KerasFile(layers=_layers(file), config=config, path=path)
        else:
            with h5py.File(path, "r") as file:
                yield KerasFile(layers=_layers(file), config=_config(file.attrs), path=path)
    except (
        OSError,
        KeyError,
        json.JSONDecodeError,
        UnicodeDecodeError,
        zipfile.BadZipFile,
    ) as error:
        raise ReleaseMalformedError(
            f"{path} is not a Keras model file that can be read: {error}."
        ) from error


def _unpack(archive: zipfile.ZipFile, weights: IO[bytes], *, path: Path) -> Mapping[str, Any]:
    if archive.getinfo("model.weights.h5").file_size > _LARGEST:
        raise ReleaseMalformedError(
            f"The weights in {path} are larger than any network's that NeuroScan runs."
        )
    with archive.open("model.weights.h5") as member:
        while chunk := member.read(1 << 20):
            weights.write(chunk)
    weights.seek(0)
    config: Mapping[str, Any] = json.loads(archive.read("config.json"))
    return config


def _config(attributes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "model_config" not in attributes:
        return None
    config: Mapping[str, Any] = json.loads(_text(attributes["model_config"]))
    return config


def _layers(file: h5py.File) -> tuple[StoredLayer, ...]:
    root = _child(file, "model_weights") if "model_weights" in file else file
    if "layer_names" in root.attrs:
        return tuple(_named_layers(root))
    return tuple(_layers_of_keras_3(root, depth=0))


def _named_layers(root: h5py.Group) -> Iterator[StoredLayer]:
    """Layout of Keras 1 and 2: names in attributes, a sub-model's arrays all in one group."""
    for layer in (_text(name) for name in root.attrs["layer_names"]):
        group = _child(root, layer)
        found: dict[str, list[h5py.Dataset]] = {}
        for weight in (_text(name) for name in group.attrs["weight_names"]):
            dataset = group
            for part in weight.split("/"):
                dataset = _child(dataset, part)
            owner = weight.rpartition("/")[0].rpartition("/")[2] or layer
            found.setdefault(owner, []).append(_local(dataset))
        for owner, datasets in found.items():
            yield StoredLayer(name=owner, datasets=_kernel_first(datasets))


def _layers_of_keras_3(group: h5py.Group, *, depth: int) -> Iterator[StoredLayer]:
    """Layout of Keras 3: `layers/<class>_<n>/vars/0, 1`, sub-models nested the same way."""
    if depth > _DEEPEST:
        raise ReleaseMalformedError(
            "The model file is nested too deeply to be a network that NeuroScan runs."
        )
    for name in sorted(group, key=_counter):
        child = _child(group, name)
        if not isinstance(child, h5py.Group) or name in _NO_LAYERS:
            continue
        if name != "vars":
            yield from _layers_of_keras_3(child, depth=depth + 1)
        elif len(child):
            datasets = tuple(_local(_child(child, index)) for index in sorted(child, key=_counter))
            own_name = _text(child.attrs.get("name", group.name))
            yield StoredLayer(name=own_name, datasets=datasets)


_COUNTED: Final = re.compile(r"(.*?)_?(\d*)")


def _counter(name: str) -> tuple[str, int]:
    """Sort conv2d, conv2d_1, conv2d_2, ... conv2d_10 as Keras counted them."""
    match = _COUNTED.fullmatch(name)
    if match is None:
        return name, 0
    return match[1], int(match[2] or 0)


def _kernel_first(datasets: list[h5py.Dataset]) -> tuple[h5py.Dataset, ...]:
    return tuple(sorted(datasets, key=lambda dataset: -dataset.ndim))


def _child(group: h5py.Group, name: str) -> Any:
    """A member of a group; a link that leads elsewhere, even out of the file, is refused."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ReleaseMalformedError(f"{group.name}/{name} in the model file is not stored in it.")
    return group[name]


def _local(dataset: Any) -> h5py.Dataset:
    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise ReleaseMalformedError(f"{dataset.name} in the model file is not stored in it.")
    return dataset


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
