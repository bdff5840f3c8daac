"""Registering, checking and activating model releases, with real weights."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans.models import Analysis, ModelRelease
from scans.services.analyses.execution import run_analysis
from scans.services.analyses.inference import ReleaseError, load_predictor
from scans.services.analyses.lifecycle import request_analysis
from scans.services.analyses.releases import activate_release, active_release, sync_shipped_release
from scans.tests.core import pictures
from scans.tests.core.factories import ReleaseFactory, make_analysis

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def keras_file(tmp_path_factory):
    """A file as a notebook elsewhere leaves it: this architecture with weights of its own."""
    from ml.architectures.vgg16.network import build_network

    path = tmp_path_factory.mktemp("keras") / "brain_tumor_detection_vgg16.h5"
    build_network().save(path)
    return path


def register(file, **more) -> None:
    options = {"name": "notebook", "release": "1.0", "positive_class": 1}
    options |= {"preprocessing": "resize-rgb-255-1"}
    call_command("register_release", file, **options | more)


@pytest.fixture(autouse=True)
def own_releases_folder(settings, tmp_path):
    settings.RELEASES_DIR = tmp_path / "releases"


@pytest.fixture
def shipped_copy(settings, tmp_path):
    """The shipped release, where a test may damage it."""
    folder = tmp_path / "release"
    shutil.copytree(settings.SHIPPED_RELEASE_DIR, folder)
    settings.SHIPPED_RELEASE_DIR = folder
    return folder


@pytest.mark.django_db
def test_a_keras_file_is_registered_activated_and_reads_an_image(keras_file, settings, tmp_path):
    register(keras_file)
    release = ModelRelease.objects.get(name="notebook")
    assert not release.is_active
    assert len(release.sha256) == 64
    activate_release(user=UserFactory(superuser=True), release=release)
    analysis = make_analysis()
    assert analysis.release == release
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert analysis.status == "completed"
    assert 0 <= analysis.probability <= 1
    assert AuditEvent.objects.filter(action="release.activated", object_id=release.pk).exists()


@pytest.mark.django_db
def test_a_name_and_version_is_given_once(keras_file, settings, tmp_path):
    ReleaseFactory(name="notebook", version="1.0")
    with pytest.raises(CommandError, match="already registered"):
        register(keras_file)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stated", [None, "", "divided-by-127"], ids=["left out", "empty", "made up"]
)
def test_how_the_images_were_prepared_is_stated_and_one_of_those_that_exist(keras_file, stated):
    with pytest.raises(CommandError) as refused:
        register(keras_file, preprocessing=stated)
    for name in ("crop-square-area-1", "resize-rgb-255-1", "head-window-area-1"):
        assert name in str(refused.value)
    assert not ModelRelease.objects.exists()
    register(keras_file, preprocessing="head-window-area-1")
    assert ModelRelease.objects.get().manifest["preprocessing"] == "head-window-area-1"


@pytest.mark.django_db
def test_the_other_class_turns_the_probability_around(keras_file):
    """Of training folders like brain_tumor and healthy a tumor is class 0."""
    probabilities = []
    image = None
    for tumor in (0, 1):
        register(keras_file, release=f"class {tumor}", positive_class=tumor)
        release = ModelRelease.objects.get(version=f"class {tumor}")
        activate_release(user=None, release=release)
        image = image or make_analysis().image
        analysis = Analysis.objects.filter(image=image, release=release).first()
        if analysis is None:
            analysis, _ = request_analysis(user=image.study.received_by, image=image)
        run_analysis(analysis.pk)
        analysis.refresh_from_db()
        probabilities.append(analysis.probability)
    assert probabilities[0] != pytest.approx(0.5, abs=1e-6)
    assert sum(probabilities) == pytest.approx(1, abs=1e-4)


@pytest.mark.django_db
def test_known_images_tell_a_class_that_was_stated_wrong(keras_file, settings, tmp_path):
    """One class is refused, with what would fit, whichever it is for this network's weights."""
    known = tmp_path / "known.png"
    known.write_bytes(pictures.png())
    fits, sentences = {}, []
    for option in ("known_tumor", "known_no_tumor"):
        for tumor in (0, 1):
            version = f"{option} {tumor}"
            try:
                register(keras_file, release=version, positive_class=tumor, **{option: [known]})
            except CommandError as refused:
                sentences.append(str(refused))
            fits[option, tumor] = ModelRelease.objects.filter(version=version).exists()
    assert fits["known_tumor", 0] is not fits["known_tumor", 1]
    assert fits["known_no_tumor", 0] is fits["known_tumor", 1]
    assert fits["known_no_tumor", 1] is fits["known_tumor", 0]
    for sentence in sentences:
        assert "right about 0 of 1 known images" in sentence
        assert "With the other --positive-class it would be right about 1" in sentence
    kept = {str(row.directory) for row in ModelRelease.objects.all()}
    assert {str(folder) for folder in settings.RELEASES_DIR.iterdir()} == kept


@pytest.mark.django_db
def test_a_known_image_that_cannot_be_read_is_named(keras_file, tmp_path):
    wrong = tmp_path / "notes.txt"
    wrong.write_text("not an image")
    with pytest.raises(CommandError, match=r"notes\.txt"):
        register(keras_file, known_tumor=[wrong])
    assert not ModelRelease.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_no_such_model_is_refused_and_leaves_nothing(settings, tmp_path):
    wrong = tmp_path / "wrong.h5"
    wrong.write_bytes(b"not a model")
    with pytest.raises(CommandError):
        register(wrong)
    assert not ModelRelease.objects.exists()
    assert not list(settings.RELEASES_DIR.glob("*"))


@pytest.mark.django_db
def test_the_shipped_release_becomes_active_once_and_stays_one_row():
    first = sync_shipped_release()
    assert sync_shipped_release() == first == active_release()
    assert first.manifest["card"]["intended_use"]


@pytest.mark.django_db
def test_syncing_leaves_the_choice_of_the_administrator_alone():
    chosen = sync_shipped_release()
    ModelRelease.objects.filter(pk=chosen.pk).update(version="0.9")
    shipped = sync_shipped_release()
    assert shipped != chosen
    assert active_release() == chosen


@pytest.mark.django_db
def test_only_a_superuser_activates_a_release():
    release = sync_shipped_release()
    with pytest.raises(NotAllowedError):
        activate_release(user=UserFactory(administrator=True), release=release)


def test_the_system_check_passes_with_the_shipped_weights(settings):
    assert not [error for error in run_checks() if error.id == "scans.E001"]


def test_missing_weights_are_an_error_at_the_start(shipped_copy):
    (shipped_copy / "weights.npz").unlink()
    (error,) = [error for error in run_checks() if error.id == "scans.E001"]
    assert "missing" in error.msg


def test_altered_weights_are_an_error_at_the_start(shipped_copy):
    with (shipped_copy / "weights.npz").open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff\x00\xff")
    (error,) = [error for error in run_checks() if error.id == "scans.E001"]
    assert "SHA-256" in error.msg


def test_an_engine_that_does_not_exist_is_an_error_at_the_start(settings):
    settings.ENGINE = "warp-drive"
    (error,) = [error for error in run_checks() if error.id == "scans.E002"]
    assert "tensorflow" in error.hint


@pytest.mark.django_db
def test_a_release_whose_weights_were_altered_is_neither_activated_nor_run():
    release = sync_shipped_release()
    np.savez(release.directory / "weights.npz", nothing=np.zeros(1))
    with pytest.raises(ReleaseError):
        activate_release(user=None, release=release)
    with pytest.raises(ReleaseError):
        load_predictor(release.directory, sha256=release.sha256)
    with pytest.raises(ReleaseError):  # said at the start, not at the first image
        sync_shipped_release()


@pytest.mark.django_db
def test_figures_that_were_altered_stop_an_activation_but_no_analysis(shipped_copy):
    add_file(shipped_copy, "metrics.json", b"{}")
    release = sync_shipped_release()
    (release.directory / "metrics.json").write_bytes(b'{"auc": 1}')

    with pytest.raises(ReleaseError):
        activate_release(user=None, release=release)
    assert load_predictor(release.directory, sha256=release.sha256).engine


@pytest.mark.django_db
def test_after_an_upgrade_the_release_before_still_runs_with_its_own_weights(shipped_copy):
    before = sync_shipped_release()
    description = json.loads((shipped_copy / "release.json").read_text())
    with np.load(shipped_copy / "weights.npz") as arrays:
        changed = {name: arrays[name] for name in arrays.files}
    changed["dense_1/bias"] = changed["dense_1/bias"] + np.float16(1)
    np.savez(shipped_copy / "weights.npz", **changed)
    digest = hashlib.sha256((shipped_copy / "weights.npz").read_bytes()).hexdigest()
    description |= {"version": "99.0.0", "sha256": digest}
    (shipped_copy / "release.json").write_text(json.dumps(description))
    after = sync_shipped_release()
    assert active_release() == before
    assert after.directory != before.directory
    assert load_predictor(before.directory, sha256=before.sha256).release.version == before.version
    with pytest.raises(ReleaseError):
        load_predictor(after.directory, sha256=before.sha256)


@pytest.mark.django_db
def test_the_same_version_with_other_weights_is_refused(shipped_copy):
    sync_shipped_release()
    ModelRelease.objects.update(sha256="0" * 64)
    with pytest.raises(ReleaseError, match="new version"):
        sync_shipped_release()


def add_file(folder, name, content):
    (folder / name).write_bytes(content)
    description = json.loads((folder / "release.json").read_text())
    files = description.get("files", {}) | {name: hashlib.sha256(content).hexdigest()}
    (folder / "release.json").write_text(json.dumps(description | {"files": files}))


@pytest.mark.django_db
def test_all_files_of_a_release_travel_and_are_checked(shipped_copy):
    add_file(shipped_copy, "extra.npz", b"numbers")
    (shipped_copy / "figures").mkdir(exist_ok=True)
    (shipped_copy / "figures" / "roc.svg").write_text("<svg/>")
    release = sync_shipped_release()
    assert (release.directory / "extra.npz").read_bytes() == b"numbers"
    assert (release.directory / "figures" / "roc.svg").is_file()
    (release.directory / "extra.npz").write_bytes(b"other numbers")
    with pytest.raises(ReleaseError, match=r"extra\.npz"):
        activate_release(user=None, release=release)
    with pytest.raises(ReleaseError, match=r"extra\.npz"):
        load_predictor(release.directory, sha256=release.sha256)


@pytest.mark.django_db
def test_a_shipped_release_with_a_file_missing_is_not_registered(shipped_copy):
    add_file(shipped_copy, "extra.npz", b"numbers")
    (shipped_copy / "extra.npz").unlink()
    with pytest.raises(ReleaseError, match=r"extra\.npz is missing|extra\.npz of"):
        sync_shipped_release()
    assert not ModelRelease.objects.exists()


@pytest.mark.django_db
def test_the_same_version_with_other_files_is_refused_but_figures_may_be_measured_anew(
    shipped_copy,
):
    add_file(shipped_copy, "metrics.json", b"{}")
    release = sync_shipped_release()
    add_file(shipped_copy, "metrics.json", b'{"schema": 1}')
    assert sync_shipped_release() == release
    add_file(shipped_copy, "extra.npz", b"numbers")
    with pytest.raises(ReleaseError, match="new version"):
        sync_shipped_release()
