"""Making a release: what is done anew, what is kept, and what is refused; steps are made up."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.release.parts import Evidence
from ml.release.releases import SHIPPED, ReleaseError, read_release, verify
from ml.tests.data_folder import write_data
from ml.training.release import make_release as making
from ml.training.release.description import read_description, run_words
from ml.training.release.make_release import PLAN, Planned, make_release
from ml.training.release.steps import Inputs
from ml.training.tests.metrics import make_metrics

pytestmark = pytest.mark.long

DESCRIPTION = Path(__file__).parents[1] / "description.json"


@pytest.fixture
def inputs(tmp_path):
    """The shipped weights, so that no network has to be made."""
    return Inputs(
        checkpoint=None,
        weights=SHIPPED / "weights.npz",
        decoder=None,
        description=DESCRIPTION,
        data=write_data(tmp_path / "data"),
        out=tmp_path / "made",
        work=tmp_path / "work",
    )


@pytest.fixture
def ran():
    return []


@pytest.fixture
def plan(ran):
    """Two steps of which the second depends on the first; each leaves its mark."""

    def step(name):
        def run(inputs, release):
            ran.append(name)
            return replace(release, gate=f"{release.gate}+{name}")

        return run

    return {
        "first": Planned(run=step("first"), after=("draft",)),
        "second": Planned(run=step("second"), after=("first",)),
    }


def test_one_data_folder_and_a_list_of_it_are_the_same_inputs(inputs, plan, ran):
    make_release(inputs, plan=plan)
    ran.clear()

    make_release(replace(inputs, data=[inputs.data]), plan=plan)

    assert ran == []


def test_another_data_folder_beside_the_first_begins_anew(inputs, plan, ran, tmp_path):
    make_release(inputs, plan=plan)
    ran.clear()

    make_release(replace(inputs, data=[inputs.data, write_data(tmp_path / "more")]), plan=plan)

    assert ran == ["first", "second"]


def test_all_steps_are_run_once_and_kept(inputs, plan, ran):
    made = make_release(inputs, plan=plan)
    assert ran == ["first", "second"]
    assert made.gate == "none+first+second"
    assert read_release(inputs.out) == made
    verify(made)
    assert (made.name, made.version) == ("neuroscan-vgg16", "3.1.0")

    assert make_release(inputs, plan=plan) == made
    assert ran == ["first", "second"]


def test_until_a_step_runs_that_step_and_what_it_rests_on_alone(inputs, plan, ran):
    apart = plan["first"].run
    plan |= {"third": Planned(run=plan["second"].run, after=("second",))}
    plan |= {"apart": Planned(run=apart, after=("draft",))}

    make_release(inputs, plan=plan, until=["second"])
    assert ran == ["first", "second"]

    make_release(inputs, plan=plan)
    assert ran == ["first", "second", "second", "first"]


def test_a_step_is_done_anew_where_something_else_is_asked_of_it(inputs, plan, ran):
    plan["second"] = replace(plan["second"], asked=("engine",))
    make_release(inputs, plan=plan)

    make_release(replace(inputs, engine="tensorflow"), plan=plan)

    assert ran == ["first", "second", "second"]


def test_a_step_that_failed_is_taken_up_again(inputs, plan, ran):
    def fail(inputs, release):
        raise ReleaseError("No power.")

    broken = plan | {"second": Planned(run=fail, after=("first",))}
    with pytest.raises(ReleaseError, match="No power"):
        make_release(inputs, plan=broken)
    make_release(inputs, plan=plan)
    assert ran == ["first", "second"]


def test_other_inputs_begin_anew(inputs, plan, ran, tmp_path):
    make_release(inputs, plan=plan)
    value = json.loads(DESCRIPTION.read_text())
    (tmp_path / "other.json").write_text(json.dumps(value | {"version": "2.0.1"}))
    made = make_release(replace(inputs, description=tmp_path / "other.json"), plan=plan)
    assert ran == ["first", "second"] * 2
    assert made.version == "2.0.1"
    assert made.gate == "none+first+second"


def test_one_step_is_done_again_when_asked_for(inputs, plan, ran):
    with pytest.raises(ReleaseError, match="nothing to go on"):
        make_release(inputs, plan=plan, only="second")
    make_release(inputs, plan=plan)
    make_release(inputs, plan=plan, only="second")
    assert ran == ["first", "second", "second"]


def test_what_was_made_of_a_step_is_made_anew_once_that_step_was(inputs, plan, ran):
    make_release(inputs, plan=plan)
    make_release(inputs, plan=plan, only="first")
    assert ran == ["first", "second", "first"]
    make_release(inputs, plan=plan)
    assert ran == ["first", "second", "first", "second"]


def test_a_release_that_somebody_else_made_is_not_written_over(inputs, plan):
    inputs.out.mkdir()
    (inputs.out / "release.json").write_text("{}")
    with pytest.raises(ReleaseError, match="already holds a release"):
        make_release(inputs, plan=plan)


def test_every_step_of_the_plan_comes_after_those_it_reads():
    known = ["draft"]
    for name, step in PLAN.items():
        assert set(step.after) <= set(known), name
        known.append(name)
    assert known[-2:] == ["left-out", "evaluate"]


def test_a_decoder_comes_along_with_its_hash(inputs, plan, tmp_path):
    from ml.architectures.vgg16.decoder import write_decoder
    from ml.tests.widths import WIDTHS, random_decoder

    half = WIDTHS["half"]  # as the shipped weights are
    write_decoder(tmp_path / "decoder.npz", random_decoder(half), widths=half)
    made = make_release(replace(inputs, decoder=tmp_path / "decoder.npz"), plan=plan)
    verify(made, files=["decoder.npz"])
    assert made.regions.file == "decoder.npz"


def test_a_classifier_that_reads_its_decoder_becomes_a_release_that_says_so(
    inputs, plan, tmp_path, ran
):
    from ml.architectures.vgg16.decoder import DECODER_FILE, write_decoder
    from ml.tests.widths import WIDTHS, random_decoder

    half = WIDTHS["half"]  # as the shipped weights are
    write_decoder(tmp_path / DECODER_FILE, random_decoder(half), widths=half)
    decoded = replace(inputs, decoder=tmp_path / DECODER_FILE)
    assert make_release(decoded, plan=plan).evidence is None

    reading = replace(decoded, evidence=Evidence(weight=0.75))
    made = make_release(reading, plan=plan)

    assert made.evidence == Evidence(weight=0.75)
    assert read_release(inputs.out) == made
    assert ran == ["first", "second"] * 2
    other = replace(reading, decoder=None, out=tmp_path / "other", work=tmp_path / "other.work")
    with pytest.raises(ReleaseError, match="name --decoder"):
        make_release(other, plan=plan)


def test_a_checkpoint_says_its_own_evidence(inputs, capsys):
    arguments = ["--checkpoint", "best.npz", "--data", str(inputs.data), "--out", str(inputs.out)]

    with pytest.raises(SystemExit):
        making.main([*arguments, "--evidence", "0.5"])
    assert "a checkpoint says its own" in capsys.readouterr().err


def test_a_narrow_network_becomes_a_release_that_says_its_widths(inputs, plan, tmp_path):
    from ml.architectures.vgg16.decoder import DECODER_SHAPES, write_decoder
    from ml.architectures.vgg16.weights import write_weights
    from ml.release.releases import WrongArchitectureError
    from ml.release.weights import expected_shapes
    from ml.tests.widths import WIDTHS, random_weights

    write_weights(tmp_path / "narrow.npz", random_weights(WIDTHS["odd"]))
    narrow = replace(inputs, weights=tmp_path / "narrow.npz")

    assert make_release(narrow, plan=plan).widths == WIDTHS["odd"].blocks

    full = expected_shapes(DECODER_SHAPES)
    write_decoder(tmp_path / "d.npz", {n: np.zeros(s, np.float32) for n, s in full.items()})
    other = replace(narrow, out=tmp_path / "other", decoder=tmp_path / "d.npz")
    with pytest.raises(WrongArchitectureError, match="lat5/kernel has the shape"):
        make_release(other, plan=plan)


def test_a_description_that_lacks_something_is_told(inputs, tmp_path, capsys):
    (tmp_path / "card.json").write_text('{"name": "x"}', encoding="utf-8")
    status = making.main(
        [
            *("--weights", str(inputs.weights), "--data", str(inputs.data)),
            *("--description", str(tmp_path / "card.json"), "--out", str(tmp_path / "made")),
        ]
    )
    assert status == 1
    assert "does not describe a release" in capsys.readouterr().err


def test_the_measured_card_keeps_the_written_words_and_adds_the_numbers():
    from ml.training.release.description import measured_card

    described = read_description(DESCRIPTION)
    card = measured_card(described.card, described=described, metrics=make_metrics())
    assert card.intended_use == described.card.intended_use
    assert "80 slices of the test split in 40 groups" in card.testing
    assert card.limits[-len(described.card.limits) :] == described.card.limits
    assert len(card.limits) > len(described.card.limits)


def test_the_card_of_a_release_speaks_of_sources_left_out_first():
    from ml.training.release.description import measured_card
    from ml.training.tests.left_out_metrics import make_both

    described = read_description(DESCRIPTION)
    card = measured_card(described.card, described=described, metrics=make_both())
    assert card.testing.startswith("240 slices of 4 other sources, 30 patients or clusters")
    assert "no other clinic's images were tested" not in card.testing
    assert card.limits[0].startswith("On sources left out of training it misses")


def test_a_run_is_told_in_numbers(tmp_path):
    best = tmp_path / "best.npz"
    assert run_words(best) == ""
    config = {
        "recipe": "continue",
        "size": 224,
        "batch": 16,
        "optimizer": "adamw",
        "dtype": "float32",
        "seed": 1,
        "phases": [{"rate": 1e-4}],
        "sampling": {"epoch_slices": 100},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    lines = [
        {"epoch": 0, "slices": 100, "minutes": 2.0, "score": {"average": 0.8, "weights": 0.7}},
        {"epoch": 1, "slices": 200, "minutes": 4.0, "score": {"average": 0.9, "weights": 0.95}},
        {"epoch": 2, "slices": 300, "minutes": 6.0, "score": {"average": 0.9, "weights": 0.85}},
    ]
    (tmp_path / "history.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    (tmp_path / "sampling.json").write_text(
        json.dumps({"guess_from_family": {"split_as_it_is": 0.94, "drawn_by_weight": 0.55}})
    )
    words = run_words(best)
    assert "3 epochs of 100 slices (300 in all)" in words
    assert "right for 94 % of the training split, and for 55 % of what was shown" in words
    assert "The weights of epoch 2 were best" in words
    assert run_words(tmp_path / "blend.npz") == words.partition(" The weights of epoch")[0]
