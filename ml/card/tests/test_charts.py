"""Plots are well-formed, say in words what they show, and put points where they belong."""

import re
from xml.etree.ElementTree import Element, XMLParser

import pytest

from ml.card.charts import Interval, Line, interval_chart, line_chart
from ml.card.metric_charts import draw_charts
from ml.training.tests.metrics import make_metrics

WORDS = {"name": "x", "title": "Title", "text": "What it shows."}
SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg) -> Element:
    parser = XMLParser()  # noqa: S314 — it is our own text that is parsed
    parser.feed(svg)
    return parser.close()


@pytest.fixture(scope="module")
def charts():
    return draw_charts(make_metrics())


def test_every_plot_is_drawn_once_and_can_be_read_out(charts):
    names = [chart.name for chart in charts]
    assert len(set(names)) == len(names)
    assert {"roc", "precision-recall", "reliability", "pointing", "regions"} <= set(names)
    for chart in charts:
        root = parsed(chart.svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == f"{chart.title}. {chart.text}"
        assert chart.text.endswith(".")


def test_nothing_in_a_plot_needs_a_style_or_a_script_of_its_own(charts):
    for chart in charts:
        assert not re.search(r"<style|<script|style=|\son\w+=|href", chart.svg)


def test_a_file_has_its_own_colors_for_light_and_dark(charts):
    for chart in charts:
        root = parsed(chart.as_file())
        style = root.find(f"{SVG}style")
        assert "prefers-color-scheme: dark" in style.text
        assert root.find(f"{SVG}rect").get("class") == "nsc-back"


def test_words_from_the_figures_cannot_become_markup():
    chart = interval_chart(
        name="x", title='"><script>', text="<b>&", rows=[Interval(name="<i>", value=0.5)]
    )
    assert parsed(chart.svg).get("aria-label") == '"><script>. <b>&'
    assert "<script" not in chart.svg
    assert "<i>" not in chart.svg


def test_a_line_runs_from_the_lower_left_to_the_upper_right():
    line = Line(name="a", points=[(0.0, 0.0), (1.0, 1.0)])
    chart = line_chart(**WORDS, x_label="x", y_label="y", lines=[line])
    (drawn,) = [e for e in parsed(chart.svg).iter() if e.get("class") == "nsc-a"]
    start, end = (tuple(map(float, p.split(","))) for p in drawn.get("points").split())
    assert start[0] < end[0]
    assert start[1] > end[1]  # SVG counts from the top


def test_dots_stand_on_their_intervals_and_stay_on_the_axis():
    rows = [Interval(name="a", value=0.9, low=0.5, high=1.0, other=0.1)]
    chart = interval_chart(**WORDS, rows=rows, low=0.8, legend=("one", "other"))
    root = parsed(chart.svg)
    (bar,) = [e for e in root.iter() if e.get("class") == "nsc-a"]
    dots = list(root.iter(f"{SVG}circle"))
    low, high = (float(point.split(",")[0]) for point in bar.get("points").split())
    (dot,) = [float(e.get("cx")) for e in dots if float(e.get("cy")) > 20]
    assert low == 14.0  # 0.5 lies below the axis, and is drawn at its beginning
    assert low < dot < high


def test_what_was_not_measured_is_not_drawn():
    names = {chart.name for chart in draw_charts(make_metrics(silent=80, regions=False))}
    assert names == set()
