"""Nothing clinical is deleted, and what is finished does not change: not even by mistake."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts.undeletable import Undeletable, UndeletableError
from scans.models import (
    Analysis,
    Annotation,
    AnnotationVersion,
    Assessment,
    ClinicReason,
    HangingProtocol,
    IdempotentRequest,
    Image,
    Instance,
    KeyImage,
    LabelList,
    ModelRelease,
    Notification,
    Patient,
    Report,
    ReportTemplate,
    Series,
    SeriesStatement,
    SliceEvidence,
    SpacingCalibration,
    Study,
    Verdict,
    Worker,
    WorklistView,
)
from scans.tests.core.factories import (
    ReleaseFactory,
    abstain,
    complete,
    fail,
    make_analysis,
    make_annotation,
    make_calibration,
    make_signed_report,
    make_verdict,
    suspect,
)

pytestmark = pytest.mark.django_db

KEPT = [Patient, Study, Series, Instance, Image, Analysis, ModelRelease]
KEPT += [Annotation, AnnotationVersion, LabelList, Verdict, Assessment, ClinicReason]
KEPT += [KeyImage, SpacingCalibration]
KEPT += [Report, ReportTemplate, SeriesStatement, SliceEvidence]


@pytest.fixture
def analysis():
    ReleaseFactory(states_series=True)
    return make_analysis()


@pytest.fixture
def reading(analysis):
    """One row of all that a reading leaves behind."""
    study = complete(analysis).image.study
    make_annotation(image=analysis.image)
    make_verdict(study=study)
    make_signed_report(study=study)
    KeyImage.objects.create(image=analysis.image, reader=analysis.requested_by)
    make_calibration(image=analysis.image)
    LabelList.objects.create(clinic=study.clinic, names=["Glioma"])
    ClinicReason.objects.create(clinic=study.clinic, code="motion", label="Motion")
    ReportTemplate.objects.create(clinic=study.clinic, name="MRI head")


@pytest.mark.parametrize("model", KEPT)
def test_a_row_of_the_record_is_not_deleted(reading, model):
    row = model.objects.get()
    attempts = [row.delete, model.objects.all().delete, model.objects.filter(pk=row.pk).delete]
    for attempt in attempts:
        with pytest.raises(UndeletableError):
            attempt()
    assert model.objects.get() == row


def test_only_views_of_the_worklist_and_what_is_no_record_can_be_deleted():
    models = apps.get_app_config("scans").get_models()
    assert {model for model in models if not issubclass(model, Undeletable)} == {
        WorklistView,
        HangingProtocol,
        IdempotentRequest,
        Notification,
        Worker,
    }


def test_rows_are_not_deleted_from_their_parents_side(reading, analysis):
    image = analysis.image
    (verdict,) = image.study.verdicts.all()
    for children in (
        *(
            image.analyses,
            image.series.images,
            image.series.instances,
            image.instance.images,
            image.patient.studies,
        ),
        *(image.annotations, image.annotations.get().versions),
        *(image.study.verdicts, verdict.assessments, image.study.reports),
    ):
        with pytest.raises(UndeletableError):
            children.all().delete()
    assert Analysis.objects.exists()


@pytest.mark.parametrize("end", [complete, abstain])
@pytest.mark.parametrize(
    "change",
    [{"probability": 0.01}, {"label": "no_tumor"}, {"status": "queued"}, {"message": "Other."}],
    ids=str,
)
def test_the_database_refuses_to_change_a_finished_analysis(analysis, end, change):
    end(analysis)
    before = Analysis.objects.values().get()
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Analysis.objects.filter(pk=analysis.pk).update(**change)
    for name, value in change.items():
        setattr(analysis, name, value)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        analysis.save()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE scans_analysis SET threshold = 0.1")
    assert Analysis.objects.values().get() == before


def test_an_analysis_that_failed_can_still_change(analysis):
    fail(analysis)
    assert Analysis.objects.update(status="queued") == 1


def test_regions_and_distance_belong_to_a_result(analysis):
    for wrong in ({"regions": []}, {"distance": 0.5}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Analysis.objects.filter(pk=analysis.pk).update(**wrong)
    complete(analysis, regions=[suspect()], distance=0.5)
    for change in ({"regions": []}, {"regions": None}, {"distance": 0.1}):
        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Analysis.objects.filter(pk=analysis.pk).update(**change)
