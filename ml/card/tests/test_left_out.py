"""The part of the card on sources left out of training: it comes first, and says what failed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ml.card import sections
from ml.card.data_sources import data_sources
from ml.card.form import form, series
from ml.card.left_out import limits
from ml.card.markdown import render
from ml.card.metric_charts import draw_charts
from ml.card.report import printed, write_report
from ml.release.releases import SHIPPED, read_release
from ml.training.tests.left_out_metrics import make_both, make_left_out, make_left_out_slices
from ml.training.tests.metrics import make_metrics


@pytest.fixture(scope="module")
def metrics():
    return make_both()


@pytest.fixture
def release():
    return read_release(SHIPPED)


def named(release, metrics):
    return {section.name: section for section in sections(release, metrics)}


def test_sources_left_out_come_before_the_test_split(metrics, release):
    names = [section.name for section in sections(release, metrics)]
    assert names[:2] == ["left-out", "worst"]
    assert names.index("by-source") < names.index("own-collections") < names.index("aims")
    text = render(release=release, metrics=metrics, figures="figures")
    assert text.index("## On sources left out of training") < text.index("## Training")
    assert text.index("## Where it fails most") < text.index("## Limits and failures")


def test_the_table_says_what_was_aimed_at_and_whether_it_was_reached(metrics, release):
    rows = {row[0]: row[1:] for row in named(release, metrics)["left-out"].tables[0].rows}
    assert set(rows) >= {
        "Tumor against tumor-free slices of the same scans, FLAIR: AUC",
        "Healthy heads: specificity",
        "Tumors, T1 with contrast: sensitivity",
        "Multiple sclerosis, no tumor: specificity",
        "Stroke, no tumor: specificity",
        "No brain MRI, head CT: turned away",
        "No brain MRI, all kinds: turned away",
        "Brain MRI, skull removed: turned away",
        "Grad-CAM's peak on the lesion, FLAIR",
        "Expected calibration error",
        "Display (phone photo): largest fall of specificity",
    }
    assert rows["Multiple sclerosis, no tumor: specificity"][1:3] == ("at least 0.85", "no")
    assert rows["No brain MRI, head CT: turned away"][2] == "yes"


def test_what_was_fitted_on_these_slices_is_said_with_by_how_much_that_flatters(metrics, release):
    text = named(release, metrics)["left-out"].text
    assert "numbers, which are not such weights, were fitted on these slices" in text
    assert "By how much" not in text  # it was not measured

    cross = {
        "sources": 12,
        "slices": 1500,
        "apart": {"ece": {"value": 0.07}, "specificity": {"value": 0.9}, "sensitivity": None},
        "as_released": {"ece": {"value": 0.05}, "specificity": {"value": 0.95}}
        | {"sensitivity": None},
    }
    found = {**metrics, "left_out": {**metrics["left_out"], "cross_fitted": cross}}
    text = named(release, found)["left-out"].text
    assert "(1500 slices of 12 sources), calibration error 0.070 instead of 0.050; " in text
    assert "specificity 90.0 % instead of 95.0 %." in text

    (network,) = metrics["left_out"]["networks"]
    apart = {**metrics["left_out"], "networks": [{**network, "fitted_on": "val split"}]}
    text = named(release, {**metrics, "left_out": apart})["left-out"].text
    assert "were fitted on these slices" not in text


def test_every_table_has_as_many_cells_as_names(metrics, release):
    for section in sections(release, metrics):
        for table in section.tables:
            assert {len(row) for row in table.rows} == {len(table.head)}, section.name


def test_what_fails_most_is_named_with_its_number(metrics, release):
    (table,) = named(release, metrics)["worst"].tables
    assert len(table.rows) == 6
    kinds = [row[0] for row in table.rows]
    assert any("ultiple sclerosis" in kind or "ms-clinic" in kind for kind in kinds)
    assert "Phantom" in kinds
    text = " ".join(limits(metrics["left_out"]))
    assert "aims; the table of these says which" in text
    assert "Of slices with multiple sclerosis and without a tumor it calls" in text
    assert "Sex, age, scanner and field strength of most heads are not known" in text


def test_every_source_is_named_with_license_and_use(metrics, release):
    (table,) = named(release, metrics)["sources"].tables
    rows = {row[0].split(":")[0]: row[1:] for row in table.rows}
    assert rows["brats13"][0] == "chosen by, never in weights"
    assert rows["brats13"][2] == "CC BY-NC-SA 3.0"
    assert rows["hospital"][2:] == ("CC0", "–")

    release = replace(
        release, provenance="VGG16.", card=replace(release.card, training="Some slices.")
    )
    old = data_sources(release, make_metrics())
    assert {row[0].split(":")[0] for row in old.tables[0].rows} == {"br35h", "four-class"}
    assert "ImageNet" not in old.text
    started = replace(release, provenance="It starts from ImageNet's VGG16.")
    assert "University of Oxford" in data_sources(started, metrics).text


def test_the_gates_own_figures_are_shown_beside_what_was_measured_here(metrics, release):
    measured, kinds, brain = named(release, metrics)["gate"].tables
    assert measured.rows[0][:2] == ("all kinds", "60")
    assert kinds.rows == (("head CT", "left out", "83", "96.4 % (90.0 to 99.0)"),)
    assert brain.rows[0][-1] == "1.0 % (0.0 to 5.0)"


def test_the_form_says_widths_and_what_the_classifier_reads(release):
    narrow = replace(release, widths=((32, 32), (64, 64)))
    assert "32-32, 64-64" in form(narrow).tables[0].rows[1]
    told = SimpleNamespace(
        **{name: getattr(release, name) for name in ("widths", "architecture", "input_size")},
        preprocessing="p",
        regions=release.regions,
        evidence=SimpleNamespace(weight=0.5),
    )
    assert "weight 0.500" in form(told).tables[0].rows[-1]
    assert "exact Grad-CAM of this sum" in form(told).text


def test_a_release_with_a_rule_of_series_says_what_it_does_on_stacks():
    point = SimpleNamespace(
        dataset="left-out stacks",
        sensitivity=0.95,
        specificity=0.9,
        sensitivity_interval=(0.85, 1.0),
        specificity_interval=(0.8, 0.96),
        abstained=0.02,
        tumor=80,
        no_tumor=52,
        patients=70,
    )
    rule = SimpleNamespace(
        version="series-1",
        threshold=0.4,
        planes=("axial",),
        intercepts={"FLAIR": 0.1},
        spacing_mm=(4.0, 8.0),
        operating=point,
        by_sequence={"FLAIR": point},
    )
    section = series(SimpleNamespace(series=rule))
    assert section.tables[0].rows[0][1:3] == ("80 / 52 (70 patients)", "95.0 % (85.0 to 100.0)")
    assert "4 to 8 mm" in section.text
    assert series(SimpleNamespace()) is None


def test_plots_of_the_sources_begin_with_the_worst(metrics):
    charts = {chart.name: chart for chart in draw_charts(metrics)}
    assert {"left-out-specificity", "left-out-sensitivity", "roc"} <= set(charts)
    assert "ms-clinic" in charts["left-out-specificity"].text


def test_figures_stand_beside_those_without_exceptions(monkeypatch, release):
    monkeypatch.setattr(
        "ml.training.evaluation.left_out.report.reason",
        lambda item, listed: "a head CT" if item.source == "strokes" else None,
    )
    found = {"schema": 2, "left_out": make_left_out()}
    (table,) = named(release, found)["exceptions"].tables
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["All slices"][0] == "240 / 210"
    assert rows["Stroke"][0] == "30 / 0"
    assert rows["Stroke"][2].endswith("/ –")


def test_a_clinics_own_images_are_called_so_and_a_sample_is_said(release):
    plain = [
        replace(item, provenance=replace(item.provenance, patient="", sequence="unknown"))
        for item in make_left_out_slices()
    ]
    found = {"schema": 2, "left_out": make_left_out(slices=plain, split="all", limit=100)}
    section = named(release, found)["left-out"]
    assert section.title == "On these images"
    assert "100 slices (a sample of 240)" in section.text
    rows = [row[0] for row in section.tables[0].rows]
    assert "No tumor, head not known: specificity" in rows
    assert "Tumors, sequence not known: sensitivity" in rows
    assert not any("same scans" in row for row in rows)


def test_the_table_is_printed_in_columns_and_the_report_holds_all(metrics, release, tmp_path):
    lines = printed(metrics).splitlines()
    assert lines[0].startswith("Where")
    assert lines[0].index("Figure") == lines[2].index(lines[2].split("AUC ")[1].strip()[0:5])
    write_report(metrics, path=tmp_path / "report.md", release=release)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    for title in ("Where it fails most", "By sequence", "Other displays", "Where it points"):
        assert title in text
    assert "Test split" not in text
