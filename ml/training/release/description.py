"""What a release says about itself: the words somebody wrote, and the numbers of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ml.card.conclusions import limits
from ml.card.content import left_out, tested
from ml.card.left_out import limits as limits_elsewhere
from ml.card.words import split_words
from ml.release.parts import Card
from ml.release.releases import ReleaseMalformedError

BEST: Final = "best.npz"  # of a run, by the validation split (`ml.training.loop.train`)
# What a split's slices are to the training, by its name.
_APART: Final = {
    "train": "on which the weights and the gate were fitted, so the figures flatter the release",
    "val": (
        "none of which has a near-duplicate in training, but on which the calibration and the "
        "threshold were chosen"
    ),
    "test": "none of which has a near-duplicate in training",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """The written part; `ml/training/release/description.json` is the one of the shipped release.

    Attributes:
        name, version, preprocessing, provenance: as in `ml.release.releases.Release`.
        card: its `testing` is empty, and its limits are those that no figure shows.
    """

    name: str
    version: str
    preprocessing: str
    provenance: str
    card: Card


def read_description(path: Path) -> Description:
    """Read a description; the release.json of an earlier release is one as well.

    Raises:
        ReleaseMalformedError: the file is missing, or lacks something; the message names it.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        card = value["card"]
        return Description(
            name=str(value["name"]),
            version=str(value["version"]),
            preprocessing=str(value["preprocessing"]),
            provenance=str(value["provenance"]),
            card=Card(
                intended_use=str(card["intended_use"]),
                training=str(card["training"]),
                testing="",
                limits=tuple(str(item) for item in card["limits"]),
            ),
        )
    except KeyError as error:
        raise ReleaseMalformedError(f"{path} does not describe a release: no {error}.") from None
    except (OSError, TypeError, ValueError) as error:
        raise ReleaseMalformedError(f"{path} does not describe a release: {error}") from None


def preprocessing_of_run(checkpoint: Path) -> str | None:
    """The recipe that a run prepared its slices by, from config.json beside its checkpoint.

    None where the folder is not one of a run, or of one from before runs named it.
    """
    found = _json(checkpoint.parent / "config.json").get("preprocessing")
    return found if isinstance(found, str) else None


def run_words(checkpoint: Path) -> str:
    """What a run did, from config.json, history.jsonl and sampling.json beside its checkpoint.

    Which epoch was best is said of `best.npz` alone: a mean of checkpoints is of no one epoch.
    Empty where the folder is not one of a run.
    """
    folder = checkpoint.parent
    config, history = _json(folder / "config.json"), _lines(folder / "history.jsonl")
    if not config or not history:
        return ""
    last, phase = history[-1], config["phases"][-1]
    words = (
        f"This run: recipe “{config['recipe']}”, {len(history)} epochs of "
        f"{config['sampling']['epoch_slices']} slices ({last['slices']} in all) at "
        f"{config['size']} pixels, batches of {config['batch']}, {config['optimizer']} with a "
        f"learning rate of {phase['rate']:g}, {config['dtype']}, seed {config['seed']}; "
        f"{last['minutes']:.0f} minutes of computing."
    )
    guess = _json(folder / "sampling.json").get("guess_from_family")
    if guess:
        words += (
            f" The best guess of the label from the source alone is right for "
            f"{guess['split_as_it_is'] * 100:.0f} % of the training split, and for "
            f"{guess['drawn_by_weight'] * 100:.0f} % of what was shown, by its weight."
        )
    if checkpoint.name != BEST:
        return words
    chosen = max(history, key=lambda line: max(line["score"].values()))
    return f"{words} The weights of epoch {chosen['epoch'] + 1} were best on the validation split."


def measured_card(card: Card, *, described: Description, metrics: Mapping[str, Any]) -> Card:
    """A release's card with what was measured put in: how it was tested, and its limits.

    Args:
        card: of the release so far.
        described: the written part.
        metrics: the content of its metrics.json.
    """
    elsewhere, own = left_out(metrics), tested(metrics)
    found: list[str] = []
    testing = []
    if elsewhere is not None:
        data = elsewhere["data"]
        testing.append(
            f"{data['slices']} slices of {data['sources']} other sources, {data['patients']} "
            f"patients or clusters: {split_words(elsewhere)}. What the release is to be judged by "
            "are these figures."
        )
        found += limits_elsewhere(elsewhere)
    if own is not None:
        testing.append(_test_words(own, alone=elsewhere is None))
        found += limits(own)
    return replace(card, testing=" ".join(testing), limits=(*found, *described.card.limits))


def _test_words(own: Mapping[str, Any], *, alone: bool) -> str:
    data, split = own["data"], own["split"]
    words = (
        f"{data['slices']} slices of the {split} split in {data['clusters']} groups of "
        f"near-duplicates, {_APART[split]}: {data['tumor']} with a tumor and {data['no_tumor']} "
        f"without, read by the code that serves the release ({own['engine']}). They come from the "
        "same collections as the training slices"
    )
    return f"{words}; no other clinic's images were tested." if alone else f"{words}."


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
