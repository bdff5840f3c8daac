"""What the writes of the clinical record cost, and that each of them is a clinical write."""

import ast
import importlib
from operator import attrgetter
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit, people
from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Report
from scans.services.annotations.exchange import export_page, import_page
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports import drafting, signing
from scans.services.reports.signer import Signer
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    make_annotation,
    make_image,
    make_study,
    make_verdict,
)
from scans.tests.core.recorded_events import RecordedEvents, sources, writes

# Transactions without an audit event. Whoever adds one here says why it is no clinical write.
PLAIN_TRANSACTIONS = {
    "accounts/admin/base.py": "undoes what a form's service did, where it is refused",
    "accounts/audit.py": "the audit trail itself",
    "accounts/clinical_write.py": "the clinical write itself",
    "accounts/immutability.py": "triggers, which come and go as a whole",
    "accounts/models/user.py": "a person and their email address",
    "scans/services/analyses/execution.py": "the worker's: of a result, and of no person",
    "scans/services/analyses/series_statements.py": "a savepoint: a rule that faults undoes itself",
    "scans/services/annotations/lifecycle.py": "a savepoint: the same request, sent twice at once",
    "scans/services/core/idempotency.py": "the key of a request, nothing of a patient",
    "scans/services/patients/records.py": "a savepoint: somebody else took the MRN a moment ago",
    "scans/services/reading/hanging_protocols.py": "a savepoint: the name was taken just now",
    "scans/services/studies/decoding/execution.py": "the worker's: of pixels, and of no person",
    "scans/services/studies/inbox/accepting.py": "a savepoint: the same object, sent twice at once",
    "scans/services/reading/saved_views.py": "a savepoint: a view of this name was saved just now",
}


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True)


def test_every_other_transaction_is_a_clinical_write():
    """`transaction.atomic` appears only where the table says why."""
    found = set()
    for folder in ("accounts", "scans/services", "scans/pages", "scans/api", "scans/admin"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            name = path.relative_to(settings.BASE_DIR).as_posix()
            if "/tests/" not in name and "/migrations/" not in name and _is_atomic(path):
                found.add(name)
    assert found == set(PLAIN_TRANSACTIONS)


# Writes that a service records and is no clinical write. Whoever adds one here says why.
PLAIN_WRITES = {
    ("scans.services.analyses.releases.register_keras_release", "scans.RELEASE_REGISTERED"): (
        "a command, which asks nobody's permission: converting takes a minute, in no transaction"
    ),
    ("scans.services.reading.verdict_drafts.open_draft", "scans.VERDICT_BEGUN"): (
        "a part of the clinical writes of a verdict, which have asked and locked the study"
    ),
    ("scans.services.reports.signer.check_signer", "scans.REPORT_SIGNATURE_REFUSED"): (
        "a wrong password, which must stay recorded although nothing is written"
    ),
    (
        "scans.services.reports.drafting.begin_amendment",
        "scans.REPORT_AMENDMENT_BEGUN",
    ): "a part of the clinical writes that amend a report or a verdict, which have asked",
}
SERVICES = (
    *("scans.services.", "accounts.people", "accounts.clinics"),
    *("accounts.tokens", "accounts.preferences", "accounts.invitations"),
)


def test_every_service_that_records_a_write_is_a_clinical_write():
    everything = RecordedEvents(sources())
    found = {
        (f"{source.module}.{name}", event)
        for source in everything.sources
        if source.module.startswith(SERVICES)
        for name in source.functions
        if not name.split(".")[-1].startswith("_")
        for event in recorded_unprotected(everything, source, name) & writes()
    }
    assert found == set(PLAIN_WRITES)


def test_undecorated_it_would_be_found(monkeypatch):
    monkeypatch.setattr(people.edit_person, "writes_clinically", False)
    (source,) = (source for source in sources() if source.module == "accounts.people")
    everything = RecordedEvents([source])
    assert recorded_unprotected(everything, source, "edit_person") == {"accounts.PERSON_EDITED"}
    assert recorded_unprotected(everything, source, "add_person") == set()


def recorded_unprotected(everything, source, name, seen=()) -> set[str]:
    """What the function records outside a clinical write, itself or in others of its module."""
    function = source.functions[name]
    if name in seen or is_clinical_write(source, name):
        return set()
    found = everything.of_function(source, function)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in source.functions:
            found |= recorded_unprotected(everything, source, node.id, (*seen, name))
    return found


def is_clinical_write(source, name) -> bool:
    function = attrgetter(name)(importlib.import_module(source.module))
    return getattr(function, "writes_clinically", False)


def _is_atomic(path: Path) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "atomic"
        and isinstance(node.value, ast.Name)
        and node.value.id == "transaction"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def statements_of(act) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries]


def assert_cost(statements: list[str], *, total: int, events: int) -> None:
    """So many statements; the chain is locked once and moved once, after all the work is done."""
    of_chain = [n for n, sql in enumerate(statements) if '"accounts_auditchain"' in sql]
    inserts = [n for n, sql in enumerate(statements) if 'INSERT INTO "accounts_auditevent"' in sql]
    assert (len(of_chain), len(inserts)) == (2, 1)
    assert of_chain[0] < inserts[0] < of_chain[1]
    at_work = (n for n, sql in enumerate(statements) if sql.startswith(("INSERT", "UPDATE")))
    assert [n for n in at_work if n > of_chain[0]] == [inserts[0], of_chain[1]]
    newest = AuditEvent.objects.order_by("-id")[:events]
    assert len({event.at for event in newest}) == 1
    assert len(statements) == total
    assert list(audit.broken_links()) == []


def test_importing_ten_annotations_locks_the_chain_once(reader):
    image = make_image(user=reader)
    study = image.study
    rows = [make_annotation(image=image, author=reader) for _ in range(10)]
    page = export_page(user=reader, study=study, annotations=rows)
    other = UserFactory(radiologist=True, clinic=reader.clinic)
    for item in page["items"]:
        item["id"] = uuid4().urn

    statements = statements_of(lambda: import_page(user=other, study=study, page=page))

    # One of each annotation: whether its author calibrated the image by hand.
    assert_cost(statements, total=117, events=11)
    imported = AuditEvent.objects.filter(actor=other).order_by("id")
    assert [event.action for event in imported] == [
        *["annotation.imported"] * 10,
        "annotation.page_imported",
    ]


def test_signing_a_verdict(reader):
    study = make_study(user=reader)
    verdict_input = VerdictInput(finding="no_tumor")

    statements = statements_of(
        lambda: sign_verdict(user=reader, study=study, verdict_input=verdict_input)
    )

    # Two of them ask "no tumor" alone: of the reader's marks, and of what was told as critical.
    assert_cost(statements, total=29, events=2)
    assert set(
        AuditEvent.objects.filter(object_type="verdict").values_list("action", flat=True)
    ) == {
        "verdict.begun",
        "verdict.signed",
    }


def test_signing_a_report(reader):
    study = make_study(user=reader)
    make_verdict(study=study, reader=reader, finding="no_tumor")
    report = drafting.start_report(user=reader, study=study)
    drafting.save_report(
        user=reader, report=report, revision=report.revision, changes={"impression": "No tumor."}
    )
    report = Report.objects.get()

    statements = statements_of(
        lambda: signing.sign_report(
            user=reader, report=report, revision=report.revision, signer=Signer(PASSWORD)
        )
    )

    # What was drawn, decided and opened beside is compared with the text before it is signed, and
    # once more in the transaction, with eight statements each time.
    assert_cost(statements, total=42, events=1)


def test_receiving_a_study_of_ten_images(reader):
    ReleaseFactory()
    patient = PatientFactory(created_by=reader)
    make_study(user=reader)  # the clinic's chain is there
    files = [pictures.upload(f"{n}.png", pictures.png(seed=n)) for n in range(10)]

    statements = statements_of(
        lambda: receive_study(
            user=reader, patient=patient, study_date=timezone.localdate(), files=files
        )
    )

    # Two for each file: the instance, its images. One for all: what the clinic has of them, and one
    # which of them another patient has; and the clinic's rule of what is analyzed.
    assert_cost(statements, total=34, events=1)
