"""Rows for tests. Images come through `receive_study`, so that rows and files agree."""

import hashlib
import math
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import uuid4

import factory
import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.immutability import lifted
from accounts.models import User
from accounts.tests.factories import UserFactory
from ml.series.tests.trial_rule import trial_evidence, trial_rule
from scans.models import (
    Analysis,
    Annotation,
    Image,
    Instance,
    ModelRelease,
    Patient,
    Report,
    SpacingCalibration,
    Study,
    Verdict,
    Worker,
)
from scans.models.analysis_states import Arrow
from scans.models.search_text import mrn_key
from scans.services.analyses import inference
from scans.services.analyses.displayed_results import newest_finished
from scans.services.analyses.execution import Outcome, claim_analysis, record_result
from scans.services.annotations.lifecycle import create_annotation
from scans.services.patients.archiving import archive_patient
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.contradictions import ContradictionError, Despite
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    clinic = factory.SelfAttribute("created_by.clinic")
    created_by = factory.SubFactory(UserFactory)
    mrn = factory.Sequence(lambda n: f"MRN-{n:05d}")
    mrn_key = factory.LazyAttribute(lambda row: mrn_key(row.mrn))  # for those that are not saved
    family_name = factory.Sequence(lambda n: f"Testcase{n}")
    given_name = "Pat"
    birth_date = date(1960, 5, 17)
    sex = "F"


def archived(patient: Patient) -> Patient:
    """Archive the patient as an administrator of the clinic does, unread studies or not."""
    administrator = UserFactory(administrator=True, clinic=patient.clinic)
    return archive_patient(
        user=administrator, patient=patient, reason="Moved away", hides_unread=True
    )


class ReleaseFactory(factory.django.DjangoModelFactory):
    """A row only, without weights on the disk; the first one made is active.

    With `states_series=True` it has a rule for whole series: of axial T1 and FLAIR, 5 to 10.8 mm,
    from two slices on; drawn numbers.
    """

    class Meta:
        model = ModelRelease

    class Params:
        states_series = factory.Trait(
            manifest=factory.Dict(
                {
                    "name": "test-release",
                    "series": factory.LazyFunction(
                        lambda: trial_rule(least_extent_mm=10.0).to_json()
                    ),
                }
            )
        )

    name = "test-release"
    version = factory.Sequence(lambda n: f"7.{n}")  # no figure of a result looks like that
    sha256 = "0" * 64
    folder = factory.LazyFunction(lambda: str(uuid4()))
    threshold = 0.5
    manifest = factory.Dict({"name": "test-release"})
    is_active = factory.LazyFunction(
        lambda: not ModelRelease.objects.filter(is_active=True).exists()
    )


class WorkerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Worker

    host = "test-host"
    pid = factory.Sequence(lambda n: 1000 + n)
    release = factory.SubFactory(ReleaseFactory)
    engine = "tensorflow"
    loaded_at = factory.LazyFunction(timezone.now)
    last_seen_at = factory.LazyFunction(timezone.now)


# What the rule of `ReleaseFactory(states_series=True)` was calibrated on.
AXIAL_FLAIR = {"plane": "axial", "sequence": "FLAIR", "slice_spacing": 5.0}


def make_study(
    *,
    user=None,
    patient=None,
    images: int = 1,
    days_ago: int = 0,
    description: str = "MRI head",
    acquisition: dict | None = None,
) -> Study:
    """A received study, its analyses queued for the active release (made if there is none)."""
    if not ModelRelease.objects.filter(is_active=True).exists():
        ReleaseFactory()
    user = user or (patient.created_by if patient else UserFactory())
    patient = patient or PatientFactory(created_by=user)
    receipt = receive_study(
        user=user,
        patient=patient,
        study_date=timezone.localdate() - timedelta(days=days_ago),
        description=description,
        files=[
            pictures.upload(f"slice-{n}.png", pictures.png(seed=uuid4().int % 2**32))
            for n in range(images)
        ],
        acquisition=acquisition,
    )
    assert receipt.study is not None
    return receipt.study


def make_analyzed_study(*, probability: float = 0.9, **more) -> Study:
    """A study whose images all have this result."""
    study = make_study(**more)
    for analysis in Analysis.objects.filter(image__series__study=study):
        complete(analysis, probability=probability)
    return study


def make_stated_study(*, probabilities: Sequence[float] = (0.9, 0.95, 0.92, 0.9), **more) -> Study:
    """A study whose slices have these results, with the statement on its series that they make.

    The default says that there is a tumor.
    """
    if not ModelRelease.objects.filter(is_active=True).exists():
        ReleaseFactory(states_series=True)
    study = make_study(images=len(probabilities), **{"acquisition": AXIAL_FLAIR} | more)
    images = Image.objects.filter(series__study=study).order_by("number")
    for image, probability in zip(images, probabilities, strict=True):
        complete(image.analyses.get(), probability=probability)
    return study


class InstanceFactory(factory.django.DjangoModelFactory):
    """A file of this series, as a row only: nothing is in the storage."""

    class Meta:
        model = Instance

    series = factory.LazyFunction(lambda: make_study().series.get())
    patient = factory.SelfAttribute("series.study.patient")
    clinic = factory.SelfAttribute("patient.clinic")
    filename = factory.Sequence(lambda n: f"slice-{n}.png")
    media_type = "image/png"
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    byte_size = 1000
    file = factory.LazyAttribute(lambda row: f"images/{row.clinic.pk}/{uuid4()}/original")


class ImageFactory(factory.django.DjangoModelFactory):
    """The frame of a file, the next of its series; both are rows only."""

    class Meta:
        model = Image

    instance = factory.SubFactory(InstanceFactory)
    series = factory.SelfAttribute("instance.series")
    patient = factory.SelfAttribute("instance.patient")
    number = factory.LazyAttribute(lambda row: row.series.images.count() + 1)
    width = height = 128
    rendition = factory.LazyAttribute(lambda row: f"{row.instance.file.name}-rendition.png")
    thumbnail = factory.LazyAttribute(lambda row: f"{row.instance.file.name}-thumbnail.png")


def make_image(**kwargs) -> Image:
    return Image.objects.get(series__study=make_study(**kwargs))


def make_annotation(
    *,
    image: Image | None = None,
    author: User | None = None,
    geometry: dict | None = None,
    label: str = "",
    note: str = "",
) -> Annotation:
    """A radiologist's ellipse in the middle of the image."""
    image = image or make_image()
    author = author or UserFactory(radiologist=True, clinic=image.patient.clinic)
    middle = {"cx": image.width / 2, "cy": image.height / 2, "rx": 20, "ry": 10, "rotation": 0}
    annotation, _ = create_annotation(
        user=author,
        image=image,
        annotation_id=uuid4(),
        geometry=geometry or {"shape": "ellipse"} | middle,
        label=label,
        note=note,
    )
    return annotation


def make_calibration(
    *, image: Image, reader: User | None = None, mm_per_pixel: float = 0.5
) -> SpacingCalibration:
    """What a reader calibrated with a line of 40 pixels."""
    return SpacingCalibration.objects.create(
        image=image,
        reader=reader or UserFactory(radiologist=True, clinic=image.patient.clinic),
        line=[[10, 10], [50, 10]],
        known_mm=40 * mm_per_pixel,
        mm_per_pixel=mm_per_pixel,
    )


def make_verdict(
    *, study: Study, reader: User | None = None, finding: str = "tumor", comment: str = ""
) -> Verdict:
    """A signed verdict that accepts what the AI said of each image."""
    reader = reader or UserFactory(radiologist=True, clinic=study.clinic)
    words = tuple(
        AssessmentInput(pk, "accept") for pk in newest_finished(study).values_list("pk", flat=True)
    )
    verdict_input = VerdictInput(finding=finding, comment=comment, assessments=words)
    try:
        return sign_verdict(user=reader, study=study, verdict_input=verdict_input)
    except ContradictionError as error:
        despite = Despite(error.contradictions, note="As the test has it.")
        return sign_verdict(user=reader, study=study, verdict_input=verdict_input, despite=despite)


def make_signed_report(*, study: Study, author: User | None = None, **text: str) -> Report:
    """A final report whose PDF is a stand-in: drawing a real one takes a second."""
    author = author or UserFactory(radiologist=True, clinic=study.clinic)
    sections = {"impression": "No tumor."} | text
    return Report.objects.create(
        study=study,
        number=1,
        author=author,
        status="final",
        signed_at=timezone.now(),
        signed_name=str(author),
        signed_meaning="I have read this study.",
        signed_patient={
            "name": study.patient.name,
            "mrn": study.patient.mrn,
            "birth_date": str(study.patient.birth_date or ""),
            "sex": study.patient.get_sex_display(),
        },
        signed_study=study.stated,
        code=f"TEST-{uuid4().hex[:4]}-{uuid4().hex[:4]}".upper(),
        pdf=default_storage.save(f"reports/{uuid4()}.pdf", ContentFile(b"%PDF-1.4")),
        pdf_sha256=hashlib.sha256(b"%PDF-1.4").hexdigest(),
        **sections,
    )


def make_analysis(**kwargs) -> Analysis:
    """A queued analysis."""
    return Analysis.objects.get(image=make_image(**kwargs))


def forget_analyses(rows: QuerySet[Analysis]) -> None:
    """As if no release had been active at the upload. The application itself deletes nothing."""
    with lifted(connection, Analysis._meta.db_table):
        QuerySet.delete(rows)


def complete(
    analysis: Analysis,
    *,
    probability: float = 0.9,
    threshold: float = 0.5,
    empty_heatmap: bool = False,
    regions: Sequence[inference.Region] | None = None,
    distance: float | None = None,
) -> Analysis:
    """Record a result as the worker does, with a made-up prediction."""
    claim = claim_analysis(analysis.pk)
    assert claim is not None
    image = analysis.image
    heatmap = np.zeros((image.height, image.width), np.uint8)
    if not empty_heatmap:
        heatmap[image.height // 3 : image.height // 2, image.width // 3 : image.width // 2] = 255
    is_tumor = probability >= threshold
    prediction = inference.Prediction(
        probability=probability,
        label="tumor" if is_tumor else "no_tumor",
        confidence=probability if is_tumor else 1 - probability,
        threshold=threshold,
        heatmap=heatmap,
        heatmap_peak=None if empty_heatmap else (image.width // 3, image.height // 3),
        engine="tensorflow",
        model_ms=146.0,
        regions=None if regions is None else tuple(regions),
        distance=distance,
        evidence=evidence_of(analysis, probability=probability, is_tumor=is_tumor),
    )
    pixels = pictures.slice_pixels(width=image.width, height=image.height)
    outcome = Outcome(
        prediction,
        decode_ms=3.0,
        render_ms=9.0,
        heatmap_png=inference.heatmap_png(heatmap),
        overlay_png=inference.overlay_png(pixels, heatmap),
    )
    assert record_result(claim, outcome)
    analysis.refresh_from_db()
    return analysis


def evidence_of(
    analysis: Analysis, *, probability: float, is_tumor: bool
) -> inference.SliceEvidence | None:
    """What the slice leaves for the rule of its release: a spot in its map where it has a tumor."""
    if "series" not in analysis.release.manifest:
        return None
    logit = math.log(probability / (1 - probability))
    return trial_evidence(logit=logit, lesion=is_tumor)


def suspect(
    *points: tuple[int, int], score: float = 0.83, area_px: float = 400.0
) -> inference.Region:
    """A suspected region as the model gives it; a square where no corners are given."""
    corners = points or ((20, 20), (40, 20), (40, 40), (20, 40))
    return inference.Region(polygon=corners, score=score, area_px=area_px)


def abstain(
    analysis: Analysis, *, distance: float | None = None, reason: str = "unreadable_contrast"
) -> Analysis:
    """Record an abstention as the worker does."""
    claim = claim_analysis(analysis.pk)
    assert claim is not None
    abstention = inference.Abstention(
        reason=reason,
        sentence="The image has too little contrast to be read.",
        engine="tensorflow",
        model_ms=1.0,
        distance=distance,
        evidence=inference.SliceEvidence.without_opinion(reason)
        if "series" in analysis.release.manifest
        else None,
    )
    assert record_result(claim, Outcome(abstention, decode_ms=3.0, render_ms=0.0))
    analysis.refresh_from_db()
    return analysis


def fail(
    analysis: Analysis, *, message: str = "The analysis failed 3 times. Try again."
) -> Analysis:
    """As the worker leaves a row after its last attempt."""
    claim = claim_analysis(analysis.pk)
    assert claim is not None
    assert Analysis.objects.filter(pk=analysis.pk).transition(
        Arrow.FAIL,
        finished_at=timezone.now(),
        claim_token=None,
        lease_expires_at=None,
        message=message,
        traceback="Traceback: ...",
        attempts=3,
    )
    analysis.refresh_from_db()
    return analysis
