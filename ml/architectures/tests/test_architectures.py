"""A release names its network, and serving code finds it by that name alone."""

import json
from dataclasses import replace

import pytest

from ml.architectures import ARCHITECTURES, architecture_of
from ml.imaging.preprocessing import SIDE
from ml.predictor import Predictor
from ml.release.releases import (
    DESCRIPTION,
    SHIPPED,
    ReleaseMalformedError,
    ReleaseUnsupportedError,
    read_release,
    write_release,
)
from ml.tests.trial_release import trial_release


def test_a_release_from_before_releases_named_theirs_is_vgg16():
    described = json.loads((SHIPPED / DESCRIPTION).read_text(encoding="utf-8"))
    assert "architecture" not in described

    assert architecture_of(read_release(SHIPPED)).name == "vgg16"


def test_a_release_that_is_written_names_its_architecture(tmp_path):
    write_release(trial_release(tmp_path))

    described = json.loads((tmp_path / DESCRIPTION).read_text(encoding="utf-8"))
    assert described["architecture"] == "vgg16"
    assert read_release(tmp_path).architecture == "vgg16"


def test_a_release_of_another_architecture_is_refused_with_a_sentence(tmp_path):
    write_release(replace(trial_release(tmp_path), architecture="resnet50"))

    with pytest.raises(ReleaseUnsupportedError, match="architecture 'resnet50', which this vers"):
        Predictor.load(tmp_path)


def test_an_architecture_that_is_no_name_is_malformed(tmp_path):
    write_release(replace(trial_release(tmp_path), architecture=16))

    with pytest.raises(ReleaseMalformedError, match="'architecture'"):
        read_release(tmp_path)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_an_architecture_reads_what_the_recipes_make(name):
    assert ARCHITECTURES[name].name == name
    assert ARCHITECTURES[name].input_shape == (SIDE, SIDE, 3)
