"""The command line, and the settings behind it."""

import argparse
import json
import shutil

import numpy as np
import pytest

from ml.training.loop.config import RECIPES, Config, Phase
from ml.training.loop.schedule import UpHoldDown
from ml.training.loop.train import TIME_OVER, SettingsError, main, settled
from ml.training.tests.data import small_config, write_described_folder

pytestmark = pytest.mark.long


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
    monkeypatch.setattr("ml.training.loop.train.RECIPES", {"small": config})
    monkeypatch.setattr("ml.training.loop.network.BLOCKS", ((64,),) * 5)
    out = tmp_path / "run"
    command = ["--data", str(data_dir), "--out", str(out), "--recipe", "small"]

    assert main([*command, "--seed", "5", "--minutes", "0.0001"]) == TIME_OVER

    assert "Stopped; the same command goes on from here." in capsys.readouterr().out
    assert (out / "state.npz").is_file()
    stored = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert stored["seed"] == 5
    assert json.loads((out / "sampling.json").read_text(encoding="utf-8"))["families"]

    origin = json.loads((out / "origin.json").read_text(encoding="utf-8"))
    assert origin["slices"] == 32
    assert len(origin["data"]) == 64
    assert origin["init"] is None

    assert main([*command, "--seed", "6"]) == 1
    assert "other settings" in capsys.readouterr().err

    other = shutil.copytree(data_dir, tmp_path / "other")
    assert main(["--data", str(other), *command[2:], "--minutes", "0.0001"]) == TIME_OVER
    with (other / "manifest.csv").open("a", encoding="utf-8") as file:
        file.write("1.png,,br35h,tumor,1,99,train\n")
    capsys.readouterr()
    assert main(["--data", str(other), *command[2:]]) == 1
    assert "holds a run with other data" in capsys.readouterr().err


def test_the_precision_is_chosen_by_the_pace_and_kept(
    data_dir, tmp_path, small, monkeypatch, capsys
):
    paces = {"float32": 3.0, "mixed_bfloat16": 9.0}
    monkeypatch.setattr("ml.training.loop.pace.measure_pace", lambda config: paces[config.dtype])
    out = tmp_path / "run"
    command = ["--data", str(data_dir), "--out", str(out), "--recipe", "small"]
    command += ["--dtype", "measured", "--minutes", "0.0001"]

    assert main(command) == TIME_OVER

    said = capsys.readouterr().out
    assert "float32 3.0, mixed_bfloat16 9.0" in said
    assert "mixed_bfloat16 at 64 px, batch 4: 9.0 slices a second; an epoch of 8 takes" in said
    stored = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert stored["dtype"] == "mixed_bfloat16"
    paces["float32"] = 20.0
    assert main(command) == TIME_OVER
    assert "Going on at epoch" in capsys.readouterr().out
    assert main([*command, "--dtype", "float32"]) == 1


def test_no_data_is_said_in_a_sentence(tmp_path, capsys):
    assert main(["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "run")]) == 1
    assert "There is no folder" in capsys.readouterr().err


@pytest.fixture
def small(monkeypatch):
    """A recipe that takes moments."""
    monkeypatch.setattr("ml.training.loop.train.RECIPES", {"small": small_config()})
    monkeypatch.setattr("ml.training.loop.network.BLOCKS", ((64,),) * 5)


def test_a_start_that_was_refused_does_not_bind_the_next_one(data_dir, tmp_path, small, capsys):
    command = ["--data", str(data_dir), "--out", str(tmp_path / "run"), "--recipe", "small"]

    assert main([*command, "--init", str(tmp_path / "nothing.npz")]) == 1

    assert "cannot be started from" in capsys.readouterr().err
    assert not (tmp_path / "run" / "config.json").exists()
    assert main([*command, "--seed", "9", "--minutes", "0.0001"]) == TIME_OVER


def test_weights_of_another_network_and_broken_files_are_told(data_dir, tmp_path, small, capsys):
    shapes = {"block1_conv1/0": np.zeros((3, 3, 3, 5)), "block1_bn1/0": np.zeros(5)}
    np.savez(
        tmp_path / "other.npz",
        **shapes,
        **{f"block1_bn1/{i}": np.zeros(5) for i in (1, 2, 3)},
        **{"block5_conv3/0": np.zeros((3, 3, 5, 5))},
    )
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    command = ["--data", str(data_dir), "--out", str(tmp_path / "run"), "--recipe", "small"]

    np.savez(tmp_path / "part.npz", **{"block1_conv1/0": np.zeros((3, 3, 3, 2))})
    for name, said in (
        ("other.npz", "of another network"),
        ("part.npz", "of another network"),
        ("one.npz", "one array"),
    ):
        assert main([*command, "--init", str(tmp_path / name)]) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "more",
    [("--batch", "0"), ("--epochs", "0"), ("--rate", "nan"), ("--seed", "-1"), ("--minutes", "-3")],
)
def test_numbers_that_cannot_be_are_refused_at_once(tmp_path, capsys, more):
    with pytest.raises(SystemExit) as stopped:
        main(["--data", str(tmp_path), "--out", str(tmp_path / "run"), *more])

    assert stopped.value.code == 2
    assert "is no" in capsys.readouterr().err


def test_an_epoch_without_a_whole_batch_is_refused(tmp_path, capsys):
    command = ["--data", str(tmp_path), "--out", str(tmp_path / "run")]

    assert main([*command, "--batch", "16", "--epoch-slices", "8"]) == 1

    assert "nothing would be trained" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path, capsys):
    (tmp_path / "run").write_text("a file")

    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1

    assert "Name another with --out" in capsys.readouterr().err


def begun(out, config):
    """Make a folder look like one of a run that has saved its state."""
    (out / "config.json").write_text(json.dumps(config.to_json()), encoding="utf-8")
    (out / "state.npz").write_bytes(b"")


def test_only_the_length_and_rate_of_the_last_phase_can_be_changed_when_going_on(tmp_path):
    options = argparse.Namespace(
        out=tmp_path,
        recipe="continue",
        seed=None,
        batch=None,
        width_divisor=None,
        dtype=None,
        epoch_slices=None,
        rate=None,
        balance=None,
        epochs=16,
    )
    begun(tmp_path, settled(options))
    options.epochs = 40

    assert settled(options).phases[-1].epochs == 40
    options.batch = 5
    with pytest.raises(SettingsError, match="only --epochs and --rate"):
        settled(options)


@pytest.fixture
def two_folders(data_dir, tmp_path):
    """Two data folders; the first trains on a copy of what the second only shows."""
    brain, heads = tmp_path / "brain", write_described_folder(tmp_path / "heads")
    shutil.copytree(data_dir, brain)
    shutil.copy(heads / "validate/looked/1_3.png", brain / "images" / "1.png")
    return [*("--data", str(brain), "--data", str(heads)), "--out", str(tmp_path / "run")]


def test_a_run_on_a_copy_of_what_may_only_be_looked_at_is_refused(two_folders, tmp_path, capsys):
    assert main(two_folders) == 1

    said = capsys.readouterr().err
    assert "1.png must not be trained on: it is a near-duplicate of validate/looked/1_3.png" in said
    assert not (tmp_path / "run" / "state.npz").exists()


def test_a_run_on_two_folders_leaves_out_what_it_is_asked_to(
    two_folders, tmp_path, monkeypatch, capsys
):
    config = small_config(phases=(Phase(epochs=9, rate=1e-3, frozen_blocks=5),))
    monkeypatch.setattr("ml.training.loop.train.RECIPES", {"small": config})
    monkeypatch.setattr("ml.training.loop.network.BLOCKS", ((64,),) * 5)
    command = [*two_folders, "--recipe", "small", "--leave-out-copies", "--hold-out", "healthy"]

    assert main([*command, "--balance", "strata", "--minutes", "0.0001"]) == TIME_OVER

    assert "near-duplicates of other splits that are not trained on: 1" in (
        capsys.readouterr().out.lower()
    )
    run = tmp_path / "run"
    sampling = json.loads((run / "sampling.json").read_text(encoding="utf-8"))
    assert "healthy" not in sampling["families"]
    assert set(sampling["guess_from_one_stratum"]) == {"source", "sequence", "level", "stripped"}
    stored = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert stored["sampling"]["balance"] == "strata"
    assert json.loads((run / "origin.json").read_text(encoding="utf-8"))["slices"] == 40 + 28 - 9
