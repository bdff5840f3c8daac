import pytest
from django.utils.text import slugify

from accounts import audit, audit_events
from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token
from neuroscan_site.tests.kept_rows import kept_rows
from scans.models import (
    AnalysisRule,
    ApplicationEntity,
    ClinicReason,
    HangingProtocol,
    IdempotentRequest,
    KeyImage,
    LabelList,
    ReportTemplate,
    SpacingCalibration,
    WatchedFolder,
)
from scans.models.hanging_protocol import Layout
from scans.services.reading.saved_views import save_view
from scans.services.studies.corrections import correct_study
from scans.tests.core.factories import (
    WorkerFactory,
    complete,
    make_analysis,
    make_annotation,
    make_signed_report,
    make_verdict,
)


@pytest.fixture
def superuser():
    return UserFactory(superuser=True, username="root-of-all")


@pytest.fixture
def site(client, superuser):
    """A browser in which the superuser is signed in."""
    client.force_login(superuser)
    return client


@pytest.fixture(scope="module")
def one_of_everything(django_db_setup, django_db_blocker):
    """At least one row of every registered model, in two clinics; the same for a whole module."""
    with kept_rows(django_db_blocker):
        make_one_of_everything()
        yield


def make_one_of_everything():
    for name in ("The Clinic", "The Other Clinic"):
        clinic = ClinicFactory(name=name)
        person = UserFactory(clinic=clinic, radiologist=True)
        analysis = complete(make_analysis(user=person))
        make_verdict(study=analysis.image.study)
        make_annotation(image=analysis.image)
        make_signed_report(study=analysis.image.study)
        ReportTemplate.objects.create(clinic=clinic, name="Ours")
        LabelList.objects.create(clinic=clinic, names=["Cyst"])
        save_view(user=person, name="Mine", filters={"q": "Testcase"})
        ClinicReason.objects.create(clinic=clinic, code="motion", label="Motion")
        AnalysisRule.objects.create(clinic=clinic)
        ApplicationEntity.objects.create(clinic=clinic, title=name.upper()[:16], received_by=person)
        WatchedFolder.objects.create(clinic=clinic, name=slugify(name), received_by=person)
        HangingProtocol.objects.create(clinic=clinic, name="One pane", layout=Layout.values[0])
        KeyImage.objects.create(image=analysis.image, reader=person)
        SpacingCalibration.objects.create(
            image=analysis.image,
            reader=person,
            line={"x1": 0, "y1": 0, "x2": 10, "y2": 0},
            known_mm=5.0,
            mm_per_pixel=0.5,
        )
        correct_study(
            user=person,
            study=analysis.image.study,
            changes={"description": "Corrected"},
            reason="Mistyped at the console.",
        )
        create_token(user=person)
        audit.record(actor=person, event=audit_events.ACCOUNT_SIGNED_IN, row=person)
    IdempotentRequest.objects.create(
        user=UserFactory(superuser=True),
        key="key",
        fingerprint="f",
        status_code=201,
        response={"mrn": "SECRET"},
    )
    WorkerFactory()
