"""The command line, and the settings behind it."""

import argparse
import json

import pytest

from ml.training.config import RECIPES, Config, Phase
from ml.training.schedule import UpHoldDown
from ml.training.tests.data import small_config
from ml.training.train import SettingsError, main, settled


@pytest.mark.parametrize("recipe", sorted(RECIPES))
def test_settings_survive_being_stored(recipe):
    config = RECIPES[recipe]

    assert Config.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_settings_of_another_version_are_refused():
    stored = RECIPES["continue"].to_json()
    del stored["seed"]

    with pytest.raises(ValueError, match="seed"):
        Config.from_json(stored)


def test_the_transfer_recipe_trains_the_head_first_and_then_everything_gently():
    head, everything = RECIPES["transfer"].phases

    assert (head.frozen_blocks, head.rate) == (5, 1e-4)
    assert (everything.frozen_blocks, everything.rate) == (0, 1e-5)
    assert RECIPES["transfer"].optimizer == "adam"


def test_the_rate_rises_holds_and_falls():
    rate = UpHoldDown(phase=Phase(epochs=1, rate=0.5, warm_up=10, decay_share=0.4), steps=100)

    assert float(rate(0)) == pytest.approx(0.05)
    assert float(rate(9)) == float(rate(60)) == pytest.approx(0.5)
    assert float(rate(80)) == pytest.approx(0.5 * (0.01 + 0.99 * 0.5))
    assert float(rate(100)) == pytest.approx(0.005)


def test_a_longer_phase_starts_exactly_as_a_shorter_one():
    phase = Phase(epochs=1, rate=0.5, warm_up=10, decay_share=0.5)
    short, long = (UpHoldDown(phase=phase, steps=steps) for steps in (100, 200))

    assert [float(short(step)) for step in (0, 5, 50)] == [float(long(step)) for step in (0, 5, 50)]


def test_one_command_starts_a_run_that_it_can_go_on_with(data_dir, tmp_path, monkeypatch, capsys):
    config = small_config(phases=(Phase(epochs=9, rate=1e-3, frozen_blocks=5),))
    monkeypatch.setattr("ml.training.train.RECIPES", {"small": config})
    monkeypatch.setattr("ml.training.network.BLOCKS", ((64,),) * 5)
    out = tmp_path / "run"
    command = ["--data", str(data_dir), "--out", str(out), "--recipe", "small"]

    assert main([*command, "--seed", "5", "--minutes", "0.0001"]) == 0

    assert "Stopped; the same command goes on from here." in capsys.readouterr().out
    assert (out / "state.npz").is_file()
    stored = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert stored["seed"] == 5
    assert json.loads((out / "sampling.json").read_text(encoding="utf-8"))["families"]

    assert main([*command, "--seed", "6"]) == 1
    assert "other settings" in capsys.readouterr().err


def test_no_data_is_said_in_a_sentence(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "run")]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_only_the_length_and_rate_of_the_last_phase_can_be_changed_when_going_on(tmp_path):
    options = argparse.Namespace(
        out=tmp_path,
        recipe="continue",
        seed=None,
        batch=None,
        epoch_slices=None,
        rate=None,
        epochs=16,
    )
    settled(options)
    options.epochs = 40

    assert settled(options).phases[-1].epochs == 40
    options.batch = 5
    with pytest.raises(SettingsError, match="only --epochs and --rate"):
        settled(options)
