import re

from ml.cli import progress
from ml.cli.progress import ProgressBar


def test_in_a_log_each_look_is_a_line_with_the_time(capsys):
    bar = ProgressBar("Slices", total=4)
    for done in range(1, 5):
        bar(done, "mirrored-x")

    said = capsys.readouterr().err
    assert "\r" not in said
    *_, last = said.splitlines()
    assert re.match(r"\d\d:\d\d:\d\d Slices: 100%.* 4/4 .*mirrored-x", last)


def test_a_log_gets_few_lines(capsys):
    bar = ProgressBar("Slices", total=1000)
    for done in range(1, 1001):
        bar(done)

    assert len(capsys.readouterr().err.splitlines()) <= 3


def test_on_a_terminal_the_bar_is_drawn_over_itself(capsys, monkeypatch):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "_OFTEN", 0.0)
    bar = ProgressBar("Slices", total=4)
    bar(2)
    bar.close()

    said = capsys.readouterr().err
    assert said.count("\r") > 1
    assert "Slices:  50%" in said
