"""What a signed verdict is does not change by going back to the version before."""

import pytest
from django.db.migrations.exceptions import IrreversibleError
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.models import Assessment
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment, discard_amendment, sign_verdict
from scans.tests.core.factories import complete, make_study
from scans.tests.core.scratch_migrations import migrate, newest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


def refuses_to_go_back(to: str, match: str) -> None:
    last = newest()
    try:
        with pytest.raises(IrreversibleError, match=match):
            migrate(to)
    finally:
        migrate(last)


def test_a_withdrawn_acceptance_is_not_made_a_part_of_its_verdict(reader):
    study = make_study(user=reader)
    analysis = complete(study.series.get().images.get().analyses.get())
    accepted = AssessmentInput(analysis.pk, "accept", "")
    save_draft(user=reader, study=study, verdict_input=VerdictInput(assessments=(accepted,)))
    Assessment.objects.update(withdrawn_at=timezone.now())
    refuses_to_go_back("0030_instance", "withdrawn")
    assert not Assessment.objects.exists()
    assert Assessment.with_withdrawn.count() == 1


def test_a_discarded_amendment_stays_discarded(reader):
    study = make_study(user=reader)
    sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    begin_amendment(user=reader, study=study, reason="Misread.")
    discard_amendment(user=reader, study=study)
    refuses_to_go_back("0031_assessment_withdrawn", "discarded")
