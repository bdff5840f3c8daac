from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import audit, audit_events
from accounts.models import AuditEvent, Clinic, Role, User
from accounts.policy import (
    Action,
    NotAllowedError,
    get_visible_or_404,
    has_object_perm,
    has_perm,
    require,
)
from accounts.tests.factories import ClinicFactory, UserFactory
from neuroscan_site.tests.matrix import examples
from scans.models import (
    Analysis,
    AnalysisRule,
    Annotation,
    AnnotationVersion,
    ApplicationEntity,
    Assessment,
    ClinicReason,
    Comparison,
    CriticalFinding,
    HangingProtocol,
    Image,
    Instance,
    KeyImage,
    LabelList,
    NewImagesReview,
    Notification,
    Patient,
    PatientIdentifier,
    ReceivedObject,
    RecordChange,
    Report,
    ReportTemplate,
    Series,
    SeriesStatement,
    SliceEvidence,
    SpacingCalibration,
    Study,
    Verdict,
    WatchedFolder,
    WorklistView,
)
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.comparisons import record_comparison
from scans.services.reading.saved_views import save_view
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.studies.corrections import correct_study
from scans.services.studies.inbox.accepting import accept_object
from scans.tests.core.factories import (
    ReleaseFactory,
    complete,
    make_analysis,
    make_annotation,
    make_calibration,
    make_signed_report,
    make_study,
)
from scans.tests.studies.dicom_files import slice_of

pytestmark = pytest.mark.django_db

MODELS = [
    *(Clinic, User, AuditEvent, Patient, Study, Series, Instance, Image, Analysis),
    *(Annotation, AnnotationVersion, LabelList, Report, ReportTemplate),
    *(KeyImage, SpacingCalibration, HangingProtocol, NewImagesReview),
    *(CriticalFinding, Notification),
    *(Verdict, Assessment, ClinicReason, WorklistView),
    *(SeriesStatement, SliceEvidence, RecordChange, Comparison),
    *(ReceivedObject, PatientIdentifier, ApplicationEntity, WatchedFolder),
    AnalysisRule,
]

EVERYBODY = {
    Action.VIEW,
    Action.REGISTER_PATIENT,
    Action.EDIT_PATIENT,
    Action.UPLOAD_STUDY,
    Action.CORRECT_STUDY,
    Action.REQUEST_ANALYSIS,
    Action.CANCEL_ANALYSIS,
    Action.PRIORITIZE_STUDY,
}
TABLE = {
    Role.CLINICIAN: EVERYBODY,
    Role.RADIOLOGIST: EVERYBODY
    | {
        Action.READ_STUDY,
        Action.ARCHIVE_PATIENT,
        Action.MOVE_STUDY,
        Action.ASSIGN_STUDY,
        Action.SHARE_WORKLIST_VIEW,
        Action.ANNOTATE,
        Action.WRITE_REPORT,
        Action.VIEW_STATISTICS,
    },
    Role.ADMINISTRATOR: EVERYBODY
    | {
        Action.ARCHIVE_PATIENT,
        Action.DECIDE_CONFLICT,
        Action.MANAGE_PEOPLE,
        Action.READ_AUDIT_TRAIL,
        Action.MOVE_STUDY,
        Action.ASSIGN_STUDY,
        Action.SHARE_WORKLIST_VIEW,
        Action.EDIT_CLINIC_SETTINGS,
        Action.VIEW_STATISTICS,
    },
}
SUPERUSER = set(Action) - {
    Action.REGISTER_PATIENT,
    Action.UPLOAD_STUDY,
    Action.DECIDE_CONFLICT,
    Action.READ_STUDY,
    Action.SHARE_WORKLIST_VIEW,
    Action.VIEW_STATISTICS,
    Action.ANNOTATE,
    Action.WRITE_REPORT,
}


@dataclass
class World:
    clinics: list[Clinic]

    def rows(self) -> Iterator[Any]:
        for model in MODELS:
            yield from model.objects.all()


@pytest.fixture
def world() -> World:
    """Two clinics with one row of everything, and a superuser, whose events are in no clinic."""
    ReleaseFactory(states_series=True)
    clinics = [ClinicFactory(), ClinicFactory()]
    for clinic in clinics:
        UserFactory(clinic=clinic, administrator=True)
        reader = UserFactory(clinic=clinic, radiologist=True)
        analysis = complete(make_analysis(user=UserFactory(clinic=clinic)))
        study = analysis.image.study
        assessment = AssessmentInput(analysis.pk, "accept")
        save_draft(
            user=reader,
            study=study,
            verdict_input=VerdictInput(finding="tumor", assessments=(assessment,)),
        )
        save_view(user=reader, name="Mine", filters={})
        ClinicReason.objects.create(clinic=clinic, code="blur", label="Blur")
        make_annotation(image=analysis.image, author=reader)
        make_signed_report(study=study, author=reader)
        record_comparison(user=reader, study=study, other=make_study(patient=study.patient))
        KeyImage.objects.create(image=analysis.image, reader=reader)
        make_calibration(image=analysis.image, reader=reader)
        NewImagesReview.objects.create(
            study=study,
            reader=reader,
            seen_until=timezone.now(),
            signed_at=timezone.now(),
            signed_name=str(reader),
        )
        accept_object(user=reader, content=slice_of(), source="folder", sender="in")
        title = f"MR{clinic.pk.hex[:8]}"
        ApplicationEntity.objects.create(clinic=clinic, title=title, received_by=reader)
        AnalysisRule.objects.create(clinic=clinic)
        WatchedFolder.objects.create(clinic=clinic, name=clinic.pk.hex, received_by=reader)
        PatientIdentifier.objects.create(
            clinic=clinic, patient=study.patient, value="A", added_by=reader
        )
        HangingProtocol.objects.create(clinic=clinic, name="Alone", layout="one")
        correct_study(user=reader, study=study, changes={"description": "Head"}, reason="Test.")
        LabelList.objects.get_or_create(clinic=clinic)
        ReportTemplate.objects.create(clinic=clinic, name="Head")
        Notification.objects.create(clinic=clinic, person=reader, kind="assigned", study=study)
        CriticalFinding.objects.create(
            clinic=clinic,
            study=study,
            reported_by=reader,
            reported_at=timezone.now(),
            channel="account",
            text="A mass.",
            recipient_name="Dr. House",
        )
    audit.record(actor=UserFactory(superuser=True), event=audit_events.ACCOUNT_SIGNED_IN)
    return World(clinics)


def anybody(world: World) -> st.SearchStrategy[Any]:
    """Any account, also such as the database would refuse: the policy must not rely on it."""
    account = st.builds(
        User,
        username=st.just("somebody"),
        clinic=st.sampled_from([*world.clinics, None]),
        role=st.sampled_from([*Role.values, "", "janitor"]),
        is_active=st.booleans(),
        is_superuser=st.booleans(),
        is_staff=st.booleans(),
    )
    return st.one_of(account, st.builds(AnonymousUser))


def test_visible_to_and_can_view_agree_for_every_row_and_anybody(world):
    rows = list(world.rows())
    assert {type(row) for row in rows} == set(MODELS)

    @settings(max_examples=examples(60, many=600), suppress_health_check=list(HealthCheck))
    @given(person=anybody(world))
    def check(person):
        for model in MODELS:
            visible = set(model.objects.visible_to(person).values_list("pk", flat=True))
            allowed = {
                row.pk
                for row in rows
                if type(row) is model and has_object_perm(person, Action.VIEW, row)
            }
            assert visible == allowed, model

    check()


def test_every_model_that_knows_its_clinic_is_in_the_property_test():
    from django.apps import apps

    from accounts.policy import ClinicQuerySet

    known = {
        model
        for model in apps.get_models()
        if isinstance(model._default_manager.get_queryset(), ClinicQuerySet)
    }
    assert known == set(MODELS)


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("action", list(Action))
def test_a_role_includes_exactly_the_actions_of_the_table(role, action):
    person = UserFactory(role=role)
    own, other = person.clinic, ClinicFactory()

    assert has_perm(person, action) is (action in TABLE[role])
    assert has_object_perm(person, action, own) is (action in TABLE[role])
    assert has_object_perm(person, action, other) is False


@pytest.mark.parametrize("action", list(Action))
def test_a_superuser_does_everything_that_needs_no_clinic_of_ones_own(action):
    assert has_perm(UserFactory(superuser=True), action) is (action in SUPERUSER)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize(
    "nobody",
    [
        lambda: AnonymousUser(),
        lambda: UserFactory(administrator=True, is_active=False),
        lambda: UserFactory(superuser=True, is_active=False),
        lambda: User(username="adrift", role=Role.ADMINISTRATOR),
        lambda: User(username="adrift", role="janitor", clinic=ClinicFactory()),
    ],
    ids=["anonymous", "deactivated", "deactivated superuser", "no clinic", "unknown role"],
)
def test_nothing_is_allowed_by_default(nobody, action):
    person = nobody()

    assert has_perm(person, action) is False
    with pytest.raises(NotAllowedError):
        require(person, action)


def test_only_administrators_see_the_audit_trail(world):
    clinician = User.objects.get(clinic=world.clinics[0], role=Role.CLINICIAN)
    administrator = User.objects.get(clinic=world.clinics[0], role=Role.ADMINISTRATOR)

    assert not AuditEvent.objects.visible_to(clinician).exists()
    seen = AuditEvent.objects.visible_to(administrator)
    assert seen.exists()
    assert {event.clinic_id for event in seen} == {world.clinics[0].pk}


def test_a_row_of_another_clinic_is_not_found(world):
    study = Study.objects.filter(clinic=world.clinics[0]).earliest("received_at")
    outsider = UserFactory(clinic=world.clinics[1])

    assert get_visible_or_404(Study.objects.all(), study.received_by, pk=study.pk) == study
    with pytest.raises(Http404):
        get_visible_or_404(Study.objects.all(), outsider, pk=study.pk)
    with pytest.raises(Http404):
        get_visible_or_404(Study.objects.all(), AnonymousUser(), pk=study.pk)
