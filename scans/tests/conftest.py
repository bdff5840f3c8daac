from collections.abc import Iterator

import pytest

from accounts.tests.factories import ClinicFactory, UserFactory
from accounts.tokens import create_token
from neuroscan_site.tests.kept_rows import kept_rows
from scans.models import (
    AnalysisRule,
    ApplicationEntity,
    ClinicReason,
    Image,
    KeyImage,
    LabelList,
    ReportTemplate,
    WatchedFolder,
)
from scans.models.watched_folder import folder_name
from scans.services.reading.hanging_protocols import save_hanging_protocol
from scans.services.reading.saved_views import save_view
from scans.tests.core.factories import (
    PatientFactory,
    complete,
    make_annotation,
    make_calibration,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.isolation_table import World


@pytest.fixture
def world(db) -> World:
    return make_world()


@pytest.fixture(scope="module")
def kept_world(django_db_setup, django_db_blocker) -> Iterator[World]:
    """One for a module; `deepcopy` it for each test (`kept_rows`)."""
    with kept_rows(django_db_blocker):
        yield make_world()


def make_world() -> World:
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
    traces += [owner.clinic.name, token.token_key, image.instance.sha256]
    view = save_view(user=owner, name="Oneview", filters={"priority": "stat"})
    traces += ["Oneview", str(view.pk)]
    protocol = save_hanging_protocol(user=owner, name="Onelayout", layout="one", counts={})
    traces += ["Onelayout", str(protocol.pk)]
    KeyImage.objects.create(image=image, reader=owner)
    calibration = make_calibration(image=image, reader=owner)
    traces.append(str(calibration.pk))
    reason = ClinicReason.objects.create(clinic=owner.clinic, code="onecode", label="Onereason")
    traces += ["Onereason", str(reason.pk)]
    annotation = make_annotation(image=image, note="Onenote")
    traces += ["Onenote", str(annotation.pk)]
    report = make_signed_report(study=study, impression="Oneimpression")
    traces += ["Oneimpression", str(report.pk), report.code]
    verdict = make_verdict(study=study, comment="Onecomment")
    traces += ["Onecomment", str(verdict.pk)]
    entity = ApplicationEntity.objects.create(
        clinic=owner.clinic, received_by=owner, title="ONEENTITY"
    )
    AnalysisRule.objects.create(clinic=owner.clinic)
    folder = WatchedFolder.objects.create(
        clinic=owner.clinic, received_by=owner, name=folder_name(owner.clinic)
    )
    traces += ["ONEENTITY", str(entity.pk), folder.name]
    template = ReportTemplate.objects.create(clinic=owner.clinic, name="Onetemplate")
    LabelList.objects.create(clinic=owner.clinic, names=["Onelabel"])
    traces.append("Onelabel")
    traces += ["Onetemplate", str(template.pk)]
    return World(
        owner,
        others,
        patient,
        study,
        image,
        analysis,
        token.token_key,
        traces,
        view=view,
        protocol=protocol,
        calibration=calibration,
        reason=reason,
        annotation=annotation,
        report=report,
        verdict=verdict,
        template=template,
    )
