"""The table behind `test_isolation`: every address of the project, and whose ids are in it.

A new URL needs an entry here: in `WITH_IDS` where its address holds the id of a clinic's row, in
`WITHOUT_IDS` where it does not, in `PUBLIC` where nobody needs to sign in. The entry also says
what a GET leaves in the audit trail (reads count), or why it leaves nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import models
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import AuditChain, AuditEvent, Clinic, User
from scans.models import (
    Analysis,
    AnalysisRule,
    Annotation,
    ApplicationEntity,
    ClinicReason,
    HangingProtocol,
    Image,
    KeyImage,
    LabelList,
    Notification,
    Patient,
    ReceivedObject,
    RecordChange,
    Report,
    ReportTemplate,
    Series,
    SpacingCalibration,
    Study,
    Verdict,
    WatchedFolder,
    WorklistView,
)
from scans.models.notification import NotificationKind
from scans.models.received_object import HeldCode, ReceivedSource
from scans.models.received_object_states import ReceivedState
from scans.models.watched_folder import folder_name


@dataclass
class World:
    """Two clinics; the first has a record, the second has people who must not see it."""

    owner: User
    others: list[User]
    patient: Patient
    study: Study
    image: Image
    analysis: Analysis
    token_key: str
    traces: list[str]
    view: WorklistView | None = None  # of the worklist, the owner's own
    protocol: HangingProtocol | None = None  # the owner's own
    calibration: SpacingCalibration | None = None  # the owner's, of the image
    reason: ClinicReason | None = None  # that the clinic added to the list
    annotation: Annotation | None = None  # a colleague's, on the image
    report: Report | None = None  # a colleague's, signed
    verdict: Verdict | None = None  # a colleague's, signed
    template: ReportTemplate | None = None  # the clinic's


Arguments = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Url:
    """One row: the ids in the address, and what a GET leaves in the audit trail, or why nothing.

    Several actions are set apart by spaces.
    """

    arguments: Arguments
    reads: str = ""
    why_not: str = ""


def of_patient(name: str = "patient_id") -> Arguments:
    return lambda world: {name: world.patient.pk}


def of_study(name: str = "study_id") -> Arguments:
    return lambda world: {name: world.study.pk}


def of_series(name: str = "series_id") -> Arguments:
    return lambda world: {name: Series.objects.get(study=world.study).pk}


def of_image(name: str = "image_id", **more: str) -> Arguments:
    return lambda world: {name: world.image.pk} | more


def of_analysis(name: str = "analysis_id", **more: str) -> Arguments:
    return lambda world: {name: world.analysis.pk} | more


def of_annotation(name: str = "pk") -> Arguments:
    return lambda world: {name: world.annotation.pk if world.annotation else uuid4()}


def of_report(name: str = "report_id") -> Arguments:
    return lambda world: {name: world.report.pk if world.report else uuid4()}


def of_view(name: str = "pk") -> Arguments:
    return lambda world: {name: world.view.pk if world.view else uuid4()}


def of_protocol(name: str = "pk") -> Arguments:
    return lambda world: {name: world.protocol.pk if world.protocol else uuid4()}


def of_calibration(name: str = "pk") -> Arguments:
    return lambda world: {name: world.calibration.pk if world.calibration else uuid4()}


def of_change(name: str = "pk") -> Arguments:
    def arguments(world: World) -> dict[str, Any]:
        change = RecordChange.objects.filter(study=world.study).first()
        change = change or RecordChange.objects.create(
            kind="study_corrected",
            patient=world.patient,
            study=world.study,
            before={"description": "Before"},
            after={"description": world.study.description},
            reason="For the test.",
            made_by=world.owner,
        )
        return {name: change.pk}

    return arguments


def of_received(name: str = "object_id") -> Arguments:
    def arguments(world: World) -> dict[str, Any]:
        facts = {"clinic": world.owner.clinic, "state": ReceivedState.HELD}
        row = ReceivedObject.objects.filter(**facts).first()
        row = row or ReceivedObject.objects.create(
            **facts,
            received_by=world.owner,
            source=ReceivedSource.FOLDER,
            sender="Onepatient",
            file="held",
            filename="held.dcm",
            sha256="0" * 64,
            byte_size=1,
            sop_instance_uid="1.2.77",
            study_instance_uid="1.2.7",
            stated_patient_id="ONE-78",
            stated_name="Onepatient^Other",
            code=HeldCode.NO_PATIENT,
        )
        return {name: row.pk}

    return arguments


def of_reason(name: str = "pk") -> Arguments:
    return lambda world: {name: world.reason.pk if world.reason else uuid4()}


def entity_of(world: World) -> ApplicationEntity:
    """The clinic's application entity; made in a world that has none."""
    made = {"received_by": world.owner, "title": str(world.owner.clinic_id)[:16]}
    return ApplicationEntity.objects.get_or_create(clinic=world.owner.clinic, defaults=made)[0]


def folder_of(world: World) -> WatchedFolder:
    """The clinic's watched folder; made in a world that has none."""
    made = {"received_by": world.owner, "name": folder_name(world.owner.clinic)}
    return WatchedFolder.objects.get_or_create(clinic=world.owner.clinic, defaults=made)[0]


def rule_of(world: World) -> AnalysisRule:
    """The clinic's rule of what is analyzed; made in a world that has none."""
    return AnalysisRule.objects.get_or_create(clinic=world.owner.clinic)[0]


def of_entity(name: str = "pk") -> Arguments:
    return lambda world: {name: entity_of(world).pk}


def of_person(world: World) -> dict[str, Any]:
    return {"user_id": world.owner.pk}


def of_person_in_the_api(world: World) -> dict[str, Any]:
    return {"pk": world.owner.pk}


def of_notification(name: str = "pk") -> Arguments:
    def arguments(world: World) -> dict[str, Any]:
        facts = {"clinic": world.owner.clinic, "person": world.owner, "study": world.study}
        made, _ = Notification.objects.get_or_create(kind=NotificationKind.STAT, **facts)
        return {name: made.pk}

    return arguments


def nothing(world: World) -> dict[str, Any]:
    return {}


WRITE = "takes no GET; the service that it calls records the write"
FORM = "an empty form"
READERS = "for radiologists and administrators: refused to the owner, a clinician"
ADMINISTRATORS = "for clinic administrators: refused to everybody else"
ACCOUNT = "one's own account, nothing of a patient"
MODEL = "the installation's model, nothing of a patient"

# Ids of the clinic are in the address: 404 for everyone else, whatever the method.
WITH_IDS: dict[str, Url] = {
    "patient": Url(of_patient(), "patient.read"),
    "patient-edit": Url(of_patient(), "patient.read"),
    "patient-archive": Url(
        of_patient(), why_not="the owner is a clinician, who archives nobody: refused"
    ),
    "patient-merge": Url(of_patient(), why_not=READERS),
    "patient-candidates": Url(of_patient(), "patient.read"),
    "study-correct": Url(of_study(), "study.read"),
    "reconcile-study": Url(of_received(), "receivedobject.read patient.listed"),
    "api:received-object": Url(of_received("pk"), "receivedobject.read"),
    "api:received-object-candidates": Url(of_received("pk"), "receivedobject.read patient.listed"),
    **{
        f"api:received-object-{name}": Url(of_received("pk"), why_not=WRITE)
        for name in ("assign", "retry", "discard", "restore")
    },
    "reconcile-register": Url(of_received(), "receivedobject.read"),
    **{
        f"reconcile-{name}": Url(of_received(), why_not=WRITE)
        for name in ("assign", "retry", "discard", "restore")
    },
    "study-prepare": Url(of_study(), why_not=WRITE),
    "study-move": Url(of_study(), why_not=READERS),
    "change-undo": Url(of_change("change_id"), why_not=WRITE),
    "api:patient-merge": Url(of_patient("pk"), why_not=WRITE),
    "api:patient-merge-candidates": Url(
        of_patient("pk"), why_not="nobody is like this patient; test_candidates_api has who is"
    ),
    "api:patient-changes": Url(of_patient("pk"), "patient.changes.read"),
    "api:study-correct": Url(of_study("pk"), why_not=WRITE),
    "api:study-prepare": Url(of_study("pk"), why_not=WRITE),
    "api:study-move": Url(of_study("pk"), why_not=WRITE),
    "api:study-changes": Url(of_study("pk"), "study.changes.read"),
    "api:record-change-undo": Url(of_change("pk"), why_not=WRITE),
    "patient-restore": Url(of_patient(), why_not=WRITE),
    "patient-rescore": Url(of_patient(), why_not=WRITE),
    # The fragments: here nobody has opened the page that polls them, so they are reads themselves.
    "patient-timeline": Url(of_patient(), "patient.read"),
    "study": Url(of_study(), "study.read"),
    "viewer": Url(of_study(), "study.read"),
    "viewer-results": Url(of_study(), "study.read"),
    "study-summary": Url(of_study(), "study.read"),
    "study-entry": Url(of_study(), "study.read"),
    "study-verdict": Url(of_study(), "study.verdict.read"),
    **{
        name: Url(of_study(), why_not=WRITE)
        for name in (
            *("study-take", "study-release", "study-assign", "study-priority", "study-reads"),
            *("study-verdict-save", "study-verdict-commit", "study-verdict-sign"),
            *("study-verdict-amend", "study-verdict-discard"),
            *("study-new-images-seen", "study-complete"),
        )
    },
    "api:study-comparisons": Url(of_study("pk"), "study.read"),
    "api:study-new-images": Url(of_study("pk"), "study.read"),
    "api:study-verdicts": Url(of_study("pk"), "study.verdict.read"),
    **{
        f"api:study-{name}": Url(of_study("pk"), why_not=WRITE)
        for name in (
            *("take", "release", "assign", "priority", "reads"),
            *("verdict-draft", "verdict-commit", "verdict-sign", "verdict-amend"),
            *("verdict-discard", "complete"),
        )
    },
    "critical-findings": Url(of_study(), why_not="the owner is a clinician, who reads no study"),
    "critical-finding-send": Url(of_study(), why_not=WRITE),
    "critical-finding-phone": Url(of_study(), why_not=WRITE),
    "api:study-critical-findings": Url(
        of_study("pk"), why_not="the owner is a clinician, who reads no study"
    ),
    "api:study-critical-findings-phone": Url(of_study("pk"), why_not=WRITE),
    "api:notification-read": Url(of_notification(), why_not=WRITE),
    "api:person": Url(of_person_in_the_api, why_not=ADMINISTRATORS),
    **{
        f"api:person-{name}": Url(of_person_in_the_api, why_not=WRITE) for name in ("close", "open")
    },
    "clinic-reason-retire": Url(of_reason("reason_id"), why_not=WRITE),
    "api:verdict-reason-retire": Url(of_reason(), why_not=WRITE),
    "worklist-view-forget": Url(of_view("view_id"), why_not=WRITE),
    "api:worklist-view-forget": Url(of_view(), why_not=WRITE),
    "hanging-protocol-delete": Url(of_protocol("protocol_id"), why_not=WRITE),
    "api:hanging-protocol-delete": Url(of_protocol(), why_not=WRITE),
    "api:study-key-images": Url(of_study("pk"), "study.read"),
    "api:study-calibrations": Url(of_study("pk"), "study.read"),
    "api:image-star": Url(of_image("pk"), why_not=WRITE),
    "api:image-unstar": Url(of_image("pk"), why_not=WRITE),
    "api:image-calibrations": Url(of_image("pk"), why_not=WRITE),
    "api:calibration-withdraw": Url(of_calibration(), why_not=WRITE),
    "study-report": Url(of_study(), "report.listed"),
    "study-report-start": Url(of_study(), why_not=WRITE),
    "report": Url(of_report(), "report.read"),
    "report-edit": Url(of_report(), why_not="a signed one is not edited: it leads to its page"),
    "report-save": Url(of_report(), why_not=WRITE),
    "report-asked": Url(of_report(), why_not=WRITE),
    "report-insert": Url(of_report(), why_not=WRITE),
    "api:report-insert-template": Url(of_report("pk"), why_not=WRITE),
    "report-sign": Url(of_report(), why_not=WRITE),
    "report-amend": Url(of_report(), why_not=WRITE),
    "report-discard": Url(of_report(), why_not=WRITE),
    "report-pdf": Url(of_report(), "report.pdf.read"),
    "report-verify": Url(
        lambda world: {"code": (world.report and world.report.code) or "-"}, "report.verified"
    ),
    "application-entity": Url(
        of_entity("entity_id"), why_not="who may send to the clinic, nothing of a patient"
    ),
    "report-template": Url(
        lambda world: {"template_id": world.template.pk if world.template else uuid4()},
        why_not="a text of the clinic, nothing of a patient",
    ),
    "api:report-template-detail": Url(
        lambda world: {"pk": world.template.pk if world.template else uuid4()},
        why_not="a text of the clinic, nothing of a patient",
    ),
    "analysis-fragment": Url(of_analysis(), "analysis.read"),
    "series-analyze": Url(of_series(), why_not=WRITE),
    "api:series-analyze": Url(of_series("pk"), why_not=WRITE),
    "series-order": Url(of_series(), why_not="the study is signed: a redirect that shows nothing"),
    "api:series-order": Url(of_series("pk"), why_not=WRITE),
    "series-acquisition": Url(of_series(), why_not=WRITE),
    "api:series-acquisition": Url(of_series("pk"), why_not=WRITE),
    "analysis-retry": Url(of_analysis(), why_not=WRITE),
    "analysis-cancel": Url(of_analysis(), why_not=WRITE),
    "analysis-file": Url(of_analysis(kind="overlay"), "analysis.overlay.read"),
    "image-analyze": Url(of_image(), why_not=WRITE),
    "image-mask": Url(of_image(), why_not=WRITE),
    "image-unmask": Url(of_image(), why_not=WRITE),
    "api:image-mask": Url(of_image("pk"), why_not=WRITE),
    "api:image-unmask": Url(of_image("pk"), why_not=WRITE),
    "image-file": Url(of_image(kind="original"), "image.original.read"),
    "instance-file": Url(
        lambda world: {"instance_id": world.image.instance_id}, "instance.original.read"
    ),
    "clinic-person": Url(of_person, why_not=ADMINISTRATORS),
    **{
        f"clinic-person-{name}": Url(of_person, why_not=WRITE)
        for name in ("link", "close", "open", "sign-out")
    },
    "clinic-person-token-revoke": Url(
        lambda world: {"user_id": world.owner.pk, "token_key": world.token_key}, why_not=WRITE
    ),
    "token-revoke": Url(lambda world: {"token_key": world.token_key}, why_not=WRITE),
    "api:patient-detail": Url(of_patient("pk"), "patient.read"),
    "api:patient-history": Url(of_patient("pk"), "patient.read"),
    "api:patient-archive": Url(of_patient("pk"), why_not=WRITE),
    "api:patient-restore": Url(of_patient("pk"), why_not=WRITE),
    "api:patient-rescore": Url(of_patient("pk"), why_not=WRITE),
    "api:patient-timeline": Url(of_patient("pk"), "patient.read"),
    "api:study-detail": Url(of_study("pk"), "study.read"),
    "api:study-viewer": Url(of_study("pk"), "study.read"),
    "api:image-frame": Url(of_image("pk"), "image.frame.read"),
    "api:study-annotations": Url(of_study("pk"), "annotation.listed"),
    "api:study-annotations-export": Url(of_study("pk"), "annotation.exported"),
    "api:study-annotations-import": Url(of_study("pk"), why_not=WRITE),
    "api:image-annotations": Url(of_image("pk"), "annotation.listed"),
    "api:annotation-detail": Url(of_annotation(), "annotation.read"),
    "api:annotation-history": Url(of_annotation(), "annotation.read"),
    **{
        f"api:annotation-{name}": Url(of_annotation(), why_not=WRITE)
        for name in ("hide", "unhide", "restore")
    },
    "api:study-report": Url(of_study("pk"), why_not=WRITE),
    "api:report-detail": Url(of_report("pk"), "report.read"),
    "api:report-pdf": Url(of_report("pk"), "report.pdf.read"),
    **{
        f"api:report-{name}": Url(of_report("pk"), why_not=WRITE)
        for name in ("sign", "amend", "discard", "renew-lines")
    },
    "api:image-detail": Url(of_image("pk"), "image.read"),
    "api:image-analyses": Url(of_image("pk"), "analysis.listed"),
    "api:image-file": Url(of_image("pk"), "image.original.read"),
    "api:image-rendition": Url(of_image("pk"), "image.rendition.read"),
    "api:image-thumbnail": Url(of_image("pk"), "image.thumbnail.read"),
    "api:analysis-detail": Url(of_analysis("pk"), "analysis.read"),
    "api:analysis-overlay": Url(of_analysis("pk"), "analysis.overlay.read"),
    "api:analysis-heatmap": Url(of_analysis("pk"), "analysis.heatmap.read"),
    "api:analysis-retry": Url(of_analysis("pk"), why_not=WRITE),
    "api:analysis-cancel": Url(of_analysis("pk"), why_not=WRITE),
}
# No ids, or none of a clinic (releases are the installation's): nothing of the other clinic in it.
WITHOUT_IDS: dict[str, Url] = {
    "start": Url(nothing, why_not="leads to where a person begins"),
    "home": Url(nothing, "study.listed"),
    "notifications": Url(nothing, "study.listed"),
    "api:notifications": Url(nothing, "study.listed"),
    "api:notifications-read": Url(nothing, why_not=WRITE),
    "api:people": Url(nothing, why_not=ADMINISTRATORS),
    "notification-count": Url(nothing, why_not="a number, nothing of a patient"),
    "notifications-read": Url(nothing, why_not=WRITE),
    "notification-settings": Url(nothing, why_not=ACCOUNT),
    "notification-open": Url(lambda world: {"notification_id": uuid4()}, why_not=WRITE),
    "worklist": Url(nothing, "study.listed"),
    "api:worklist": Url(nothing, "study.listed"),
    "api:worklist-next": Url(nothing, why_not=WRITE),
    "api:worklist-views": Url(nothing, why_not="names of views, nothing of a patient"),
    "api:hanging-protocols": Url(nothing, why_not="layouts, nothing of a patient"),
    "hanging-protocols": Url(nothing, why_not="layouts, nothing of a patient"),
    "api:verdict-reasons": Url(nothing, why_not="a list of the clinic, nothing of a patient"),
    # The owner is no administrator: refused in a sentence. What an administrator sees of it is
    # in `test_statistics.py`.
    "statistics": Url(nothing, why_not=ADMINISTRATORS),
    "api:statistics": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-settings": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-overview": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-audit-trail": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-people": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-person-invite": Url(nothing, why_not=ADMINISTRATORS),
    "clinic-reason-add": Url(nothing, why_not=WRITE),
    "analysis-rule": Url(nothing, why_not=ADMINISTRATORS),
    "senders": Url(nothing, why_not=ADMINISTRATORS),
    "watched-folder-save": Url(nothing, why_not=WRITE),
    "application-entity-new": Url(nothing, why_not=ADMINISTRATORS),
    # Only a token opens these, and only POST is answered: `scans/tests/dicomweb/test_stow.py`.
    "dicomweb:studies": Url(nothing, why_not=WRITE),
    "dicomweb:study": Url(lambda world: {"study_uid": "1.2.3"}, why_not=WRITE),
    "dicomweb:nothing-here": Url(nothing, why_not="there is nothing"),
    "worklist-next": Url(nothing, why_not=WRITE),
    "keys-note-read": Url(nothing, why_not=WRITE),
    "worklist-view-save": Url(nothing, why_not=WRITE),
    "patients": Url(nothing, "patient.listed study.listed"),
    "patient-new": Url(nothing, why_not=FORM),
    "patient-options": Url(nothing, "patient.listed"),
    "upload": Url(nothing, why_not=FORM),
    "api:received-objects": Url(nothing, "receivedobject.listed"),
    "reconcile": Url(nothing, "receivedobject.listed"),
    "upload-file": Url(nothing, why_not=WRITE),
    "account-home": Url(nothing, why_not=ACCOUNT),
    "account-tokens": Url(nothing, why_not=ACCOUNT),
    "token-create": Url(nothing, why_not=WRITE),
    "account_email": Url(nothing, why_not=ACCOUNT),
    "account_change_password": Url(nothing, why_not=ACCOUNT),
    "account_set_password": Url(nothing, why_not=ACCOUNT),
    "account_reauthenticate": Url(nothing, why_not=ACCOUNT),
    "usersessions_list": Url(nothing, why_not=ACCOUNT),
    "model-release": Url(lambda world: {"release_id": world.analysis.release_id}, why_not=MODEL),
    "api:token-revoke": Url(nothing, why_not=WRITE),
    "api:patient-list": Url(nothing, "patient.listed"),
    "api:study-list": Url(nothing, "study.listed"),
    "api:analysis-list": Url(nothing, "analysis.listed"),
    "studies-csv": Url(nothing, "study.exported"),
    "worklist-csv": Url(nothing, "study.exported"),
    "reports": Url(nothing, "report.listed"),
    "patients-csv": Url(nothing, "patient.exported study.exported"),
    "reports-csv": Url(nothing, "report.exported"),
    "statistics-csv": Url(lambda world: {"table": "differences"}, why_not=ADMINISTRATORS),
    "report-verify-form": Url(nothing, why_not=FORM),
    "report-templates": Url(nothing, why_not="names of texts of the clinic, nothing of a patient"),
    "report-template-new": Url(nothing, why_not=FORM),
    "api:annotation-list": Url(nothing, why_not=WRITE),
    "api:annotation-batch": Url(nothing, why_not=WRITE),
    "api:report-list": Url(nothing, "report.listed"),
    "api:report-template-list": Url(nothing, why_not="texts of the clinic, nothing of a patient"),
    "api:annotation-labels": Url(nothing, why_not="words of the clinic, nothing of a patient"),
    "annotation-labels": Url(nothing, why_not="words of the clinic, nothing of a patient"),
    "api:model-release-list": Url(nothing, why_not=MODEL),
    "api:model-release-detail": Url(lambda world: {"pk": world.analysis.release_id}, why_not=MODEL),
    "api:viewer-preferences": Url(nothing, why_not=ACCOUNT),
    "api:schema": Url(nothing, why_not="what the API takes and gives, no rows"),
    "api:docs": Url(nothing, why_not="what the API takes and gives, no rows"),
    "api:nothing-here": Url(nothing, why_not="there is nothing"),
}
# For everybody, signed in or not: nothing of any clinic in it, so nothing to record.
_NO_RECORD = "public: nothing of any clinic in it"
PUBLIC: dict[str, Url] = {
    name: Url(nothing, why_not=_NO_RECORD)
    for name in (
        "healthz",
        "readyz",
        "favicon",
        "account_login",
        "account_logout",
        "account_signup",  # says that it is closed
        "account_inactive",
        "account_email_verification_sent",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
        "api:token",
    )
} | {
    "account_confirm_email": Url(lambda world: {"key": "x"}, why_not=_NO_RECORD),
    # A link that works shows one finding, and records it: `test_critical_findings.py`.
    "critical-finding": Url(lambda world: {"token": "x"}, why_not=_NO_RECORD),
    "account_reset_password_from_key": Url(
        lambda world: {"uidb36": "1", "key": "x"}, why_not=_NO_RECORD
    ),
}
# A row of the first clinic for each model in the admin that has rows of clinics.
ADMIN_ROWS: dict[str, Callable[[World], models.Model]] = {
    "accounts.clinic": lambda world: Clinic.objects.get(pk=world.owner.clinic_id),
    "accounts.user": lambda world: world.owner,
    "accounts.auditevent": lambda world: AuditEvent.objects.filter(clinic=world.owner.clinic)[0],
    "accounts.auditchain": lambda world: AuditChain.objects.get(key=world.owner.clinic_id),
    "knox.authtoken": lambda world: world.owner.auth_token_set.get(),
    "scans.patient": lambda world: world.patient,
    "scans.study": lambda world: world.study,
    "scans.series": lambda world: Series.objects.get(study=world.study),
    "scans.instance": lambda world: world.image.instance,
    "scans.image": lambda world: world.image,
    "scans.recordchange": lambda world: RecordChange.objects.get(pk=of_change()(world)["pk"]),
    "scans.analysis": lambda world: world.analysis,
    "scans.verdict": lambda world: world.verdict,
    "scans.assessment": lambda world: world.verdict.assessments.get(),
    "scans.clinicreason": lambda world: world.reason,
    "scans.annotation": lambda world: world.annotation,
    "scans.annotationversion": lambda world: world.annotation.versions.get(),
    "scans.labellist": lambda world: LabelList.objects.get(clinic=world.owner.clinic),
    "scans.report": lambda world: world.report,
    "scans.reporttemplate": lambda world: world.template,
    "scans.worklistview": lambda world: world.view,
    "scans.hangingprotocol": lambda world: world.protocol,
    "scans.spacingcalibration": lambda world: world.calibration,
    "scans.analysisrule": rule_of,
    "scans.applicationentity": entity_of,
    "scans.watchedfolder": folder_of,
    "scans.keyimage": lambda world: KeyImage.objects.get(image=world.image),
}
ADMIN_WITHOUT_ROWS = {"scans.modelrelease", "scans.worker", "scans.idempotentrequest"}
# The admin's lists and rows that the audit trail does not mention. All others are in it.
ADMIN_WHY_NOT: dict[str, str] = {
    "accounts.clinic": "clinics, nothing of a patient",
    "accounts.user": "people of the clinic, nothing of a patient",
    "accounts.auditchain": "seals",
    "knox.authtoken": "tokens of the clinic's people, nothing of a patient",
    "scans.labellist": "words of the clinic, nothing of a patient",
    "scans.applicationentity": "who may send to the clinic, nothing of a patient",
    "scans.analysisrule": "what the clinic has analyzed, nothing of a patient",
    "scans.watchedfolder": "in whose name files are received, nothing of a patient",
    "scans.reporttemplate": "texts of the clinic, nothing of a patient",
    "scans.clinicreason": "words of the clinic, nothing of a patient",
    "scans.worklistview": "names of views; what they filter is not shown",
    "scans.hangingprotocol": "layouts, nothing of a patient",
    "scans.modelrelease": MODEL,
    "scans.worker": "processes",
    "scans.idempotentrequest": "keys of requests; the answers are not shown",
}
# What the admin has for every model; and each address beside those.
ADMIN_KINDS = ("changelist", "add", "history", "delete", "change")
ADMIN_MORE: dict[str, str] = {
    "admin:index": "names of models",
    "admin:app_list": "names of models",
    "admin:login": "redirects to the sign-in",
    "admin:logout": "redirects to the sign-out",
    "admin:password_change": "redirects to the account",
    "admin:password_change_done": "a sentence",
    "admin:jsi18n": "words of the interface",
    "admin:admin/(?P<url>.*)$": "adds a missing slash",
    "admin:accounts_user_password": "asks before it makes a one-time link; the write is recorded",
}
ADMIN_MORE_WITH_IDS: dict[str, Arguments] = {
    "admin:accounts_user_password": lambda world: {"user_id": world.owner.pk},
}
EVERYWHERE = WITH_IDS | WITHOUT_IDS | PUBLIC


def admin_url_names() -> set[str]:
    """What the table above says there is in the admin."""
    names = set(ADMIN_MORE)
    for label in [*ADMIN_ROWS, *ADMIN_WITHOUT_ROWS]:
        app, model = label.split(".")
        names |= {f"admin:{app}_{model}_{kind}" for kind in ADMIN_KINDS}
        names.add(f"admin:admin/{app}/{model}/<path:object_id>/")  # redirects to "change"
    return names


def url_names() -> Iterator[str]:
    """Every URL: its name with the namespace, or its path where it has none."""
    return _walk(get_resolver().url_patterns)


def _walk(patterns: list[Any], namespace: str = "", prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}" if pattern.name else f"{namespace}{path}"
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path)


def address(name: str, world: World) -> str:
    return reverse(name, kwargs=EVERYWHERE[name].arguments(world))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace")
