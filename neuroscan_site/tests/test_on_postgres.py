"""The tests of the services and of the audit trail once more, on PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neuroscan_site.tests.matrix import FULL

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("postgres")]
pytestmark += [pytest.mark.timeout(1200)]  # minutes, since it holds the tests of many files

ROOT = Path(__file__).resolve().parents[2]
ONCE_MORE = [
    "scans/tests/analyses/test_execution.py",
    "scans/tests/analyses/test_workers.py",
    "scans/tests/annotations/test_annotations.py",
    "scans/tests/core/audit_chain_on_postgres.py",
    "scans/tests/core/test_clinical_writes.py",
    "scans/tests/core/test_files.py",
    *(
        f"scans/tests/core/test_odd_parameters.py::{test}"
        for test in (
            "test_no_value_is_a_fault_on_a_page",
            "test_no_value_is_a_fault_in_the_api",
            "test_no_value_is_a_fault_in_the_administration",
            "test_json_with_what_is_no_text_is_refused_by_its_place",
        )
    ),
    "scans/tests/core/test_paging.py",
    "scans/tests/core/test_privacy.py",
    "scans/tests/core/test_undeletable.py",
    "scans/tests/core/test_upgrade.py",
    "scans/tests/patients/test_candidates_api.py",
    "scans/tests/patients/test_patients.py",
    "scans/tests/patients/test_search.py",
    "scans/tests/reading/test_double_reading.py",
    "scans/tests/reading/test_ranking.py",
    "scans/tests/reading/test_verdict_locks.py",
    "scans/tests/reading/test_verdicts.py",
    "scans/tests/reports/test_content.py",
    "scans/tests/reports/test_reports.py",
    "scans/tests/statistics/test_agreement.py",
    "scans/tests/studies/test_arrival.py",
    "scans/tests/studies/test_arrival_migration.py",
    "scans/tests/studies/test_dicom_migration.py",
    "scans/tests/studies/test_dicom_receiving.py",
    "scans/tests/studies/test_instance_migration.py",
    "scans/tests/studies/test_receiving.py",
    "scans/tests/studies/test_uids.py",
    "scans/tests/studies/record_locks_on_postgres.py",
    "scans/tests/studies/test_record_changes.py",
    "scans/tests/studies/test_record_locks.py",
    "scans/tests/analyses/test_transitions.py",
    "scans/tests/core/test_immutability.py",
    "scans/tests/core/test_migration_tools.py",
    "accounts/tests/test_audit.py",
    "accounts/tests/test_clinical_write.py",
    "accounts/tests/test_undeletable_rows.py",
    "accounts/tests/test_policy.py",
    # Runs the model; a demo is made on SQLite.
    *(["scans/tests/demo/test_demo.py"] if FULL else []),
]


def test_the_services_keep_their_promises_on_postgres(postgres_database):
    """SQLite has one writer at a time, which hides what a missing lock would do."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        # Not of this run: xdist's workers, coverage, and what importing the site has set.
        if not name.startswith(("PYTEST_", "COV_", "COVERAGE_", "DJANGO_", "NEUROSCAN_"))
    }
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *ONCE_MORE],
        cwd=ROOT,
        env=inherited | {"DATABASE_URL": postgres_database},
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert " passed" in result.stdout
