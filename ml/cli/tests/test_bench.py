import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ml.cli import bench, bench_ways
from ml.engines import EngineError
from ml.release.releases import DESCRIPTION, read_release, write_release

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "name", ["common-recipe", "tensorflow", "openvino-f32", "openvino-f32-forward"]
)
def test_every_way_reads_a_phantom(name, release_dir, tmp_path):
    file, *_ = bench.draw_files(tmp_path)

    bench_ways.WAYS[name](release_dir)(file.read_bytes())


def test_there_is_a_way_for_every_engine_and_its_bare_pass():
    assert list(bench.WAYS) == [
        "common-recipe",
        *("tensorflow", "tensorflow-forward"),
        *("openvino-f32", "openvino-f32-forward"),
        *("openvino-bf16", "openvino-bf16-forward"),
        *("openvino-int8", "openvino-int8-forward"),
    ]


def test_a_way_that_cannot_run_here_says_why(release_dir, monkeypatch, capsys, tmp_path):
    def cannot(release: Path) -> bench_ways.Way:
        raise EngineError("This machine cannot.")

    monkeypatch.setattr(bench_ways, "WAYS", {"tensorflow": cannot})
    file, *_ = bench.draw_files(tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["ml.cli.bench_ways", "tensorflow", str(release_dir), str(file)]
    )

    bench_ways.main()

    assert json.loads(capsys.readouterr().out) == {"error": "This machine cannot."}


class FakeWay:
    cold_start_s = 1.234

    def __init__(self, *, name, release, files):
        if name.startswith("openvino-bf16"):
            raise bench._LeftOutError("No BF16 here.")
        assert all(file.is_file() for file in files)
        self.name, self.release = name, release

    def ask(self, index, *, slices=0):
        return {"memory_mb": 99.6} if index < 0 else {"ms": (8.0 + index) * max(1, slices)}

    def close(self):
        pass


def test_the_report_has_one_row_for_each_way(monkeypatch, capsys, release_dir):
    monkeypatch.setattr(bench, "_Way", FakeWay)

    assert bench.main(["--json", "--images", "5", "--release", str(release_dir)]) == 0

    output = capsys.readouterr()
    report = json.loads(output.out)
    ran = [name for name in bench.WAYS if "bf16" not in name]
    assert [row["name"] for row in report["rows"]] == ran
    assert report["rows"][0] == {
        "name": "common-recipe",
        "release": str(read_release(release_dir)),
        "median_ms": 17.0,  # every second image, and the first two rounds are for warming up
        "p95_ms": 20.6,
        "images_per_second": 58.82,
        "memory_mb": 100,
        "cold_start_s": 1.23,
    }
    assert list(report["left_out"]) == ["openvino-bf16", "openvino-bf16-forward"]
    assert "openvino-bf16 is left out: No BF16 here." in output.err


def test_the_table_has_a_line_for_each_way(monkeypatch, capsys, release_dir):
    monkeypatch.setattr(bench, "_Way", FakeWay)

    assert bench.main(["--images", "1", "--release", str(release_dir)]) == 0

    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("name", "median_ms", "p95_ms", "images_per_second", "memory_mb", "cold_start_s")
    ]
    assert [line.split()[0] for line in lines] == [n for n in bench.WAYS if "bf16" not in n]


def copy_of(release_dir: Path, folder: Path, *, version: str) -> Path:
    """The release under another version, so that two can be told apart."""
    folder.mkdir()
    for file in release_dir.iterdir():
        if file.is_file() and file.name != DESCRIPTION:  # which is written anew
            (folder / file.name).symlink_to(file.resolve())
    write_release(replace(read_release(release_dir), directory=folder, version=version))
    return folder


def test_several_releases_are_timed_side_by_side(monkeypatch, capsys, release_dir, tmp_path):
    monkeypatch.setattr(bench, "_Way", FakeWay)
    other = copy_of(release_dir, tmp_path / "other", version="9.9.9")
    command = ["--images", "1", "--release", str(release_dir), "--release", str(other)]

    assert bench.main([*command, "--way", "openvino-f32", "--way", "openvino-bf16"]) == 0

    output = capsys.readouterr()
    head, *lines = output.out.splitlines()
    assert head.split()[-1] == "release"
    assert [line.split()[0] for line in lines] == ["openvino-f32"] * 2
    assert [line.split()[-1] for line in lines] == [read_release(release_dir).version, "9.9.9"]
    assert "openvino-bf16 of neuroscan-vgg16 9.9.9 is left out: No BF16 here." in output.err


def test_a_series_is_timed_as_one_and_told_by_the_slice(monkeypatch, capsys, release_dir):
    monkeypatch.setattr(bench, "_Way", FakeWay)
    command = ["--json", "--images", "5", "--series", "30", "--release", str(release_dir)]

    assert bench.main([*command, "--way", "common-recipe", "--way", "openvino-f32"]) == 0

    report = json.loads(capsys.readouterr().out)
    names = ["common-recipe", "openvino-f32", "openvino-f32-series"]
    assert [row["name"] for row in report["rows"]] == names
    assert [row["median_ms"] for row in report["rows"]] == [17.0, 17.0, 17.0]
    assert report["series"] == 30


def test_the_process_of_a_way_reads_a_series_two_at_a_time(monkeypatch, capsys, tmp_path):
    read, meeting = [], threading.Barrier(2)

    def opened(release: Path) -> bench_ways.Way:
        return lambda file: (read.append(file), read[1:] and meeting.wait(timeout=60))

    for name in "abc":
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.setattr(bench_ways, "WAYS", {"openvino-f32": opened})
    files = [str(tmp_path / name) for name in "abc"]
    monkeypatch.setattr("sys.argv", ["bench_ways", "openvino-f32-series", "release", *files])
    monkeypatch.setattr("sys.stdin", io.StringIO("1 4\n-1\n"))

    bench_ways.main()

    ready, timed, memory = map(json.loads, capsys.readouterr().out.splitlines())
    assert ready == {"ready": True}
    assert timed["ms"] > 0.0
    assert memory["memory_mb"] > 0.0
    assert sorted(read) == [b"a", b"a", b"b", b"b", b"c"]  # the first to warm up


@pytest.mark.parametrize("arguments", [["--images", "0"], ["--series", "-1"], ["--way", "by-hand"]])
def test_arguments_that_are_no_good_are_refused(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        bench.main(arguments)

    assert stopped.value.code == 2
    assert arguments[1] in capsys.readouterr().err


@pytest.mark.parametrize("name", ["text.jpg", "nowhere.jpg"])
def test_a_file_that_is_no_image_is_told_before_anything_is_timed(
    capsys, tmp_path, release_dir, name
):
    (tmp_path / "text.jpg").write_text("no image")

    assert bench.main(["--release", str(release_dir), str(tmp_path / name)]) == 1

    said = capsys.readouterr().err
    assert f"{name}: " in said
    assert said.endswith(".\n")


def test_the_help_keeps_the_lines_of_its_table(capsys):
    with pytest.raises(SystemExit):
        bench.main(["--help"])

    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("common-recipe       ") for line in lines)
    assert any(line.startswith("...-forward         ") for line in lines)


def test_without_a_release_there_is_a_sentence_instead_of_a_table(capsys, tmp_path):
    assert bench.main(["--release", str(tmp_path)]) == 1

    assert "no model release" in capsys.readouterr().err
