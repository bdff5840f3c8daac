import json

import pytest

from ml import bench, bench_ways
from ml.phantom import draw_phantom


@pytest.mark.parametrize("name", bench.WAYS)
def test_every_way_reads_a_phantom(name, release_dir):
    file = bench_ways.jpeg(draw_phantom(seed=0, size=256))

    bench_ways.WAYS[name](release_dir)(file)


class FakeWay:
    cold_start_s = 1.234

    def __init__(self, *, name, release):
        self.name = name

    def ask(self, index):
        return {"memory_mb": 99.6} if index < 0 else {"ms": 10.0 + index}

    def close(self):
        pass


def test_the_report_has_one_row_for_each_way(monkeypatch, capsys, release_dir):
    monkeypatch.setattr(bench, "_Way", FakeWay)

    assert bench.main(["--json", "--images", "5", "--release", str(release_dir)]) == 0

    report = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in report["rows"]] == list(bench.WAYS)
    assert report["rows"][0] == {
        "name": "common-recipe",
        "median_ms": 12.0,
        "p95_ms": 13.8,
        "images_per_second": 83.33,
        "memory_mb": 100,
        "cold_start_s": 1.23,
    }


def test_the_table_has_a_line_for_each_way(monkeypatch, capsys, release_dir):
    monkeypatch.setattr(bench, "_Way", FakeWay)

    assert bench.main(["--images", "1", "--release", str(release_dir)]) == 0

    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("name", "median_ms", "p95_ms", "images_per_second", "memory_mb", "cold_start_s")
    ]
    assert [line.split()[0] for line in lines] == list(bench.WAYS)


def test_without_a_release_there_is_a_sentence_instead_of_a_table(capsys, tmp_path):
    assert bench.main(["--release", str(tmp_path)]) == 1

    assert "no model release" in capsys.readouterr().err
