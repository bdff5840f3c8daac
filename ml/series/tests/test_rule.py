import json

import pytest

from ml.release.parts import RegionSettings
from ml.release.releases import (
    ReleaseMalformedError,
    file_sha256,
    read_release,
    write_release,
)
from ml.series.rule import read_rule
from ml.series.tests.trial_rule import trial_operating, trial_rule
from ml.tests.trial_release import trial_release


def test_the_rule_survives_the_release_that_it_belongs_to(tmp_path):
    (tmp_path / "decoder.npz").write_bytes(b"a decoder")
    release = trial_release(
        tmp_path,
        files={"decoder.npz": file_sha256(tmp_path / "decoder.npz")},
        regions=RegionSettings(file="decoder.npz", threshold=0.5, least_cells=4),
        series=trial_rule(),
    )

    write_release(release)

    assert read_release(tmp_path) == release


def test_a_release_without_a_decoder_has_no_rule(tmp_path):
    write_release(trial_release(tmp_path, series=trial_rule()))

    with pytest.raises(ReleaseMalformedError, match="needs the lesion decoder"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": "series-9"}, "does not have"),
        ({"weights": {"slices": 1.0}}, "weights"),
        ({"weights": []}, "JSON object"),
        ({"weights": {**trial_rule().weights, "peak": -0.1}}, "at least 0"),
        ({"intercepts": {}}, "intercepts"),
        ({"intercepts": {"DWI": 1.0}}, "intercepts"),
        ({"intercepts": {"T1": "1", "FLAIR": 0.0}}, "must be a number"),
        ({"by_sequence": {"T1": trial_operating()}}, "same ones"),
        ({"planes": []}, "planes"),
        ({"planes": ["oblique"]}, "planes"),
        ({"spacing_mm": [5.0, 6.0]}, "twice"),
        ({"spacing_mm": [0.0, 6.0]}, "above 0"),
        ({"spacing_mm": 5.0}, "two numbers"),
        ({"least_extent_mm": 0}, "least_extent_mm"),
        ({"most_abstained": 1.5}, "between 0 and 1"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": float("nan")}, "must be a number"),
        ({"surprise": 1}, "surprise"),
        ({"operating": {"dataset": "none"}}, "lacks"),
    ],
)
def test_a_section_that_is_no_rule_is_refused_by_the_name_of_its_field(changes, says):
    with pytest.raises(ValueError, match=says):
        read_rule(trial_rule().to_json() | changes)


@pytest.mark.parametrize("name", list(trial_rule().to_json()))
def test_nothing_of_a_rule_may_be_missing(name):
    value = json.loads(json.dumps(trial_rule().to_json()))
    del value[name]

    with pytest.raises(ValueError, match=name if name != "version" else "does not have"):
        read_rule(value)
