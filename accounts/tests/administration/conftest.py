import pytest

from accounts import audit, audit_events
from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token
from scans.models import ClinicReason, IdempotentRequest, LabelList, ReportTemplate
from scans.services.reading.saved_views import save_view
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
def administrator():
    return UserFactory(administrator=True)


@pytest.fixture
def site(client, administrator):
    """A browser in which the clinic administrator is signed in."""
    client.force_login(administrator)
    return client


@pytest.fixture
def one_of_everything(administrator, superuser):
    """At least one row of every registered model, in the administrator's clinic and in another."""
    for clinic in (administrator.clinic, ClinicFactory(name="The Other Clinic")):
        person = UserFactory(clinic=clinic)
        analysis = complete(make_analysis(user=person))
        make_verdict(study=analysis.image.study)
        make_annotation(image=analysis.image)
        make_signed_report(study=analysis.image.study)
        ReportTemplate.objects.create(clinic=clinic, name="Ours")
        LabelList.objects.create(clinic=clinic, names=["Cyst"])
        save_view(user=person, name="Mine", filters={"q": "Testcase"})
        ClinicReason.objects.create(clinic=clinic, code="motion", label="Motion")
        create_token(user=person)
        audit.record(actor=person, event=audit_events.ACCOUNT_SIGNED_IN, row=person)
    IdempotentRequest.objects.create(
        user=superuser, key="key", fingerprint="f", status_code=201, response={"mrn": "SECRET"}
    )
    WorkerFactory()
