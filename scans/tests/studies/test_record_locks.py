"""Two changes of one record at once: one waits for the other, and none is taken for the other."""

import pytest
from django.core.exceptions import ValidationError

from accounts.tests.factories import UserFactory
from scans.errors import StateConflictError
from scans.models import Study
from scans.services.studies.corrections import correct_study
from scans.services.studies.merging import difference_between, merge_patients
from scans.services.studies.moving import move_study
from scans.services.studies.undoing import undo_change
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.threads import at_once

ROUNDS = 4


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


def changes_of(study: Study, reader):
    """A correction, its undo, a move and a merge, each as somebody may make it at that moment."""
    source, target = study.patient, PatientFactory(created_by=reader)
    corrected = correct_study(
        user=reader, study=study, changes={"accession_number": "1"}, reason="Missing"
    )
    return [
        lambda: correct_study(
            user=reader, study=study, changes={"description": "B"}, reason="Typing error"
        ),
        lambda: undo_change(user=reader, change=corrected),
        lambda: move_study(user=reader, study=study, patient=target, reason="Wrong patient"),
        lambda: merge_patients(
            user=reader,
            patient=source,
            into=target,
            despite=difference_between(source, target),
            reason="Same person",
        ),
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("pair", [(0, 2), (0, 3), (1, 2), (1, 3)], ids=str)
def test_what_is_corrected_while_it_is_moved_waits_or_is_refused_in_words(reader, pair, number):
    acts = changes_of(make_study(user=reader), reader)
    raised = at_once(*(acts[one] for one in pair))
    # Moved, or merged away, meanwhile; and whoever was first is not refused.
    assert len(raised) < 2, raised
    assert all(isinstance(error, StateConflictError | ValidationError) for error in raised), raised
