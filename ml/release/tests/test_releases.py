import json
from dataclasses import replace

import pytest

from ml.metrics.calibration import Calibration
from ml.release.parts import EngineParity, Evidence, Operating, RegionSettings, Score
from ml.release.releases import (
    Release,
    ReleaseError,
    ReleaseMalformedError,
    ReleaseMissingError,
    WeightsMismatchError,
    file_sha256,
    read_release,
    verify,
    write_release,
)
from ml.tests.trial_release import trial_release


@pytest.fixture
def release(tmp_path) -> Release:
    made = trial_release(
        tmp_path,
        threshold=0.4,
        calibration=Calibration(method="platt", slope=0.5, intercept=0.25),
        gate="contrast-and-color-1",
        scores=(
            Score(name="AUC", dataset="a handful", value=0.9, n=7, low=0.5, high=1.0),
            Score(name="Error", dataset="a handful", value=0.1, n=7, note="0 is best."),
        ),
    )
    write_release(made)
    return made


def rewrite(release: Release, **changes) -> None:
    path = release.directory / "release.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    for key, content in changes.items():
        if content is None:
            del value[key]
        else:
            value[key] = content
    path.write_text(json.dumps(value), encoding="utf-8")


def test_a_release_survives_its_file(release):
    assert read_release(release.directory) == release
    assert str(release) == "trial 0.1.0"


def test_the_parts_of_a_full_release_survive_their_file(release):
    (release.directory / "decoder.npz").write_bytes(b"a decoder")
    full = replace(
        release,
        files={"decoder.npz": file_sha256(release.directory / "decoder.npz")},
        operating=Operating(
            dataset="val", sensitivity=0.95, specificity=0.9, tumor=10, no_tumor=12
        ),
        regions=RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4),
        evidence=Evidence(weight=0.75),
        engines=(
            EngineParity(
                name="openvino-f32",
                files=(),
                dataset="test",
                n=22,
                within=1.0,
                largest_difference=0.001,
                auc_loss=0.0,
                heatmap_correlation=0.999,
                holds=True,
            ),
        ),
    )
    write_release(full)

    assert read_release(release.directory) == full
    verify(full, files=["decoder.npz"])


def test_another_file_of_the_release_that_was_altered_is_found(release):
    (release.directory / "decoder.npz").write_bytes(b"a decoder")
    full = replace(release, files={"decoder.npz": "0" * 64})

    verify(full)
    with pytest.raises(WeightsMismatchError, match=r"file decoder\.npz of trial"):
        verify(full, files=["decoder.npz"])


def test_a_file_outside_the_folder_is_refused(release):
    with pytest.raises(ValueError, match="plain file name"):
        replace(release, files={"../decoder.npz": "0" * 64})


def test_a_part_whose_file_is_not_listed_is_refused(release):
    settings = RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4)

    write_release(replace(release, regions=settings))

    with pytest.raises(ReleaseMalformedError, match=r"'decoder\.npz' is needed"):
        read_release(release.directory)


def test_a_release_from_before_classifiers_read_the_decoder_has_no_evidence(release):
    rewrite(release, evidence=None)

    assert read_release(release.directory).evidence is None


@pytest.mark.parametrize(
    "evidence", [0.5, [0.5], {}, {"weight": "0.5"}, {"weight": True}, {"weight": float("nan")}]
)
def test_evidence_without_a_number_as_its_weight_is_malformed(release, evidence):
    (release.directory / "decoder.npz").write_bytes(b"a decoder")
    rewrite(
        release,
        files={"decoder.npz": file_sha256(release.directory / "decoder.npz")},
        regions={"file": "decoder.npz", "threshold": 0.5, "least_cells": 4},
        evidence=evidence,
    )

    with pytest.raises(ReleaseMalformedError, match=r"'(evidence|weight)'"):
        read_release(release.directory)


def test_evidence_without_a_decoder_is_refused(release):
    rewrite(release, evidence={"weight": 0.5})

    with pytest.raises(ReleaseMalformedError, match="'evidence' needs the lesion decoder"):
        read_release(release.directory)


def test_an_untouched_release_verifies(release):
    verify(release)


def test_one_changed_byte_is_found(release):
    release.weights_path.write_bytes(b"not really Weights")

    with pytest.raises(WeightsMismatchError, match=r"trial 0\.1\.0 is not the one"):
        verify(release)


def test_missing_weights_are_found(release):
    release.weights_path.unlink()

    with pytest.raises(ReleaseMissingError, match="is missing"):
        verify(release)


def test_a_folder_without_a_release_is_missing(tmp_path):
    with pytest.raises(ReleaseMissingError, match="no model release"):
        read_release(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["{", "[]", "", '"x"', "null"])
def test_a_description_that_is_no_json_object_is_malformed(release, text):
    (release.directory / "release.json").write_text(text, encoding="utf-8")

    with pytest.raises(ReleaseMalformedError):
        read_release(release.directory)


def test_a_description_that_is_no_text_is_malformed(release):
    (release.directory / "release.json").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ReleaseMalformedError, match="cannot be read"):
        read_release(release.directory)


@pytest.mark.parametrize(
    "key",
    [
        *("name", "version", "weights", "sha256", "preprocessing", "input_size", "threshold"),
        *("calibration", "gate", "provenance", "scores", "card", "created"),
    ],
)
def test_every_field_is_needed_and_named_where_it_lacks(release, key):
    rewrite(release, **{key: None})

    with pytest.raises(ReleaseMalformedError, match=key):
        read_release(release.directory)


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("weights", "../../etc/passwd"),
        ("sha256", "ABC"),
        ("threshold", 1.5),
        ("threshold", True),
        ("input_size", 22.4),
        ("calibration", {"method": "isotonic"}),
        ("card", {"intended_use": "x"}),
        ("scores", [{"name": "AUC", "dataset": "d", "value": 1.0, "n": "many"}]),
        ("scores", [3]),
        ("created", "yesterday"),
        ("name", " "),
    ],
)
def test_a_wrong_field_is_malformed(release, key, content):
    rewrite(release, **{key: content})

    with pytest.raises(ReleaseMalformedError):
        read_release(release.directory)


def test_a_release_cannot_be_made_with_a_threshold_that_decides_nothing(release):
    with pytest.raises(ValueError, match="threshold"):
        replace(release, threshold=1.0)


def test_every_error_is_a_release_error():
    for error in (ReleaseMalformedError, ReleaseMissingError, WeightsMismatchError):
        assert issubclass(error, ReleaseError)


def test_the_shipped_release_is_whole_small_and_says_what_it_is_bad_at(release_dir):
    shipped = read_release(release_dir)

    verify(shipped)
    assert shipped.weights_path.stat().st_size < 50_000_000
    assert len(shipped.card.limits) >= 3
    measured = {score.name: score for score in shipped.scores}
    assert {
        "Healthy heads: specificity",
        "Tumor against tumor-free slices of the same scans, T1: AUC",
    } <= set(measured)
    assert all(0.0 <= score.value <= 1.0 and score.n > 0 for score in shipped.scores)
