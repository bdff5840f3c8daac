"""Nothing is written for a patient who is archived, or was merged into another one."""

import importlib
import inspect
import pkgutil
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

import scans.services
from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import (
    Annotation,
    Image,
    Patient,
    RecordChange,
    Report,
    SpacingCalibration,
    Study,
)
from scans.services.analyses import lifecycle as analyses
from scans.services.analyses.rescoring import rescore_studies
from scans.services.analyses.series_requests import request_series
from scans.services.annotations import calibrations, exchange, key_images
from scans.services.annotations import lifecycle as annotations
from scans.services.patients.records import edit_patient
from scans.services.reading import assignment, critical_findings, verdict_drafts, verdicts
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.new_images import sign_nothing_changes
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports import drafting, verdict_signing
from scans.services.reports.signer import Signer
from scans.services.reports.signing import sign_report
from scans.services.studies.acquisitions import state_acquisition
from scans.services.studies.corrections import correct_study
from scans.services.studies.decoding.retrying import retry_decoding
from scans.services.studies.image_order import order_images
from scans.services.studies.masking import mask_image, unmask_image
from scans.services.studies.merging import difference_between, merge_patients
from scans.services.studies.moving import move_study
from scans.services.studies.priority import set_priority
from scans.services.studies.receiving import receive_study
from scans.services.studies.undoing import undo_change
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    fail,
    make_annotation,
    make_calibration,
    make_study,
)

pytestmark = pytest.mark.django_db
FINDING = VerdictInput(finding="tumor")
LINE = {"shape": "length", "start": [10, 10], "end": [40, 10]}

# Each takes the person, and the rows of the closed patient as they are now.
WRITES = {
    "edit_patient": lambda u, r: edit_patient(
        user=u, patient=r.patient, changes={"family_name": "Other"}
    ),
    "rescore_studies": lambda u, r: rescore_studies(user=u, patient=r.patient),
    "receive_study": lambda u, r: receive_study(
        user=u,
        patient=r.patient,
        study_date=timezone.localdate(),
        files=[pictures.upload("a.png", pictures.png(seed=9))],
    ),
    "merge_patients": lambda u, r: merge_patients(
        user=u,
        patient=r.patient,
        into=r.other,
        despite=difference_between(r.patient, r.other),
        reason="Same person",
    ),
    "merge_patients, into": lambda u, r: merge_patients(
        user=u,
        patient=r.other,
        into=r.patient,
        despite=difference_between(r.other, r.patient),
        reason="Same person",
    ),
    "move_study": lambda u, r: move_study(
        user=u, study=r.study, patient=r.other, reason="Wrong patient"
    ),
    "move_study, into": lambda u, r: move_study(
        user=u, study=r.study_of_other, patient=r.patient, reason="Wrong patient"
    ),
    "correct_study": lambda u, r: correct_study(
        user=u, study=r.study, changes={"description": "New"}, reason="Typing error"
    ),
    "undo_change": lambda u, r: undo_change(user=u, change=r.change),
    "state_acquisition": lambda u, r: state_acquisition(
        user=u, series=r.image.series, changes={"plane": "axial"}
    ),
    "order_images": lambda u, r: order_images(user=u, series=r.image.series, images=[r.image.pk]),
    "request_analysis": lambda u, r: analyses.request_analysis(user=u, image=r.image),
    "retry_analysis": lambda u, r: analyses.retry_analysis(user=u, analysis=r.image.analyses.get()),
    "take_study": lambda u, r: assignment.take_study(user=u, study=r.study),
    "assign_study": lambda u, r: assignment.assign_study(user=u, study=r.study, assignee=u),
    "set_priority": lambda u, r: set_priority(user=u, study=r.study, priority="stat"),
    "set_readers_required": lambda u, r: set_readers_required(user=u, study=r.study, readers=2),
    "save_draft": lambda u, r: verdict_drafts.save_draft(
        user=u, study=r.study, verdict_input=FINDING
    ),
    "commit_finding": lambda u, r: verdicts.commit_finding(user=u, study=r.study, finding="tumor"),
    "sign_verdict": lambda u, r: verdict_signing.sign_verdict(
        user=u, study=r.study, verdict_input=FINDING
    ),
    "begin_amendment": lambda u, r: verdicts.begin_amendment(user=u, study=r.study),
    "discard_amendment": lambda u, r: verdicts.discard_amendment(user=u, study=r.study),
    "sign_nothing_changes": lambda u, r: sign_nothing_changes(
        user=u, study=r.study, seen_until=timezone.now()
    ),
    "request_series": lambda u, r: request_series(user=u, series=r.image.series),
    "mask_image": lambda u, r: mask_image(user=u, image=r.image, parts=[[0, 0, 1, 1]]),
    "unmask_image": lambda u, r: unmask_image(user=u, image=r.image),
    "retry_decoding": lambda u, r: retry_decoding(user=u, study=r.study),
    "send_critical_finding": lambda u, r: critical_findings.send_critical_finding(
        user=u, study=r.study, text="A large mass.", recipient=UserFactory(clinic=u.clinic)
    ),
    "note_phone_call": lambda u, r: critical_findings.note_phone_call(
        user=u, study=r.study, text="A large mass.", spoken_to="Dr. Page", at=timezone.now()
    ),
    "star_image": lambda u, r: key_images.star_image(user=u, image=r.image),
    "unstar_image": lambda u, r: key_images.unstar_image(user=u, image=r.image),
    "calibrate": lambda u, r: calibrations.calibrate(
        user=u, image=r.image, start=[10, 10], end=[50, 10], known_mm=20, covers_series=False
    ),
    "withdraw_calibration": lambda u, r: calibrations.withdraw_calibration(
        user=u, calibration=r.calibration
    ),
    "create_annotation": lambda u, r: annotations.create_annotation(
        user=u, image=r.image, annotation_id=uuid4(), geometry=LINE
    ),
    "revise_annotation": lambda u, r: annotations.revise_annotation(
        user=u, annotation=r.annotation, version=1, changes={"note": "Other"}
    ),
    "hide_annotation": lambda u, r: annotations.hide_annotation(
        user=u, annotation=r.annotation, version=1
    ),
    "unhide_annotation": lambda u, r: annotations.unhide_annotation(
        user=u, annotation=r.hidden, version=2
    ),
    "restore_annotation": lambda u, r: annotations.restore_annotation(
        user=u, annotation=r.hidden, version=2, to=1
    ),
    "import_page": lambda u, r: exchange.import_page(user=u, study=r.study, page={}),
    "start_report": lambda u, r: drafting.start_report(user=u, study=r.study),
    "save_report": lambda u, r: drafting.save_report(
        user=u, report=r.report, revision=0, changes={"findings": "Other"}
    ),
    "renew_lines": lambda u, r: drafting.renew_lines(user=u, report=r.report, revision=0),
    "amend_report": lambda u, r: drafting.amend_report(
        user=u, report=r.report, reason="Typing error"
    ),
    "discard_report": lambda u, r: drafting.discard_report(user=u, report=r.report),
    "sign_report": lambda u, r: sign_report(
        user=u, report=r.report, revision=0, signer=Signer("x")
    ),
}
# Whoever adds one here says why it is none of the record, or has to go on.
OTHERS = {
    "assign": "refused for an archived patient; for a merged one it goes to the one who stays",
    "note_received": "a part of receiving, which has asked",
    "complete_study": "says that no more files come, and nothing else of the record",
    "acknowledge": "whoever was told of a finding answers, wherever the record went since",
    "archive_patient": "archiving itself: a second time changes nothing",
    "restore_patient": "the way back, which refuses a patient that was merged",
    "cancel_analysis": "takes out of the queue what nobody reads any more",
    "release_study": "gives back a study that somebody holds",
    "renew_lock": "says that a page is open, and nothing of the record",
    "record_comparison": "says what somebody looked at, as the trail does: reading goes on",
    "undo_correction": "a part of undo_change",
    "undo_move": "a part of undo_change",
    "undo_merge": "a part of undo_change, for one that was merged",
    "move_locked": "a part of a move or a merge, which have asked",
    "measure_anew": "a part of a calibration, which has asked",
}
_OF_A_PATIENT = {
    *("patient", "study", "series", "image", "analysis", "annotation", "calibration"),
    *("report", "change", "finding"),
}


class Rows:
    """The rows of one patient, read anew: what a door hands to a service."""

    def __init__(self, patient: Patient, other: Patient) -> None:
        self.patient = Patient.objects.get(pk=patient.pk)
        self.other = Patient.objects.get(pk=other.pk)
        self.study = Study.objects.get(patient=patient)
        self.study_of_other = Study.objects.get(patient=other)
        self.image = Image.objects.get(patient=patient)
        self.change = RecordChange.objects.get()
        self.annotation = Annotation.objects.with_context().get(is_hidden=False)
        self.hidden = Annotation.objects.with_context().get(is_hidden=True)
        self.calibration = SpacingCalibration.objects.get()
        self.report = Report.objects.get()


@pytest.fixture
def reader() -> User:
    return UserFactory(radiologist=True)


@pytest.fixture
def closed(reader, request) -> Rows:
    patient, other = PatientFactory(created_by=reader), PatientFactory(created_by=reader)
    study = make_study(patient=patient, user=reader)
    make_study(patient=other, user=reader)
    Study.objects.update(received_at=timezone.now() - timedelta(hours=1))
    image = Image.objects.get(series__study=study)
    fail(image.analyses.get())
    make_annotation(image=image, author=reader)
    annotations.hide_annotation(
        user=reader, annotation=make_annotation(image=image, author=reader), version=1
    )
    make_calibration(image=image, reader=reader)
    drafting.start_report(user=reader, study=study)
    correct_study(user=reader, study=study, changes={"description": "B"}, reason="Typing error")
    Patient.objects.filter(pk=patient.pk).update(
        archived_at=timezone.now(),
        archived_by=reader,
        archive_reason="Moved away",
        merged_into=other if request.param == "merged" else None,
    )
    return Rows(patient, other)


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize(
    ("closed", "words"),
    [("archived", "This patient is archived"), ("merged", "was merged into")],
    indirect=["closed"],
)
def test_it_is_refused_in_a_sentence_that_says_what_to_do(reader, closed, words, name):
    with pytest.raises(ValidationError) as refused:
        WRITES[name](reader, closed)
    assert words in " ".join(refused.value.messages)


def test_every_write_of_the_record_is_asked():
    found = set()
    for module in pkgutil.walk_packages(scans.services.__path__, "scans.services."):
        if ".demo." in module.name:
            continue
        for name, function in inspect.getmembers(
            importlib.import_module(module.name), inspect.isfunction
        ):
            is_write = getattr(function, "writes_clinically", False)
            if is_write and _OF_A_PATIENT & set(inspect.signature(function).parameters):
                found.add(name)
    private = {name for name in found if name.startswith("_")}
    assert found - private <= {name.split(",")[0] for name in WRITES} | set(OTHERS)
