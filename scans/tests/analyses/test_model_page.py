import hashlib
import json
import re
import shutil
from uuid import uuid4

import pytest

from ml.training.tests.left_out_metrics import make_both
from ml.training.tests.metrics import make_metrics
from scans.services.analyses.releases import sync_shipped_release
from scans.tests.core.factories import ReleaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture
def measured(settings, tmp_path):
    """The shipped release as it comes with figures, registered."""
    settings.RELEASES_DIR = tmp_path / "releases"
    return sync_shipped_release_with(make_metrics(), settings=settings, folder=tmp_path / "shipped")


def sync_shipped_release_with(metrics, *, settings, folder):
    shutil.copytree(settings.SHIPPED_RELEASE_DIR, folder)
    settings.SHIPPED_RELEASE_DIR = folder
    content = json.dumps(metrics).encode()
    (folder / "metrics.json").write_bytes(content)
    description = json.loads((folder / "release.json").read_text())
    description["version"] = "1.9.0"
    description["files"] |= {"metrics.json": hashlib.sha256(content).hexdigest()}
    (folder / "release.json").write_text(json.dumps(description))
    return sync_shipped_release()


def shown(client, release):
    return client.get(release.get_absolute_url()).content.decode()


def test_the_shipped_release_says_what_it_is_and_what_it_is_bad_at(doctor):
    release = sync_shipped_release()
    text = shown(doctor, release)
    manifest = release.manifest
    assert str(release) in text
    assert release.sha256 in text
    assert manifest["preprocessing"] in text
    assert text.count('<th scope="row">') >= len(manifest["scores"])
    assert text.count("<li>") >= len(manifest["card"]["limits"])
    for score in manifest["scores"]:
        assert f"{score['value']:.3f}" in text


@pytest.mark.parametrize("evidence", [None, {"weight": 0.8125}])
def test_it_says_whether_the_classifier_reads_the_decoder(doctor, evidence):
    manifest = {"evidence": evidence, "card": {"intended_use": "A test."}}

    text = " ".join(shown(doctor, ReleaseFactory(manifest=manifest)).split())

    assert ("plus 0.813 times the decoder's evidence" in text) == (evidence is not None)
    assert ("reads the lesion decoder" in text) == (evidence is not None)


def test_what_was_measured_is_shown_with_intervals_and_plots(doctor, measured):
    text = shown(doctor, measured)
    metrics = json.loads((measured.directory / "metrics.json").read_text())
    auc = metrics["all"]["figures"]["roc_auc"]
    assert f"{auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})" in text
    for title in ("Right and wrong", "Changed images", "Where the heatmap points", "No opinion"):
        assert f">{title}</h2>" in text
    plots = re.findall(r"<svg[^>]*>", text)
    named = [plot for plot in plots if 'role="img"' in plot and "aria-label=" in plot]
    assert len(named) >= 7


def test_what_it_does_on_sources_left_out_comes_before_what_it_says_of_itself(
    doctor, settings, tmp_path
):
    settings.RELEASES_DIR = tmp_path / "releases"
    release = sync_shipped_release_with(make_both(), settings=settings, folder=tmp_path / "shipped")
    text = shown(doctor, release)

    titles = [
        "On sources left out of training",
        "Where it fails most",
        "What it is bad at",
        "By sequence",
        "On the collections that it was trained on",
        "Right and wrong",
        "Sources and licenses",
    ]
    places = [text.index(title) for title in titles]
    assert places == sorted(places)
    assert "Multiple sclerosis, no tumor: specificity" in text
    assert "chosen by, never in weights" in text
    assert text.count("On sources left out of training</h2>") == 1


def test_plots_need_nothing_that_the_content_security_policy_forbids(doctor, measured):
    text = shown(doctor, measured)
    figures = "".join(re.findall(r"<figure.*?</figure>", text, flags=re.S))
    assert "<svg" in figures
    assert not re.search(r"<style|<script|style=|\son\w+=", figures)


def test_a_release_that_came_without_figures_is_shown_as_before(doctor):
    release = ReleaseFactory(manifest={"card": {"limits": ["It is old."]}})
    text = shown(doctor, release)
    assert "It is old." in text
    assert "<figure" not in text


@pytest.mark.parametrize("harm", ["altered", "gone", "of another version"])
def test_figures_that_are_not_those_of_the_release_are_not_shown(doctor, measured, harm):
    path = measured.directory / "metrics.json"
    if harm == "altered":
        path.write_text(path.read_text().replace('"tumor": 60', '"tumor": 61'))
    elif harm == "gone":
        path.unlink()
    else:
        path.write_text(json.dumps({"schema": 99}))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        measured.manifest["files"]["metrics.json"] = digest
        measured.save(update_fields=["manifest"])
    text = shown(doctor, measured)
    assert str(measured) in text
    assert "<figure" not in text


def test_figures_that_lack_something_do_not_take_the_page_down(doctor, settings, tmp_path):
    settings.RELEASES_DIR = tmp_path / "releases"
    release = sync_shipped_release_with(
        {"schema": 1, "all": {}}, settings=settings, folder=tmp_path / "shipped"
    )
    assert "<figure" not in shown(doctor, release)


@pytest.mark.parametrize("manifest", [{}, {"scores": [], "card": {}}, [], "x"])
def test_a_release_that_says_little_is_shown_with_a_warning(doctor, manifest):
    release = ReleaseFactory(manifest=manifest)
    text = doctor.get(release.get_absolute_url()).content.decode()
    assert "Nobody has written down its limits." in text
    assert "how well it works is not known" in text


def test_a_release_that_is_not_there_is_not_found(doctor):
    assert doctor.get(f"/models/{uuid4()}/").status_code == 404
