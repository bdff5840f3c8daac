"""`python -m ml.predict`: most of it in this process with a made-up model, the rest for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.cli import predict
from ml.imaging import formats
from ml.imaging.phantom import draw_phantom
from ml.imaging.regions import Region
from ml.predictor import Abstention, Prediction, Predictor

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]


class MadeUp:
    """A loaded release that abstains on dark images, faults on tiny ones and suspects the rest."""

    release = "made-up 1.0"
    engine = "none"

    def predict(self, pixels: np.ndarray) -> Prediction | Abstention:
        if pixels.shape[0] == 65:
            raise RuntimeError("made-up broke\n in two lines.\n")
        if pixels.max() < 50:
            return Abstention(
                reason="unreadable_contrast",
                sentence="The image is blank.",
                engine=self.engine,
                model_ms=1.0,
                distance=1.5,
            )
        heatmap = np.zeros(pixels.shape[:2], np.uint8)
        heatmap[20, 10] = 255
        return Prediction(
            probability=0.99999,
            label="tumor",
            confidence=0.99999,
            threshold=0.4,
            heatmap=heatmap,
            heatmap_peak=(10, 20),
            engine=self.engine,
            model_ms=1.0,
            regions=(Region(polygon=((1, 2), (30, 2), (30, 40)), score=0.75, area_px=600.0),),
            distance=0.5,
        )


@pytest.fixture
def asked(monkeypatch) -> list[tuple[Path, str]]:
    """What was loaded; a made-up model is given instead."""
    seen: list[tuple[Path, str]] = []

    def load(directory: Path, *, engine: str = "auto") -> MadeUp:
        seen.append((directory, engine))
        return MadeUp()

    monkeypatch.setattr(Predictor, "load", load)
    return seen


@pytest.fixture
def slices(tmp_path) -> Path:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "scan.png"), draw_phantom(seed=1, size=96)[:80])
    cv2.imwrite(str(tmp_path / "blank.png"), np.zeros((70, 70), np.uint8))
    cv2.imwrite(str(tmp_path / "faulty.png"), draw_phantom(seed=1, size=65))
    (tmp_path / "empty.png").touch()
    (tmp_path / "words.txt").write_text("words", encoding="utf-8")
    (tmp_path / "cut.png").write_bytes((tmp_path / "a" / "scan.png").read_bytes()[:1000])
    return tmp_path


def objects(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_object_for_each_file_in_their_order(asked, slices, capsys):
    files = [str(slices / name) for name in ("a/scan.png", "blank.png", "b/scan.png")]

    status = predict.main([*files, "--json"])

    first, blank, second = objects(capsys)
    assert status == 0
    assert [first["path"], blank["path"], second["path"]] == files
    assert first["milliseconds"] > 0
    assert first == second | {"path": first["path"], "milliseconds": first["milliseconds"]}
    assert first | {"milliseconds": 0} == {
        "path": files[0],
        "status": "completed",
        "label": "tumor",
        "probability": 0.99999,
        "confidence": 0.99999,
        "threshold": 0.4,
        "abstain_reason": None,
        "message": None,
        "distance": 0.5,
        "heatmap_peak": [10, 20],
        "heatmap": None,
        "regions": [{"polygon": [[1, 2], [30, 2], [30, 40]], "score": 0.75, "area_px": 600.0}],
        "model_release": "made-up 1.0",
        "engine": "none",
        "milliseconds": 0,
        "error": None,
    }
    assert blank.keys() == first.keys()
    assert (blank["status"], blank["abstain_reason"]) == ("abstained", "unreadable_contrast")
    assert (blank["message"], blank["distance"]) == ("The image is blank.", 1.5)
    assert all(blank[name] is None for name in ("label", "probability", "heatmap_peak", "regions"))


def test_a_bad_file_gives_its_own_line_and_the_others_are_still_read(asked, slices, capsys):
    names = ["none.png", "a", "empty.png", "a/scan.png", "words.txt", "cut.png", "faulty.png"]

    status = predict.main([*(str(slices / name) for name in names), "b/\0", "--json"])

    found = objects(capsys)
    assert status == 1
    assert [one["status"] for one in found] == [*["failed"] * 3, "completed", *["failed"] * 4]
    for one in found:
        assert (one["error"] is None) is (one["status"] == "completed")
        if one["error"]:
            assert one["error"].endswith(".")
            assert one["label"] is None
    assert found[6]["error"].endswith("on this image: made-up broke in two lines.")


def test_lines_for_people_say_suggestion_release_and_never_certainty(asked, slices, capsys):
    odd = slices / "new\nline.png"
    odd.write_bytes((slices / "a" / "scan.png").read_bytes())

    predict.main([str(odd), str(slices / "blank.png"), str(slices / "empty.png")])

    one, blank, empty = capsys.readouterr().out.splitlines()
    assert one.startswith(f"{slices}/new\\nline.png: AI suggestion: tumor, confidence >99.9 %")
    assert "probability of a tumor >0.999, threshold 0.400" in one
    assert "threshold 0.400, heatmap's peak at (10, 20), suspected regions: 1" in one
    assert "made-up 1.0, none" in one
    assert ": no AI opinion (unreadable_contrast): The image is blank. [made-up 1.0" in blank
    assert empty.endswith("failed: The file is empty. Export or copy it again.")


def test_heatmaps_have_the_size_of_their_images_and_names_of_their_own(asked, slices, capsys):
    files = [str(slices / name) for name in ("a/scan.png", "b/scan.png", "blank.png", "a/scan.png")]
    target = slices / "new" / "heat"

    status = predict.main([*files, "--heatmap-dir", str(target), "--json"])

    found = objects(capsys)
    assert status == 0
    names = [one["heatmap"] and Path(one["heatmap"]).name for one in found]
    assert names == ["scan-heatmap.png", "scan-2-heatmap.png", None, "scan-3-heatmap.png"]
    assert sorted(path.name for path in target.iterdir()) == sorted(filter(None, names))
    heatmap = cv2.imread(found[0]["heatmap"], cv2.IMREAD_UNCHANGED)
    assert (heatmap.dtype, heatmap.shape) == (np.uint8, (80, 96))
    assert heatmap[20, 10] == 255


def test_a_heatmap_is_never_written_over_an_image_that_is_to_be_read(asked, slices, capsys):
    image = slices / "a" / "scan.png"
    other = slices / "a" / "scan-heatmap.png"
    other.write_bytes(image.read_bytes())

    predict.main([str(image), str(other), "--heatmap-dir", str(slices / "a")])

    assert other.read_bytes() == image.read_bytes()
    assert (slices / "a" / "scan-2-heatmap.png").is_file()
    assert (slices / "a" / "scan-heatmap-heatmap.png").is_file()


@pytest.mark.parametrize("way", ["dots", "linked folder", "linked file", "hard link"])
def test_an_image_named_in_another_way_is_not_written_over_either(asked, slices, capsys, way):
    image, folder = slices / "a" / "scan.png", slices / "b"
    other = folder / "scan-heatmap.png"
    other.write_bytes(image.read_bytes())
    named = folder / ".." / "b" / "scan-heatmap.png"
    if way == "linked folder":
        (slices / "link").symlink_to(folder)
        named = slices / "link" / "scan-heatmap.png"
    elif way != "dots":
        named = slices / "second-name.png"
        named.symlink_to(other) if way == "linked file" else named.hardlink_to(other)

    status = predict.main([str(image), str(named), "--heatmap-dir", str(folder), "--json"])

    assert status == 0
    assert named.read_bytes() == image.read_bytes()
    assert len({one["heatmap"] for one in objects(capsys)}) == 2
    assert not list(folder.glob(".*"))


def test_a_heatmap_of_an_earlier_run_stays_and_is_named_where_there_is_none_now(
    asked, slices, capsys
):
    heat = slices / "heat"
    heat.mkdir()
    (heat / "blank-heatmap.png").write_bytes(b"of yesterday")

    status = predict.main([str(slices / "blank.png"), "--heatmap-dir", str(heat), "--json"])

    captured = capsys.readouterr()
    assert status == 0
    assert json.loads(captured.out)["heatmap"] is None
    assert (heat / "blank-heatmap.png").read_bytes() == b"of yesterday"
    assert captured.err.startswith(f"{heat}/blank-heatmap.png is of an earlier run: ")
    assert captured.err.count("\n") == 1


def test_an_empty_name_is_no_folder(asked, capsys):
    assert predict.main([""]) == 1

    expected = f": failed: The name is empty. Name a {formats.names()} image.\n"
    assert capsys.readouterr().out == expected


def test_a_folder_that_cannot_be_written_is_one_sentence(asked, slices, capsys):
    status = predict.main(
        [str(slices / "a" / "scan.png"), "--heatmap-dir", str(slices / "words.txt")]
    )

    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("Heatmaps cannot be written to")
    assert captured.err.count("\n") == 1
    assert asked == []


def test_an_empty_name_of_a_folder_is_refused(slices, capsys):
    with pytest.raises(SystemExit):
        predict.main([str(slices / "a" / "scan.png"), "--heatmap-dir", ""])

    assert "name a folder" in capsys.readouterr().err


def test_a_heatmap_that_cannot_be_written_fails_its_file_alone(asked, slices, capsys):
    (slices / "heat" / "scan-heatmap.png").mkdir(parents=True)
    files = [str(slices / "a" / "scan.png"), str(slices / "b" / "scan.png")]

    status = predict.main([*files, "--heatmap-dir", str(slices / "heat"), "--json"])

    first, second = objects(capsys)
    assert status == 1
    assert first["status"] == "failed"
    assert first["error"].startswith("The heatmap cannot be written to")
    assert first["label"] is None
    assert second["status"] == "completed"


def test_release_and_engine_are_handed_on(asked, slices, capsys):
    predict.main([str(slices / "blank.png")])
    predict.main([str(slices / "blank.png"), "--engine", "tensorflow", "--release", "other"])

    assert asked == [(ROOT / "ml" / "shipped", "auto"), (Path("other"), "tensorflow")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--engine", "abacus"], "There is no engine 'abacus'; choose one of: auto, tensorflow"),
        (["--release", "nowhere"], "There is no model release in nowhere"),
    ],
)
def test_what_cannot_start_is_one_sentence(slices, capsys, options, words):
    status = predict.main([str(slices / "a" / "scan.png"), *options])

    captured = capsys.readouterr()
    assert status == 2
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_ctrl_c_is_no_traceback(asked, slices, capsys, monkeypatch):
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(predict.formats, "read_path", interrupted)

    assert predict.main([str(slices / "a" / "scan.png")]) == 130
    assert capsys.readouterr().err.startswith("Stopped")


# --- In a process of its own --------------------------------------------------------------------

WITH_A_MADE_UP_MODEL = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it
from ml.cli import predict
from ml.predictor import Predictor
from ml.cli.tests.test_predict import MadeUp
class Slow(MadeUp):
    def predict(self, pixels):
        time.sleep({pause})
        return super().predict(pixels)
Predictor.load = lambda *a, **k: Slow()
sys.exit(predict.main(sys.argv[1:]))
"""


def start(*arguments: str | os.PathLike[bytes] | bytes, pause: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WITH_A_MADE_UP_MODEL.format(pause=pause), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_lines_come_as_files_are_read_and_a_signal_ends_the_run_without_a_traceback(slices):
    process = start(*[str(slices / "a" / "scan.png")] * 50, pause=0.5)

    assert b"AI suggestion" in process.stdout.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)

    assert process.returncode == 130
    assert b"Traceback" not in error


def test_a_reader_that_goes_away_ends_the_run_without_a_traceback(slices):
    process = start(*[str(slices / "a" / "scan.png")] * 50, pause=0.05)

    process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=30) == 1
    assert error == b""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_name_that_is_no_text_is_a_name_too(slices):
    name = os.fsencode(slices) + b"/\xff.png"
    Path(os.fsdecode(name)).write_bytes((slices / "a" / "scan.png").read_bytes())

    for options in ([], ["--json"]):
        output, error = start(name, *options, pause=0.0).communicate(timeout=60)
        assert error == b""
        assert b"udcff.png" in output


def test_the_shipped_release_reads_a_slice_and_openvino_needs_no_tensorflow(slices):
    code = (
        "import sys; from ml.cli.predict import main; status = main(sys.argv[1:]);"
        "sys.exit(status or 'tensorflow' in sys.modules)"
    )
    began = time.monotonic()
    arguments = [str(slices / "a" / "scan.png"), "--json", "--engine", "openvino-f32"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["status"] in {"completed", "abstained"}
    assert found["engine"] == "openvino-f32"
    assert found["milliseconds"] < 1000 * (time.monotonic() - began)
