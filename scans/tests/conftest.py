import pytest

from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token
from scans.models import Image
from scans.tests.factories import PatientFactory, complete, make_study
from scans.tests.isolation_table import World


@pytest.fixture
def world(db) -> World:
    owner = UserFactory(username="owner-one", first_name="Onegiven", last_name="Onefamily")
    patient = PatientFactory(
        created_by=owner, mrn="ONE-77", family_name="Onepatient", given_name="Onefirst"
    )
    study = make_study(user=owner, patient=patient, description="Onedescription")
    image = Image.objects.get(series__study=study)
    analysis = complete(image.analyses.get())
    token, _ = create_token(user=owner)
    second = ClinicFactory()
    others = [
        UserFactory(clinic=second, **{role: True}) for role in ("radiologist", "administrator")
    ]
    PatientFactory(created_by=others[0], mrn="TWO-1", family_name="Twopatient")
    traces = [str(row.pk) for row in (patient, study, image, analysis, owner.clinic)]
    traces += ["Onepatient", "Onefirst", "ONE-77", "Onedescription", "owner-one", "Onefamily"]
    traces += [owner.clinic.name, token.token_key, image.sha256]
    return World(owner, others, patient, study, image, analysis, token.token_key, traces)
