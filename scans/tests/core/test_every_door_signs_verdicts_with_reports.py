"""A verdict is signed where its report follows: no door goes past that."""

import ast
from pathlib import Path

import scans

ROOT = Path(scans.__file__).parent
PAST = "scans.services.reading.verdicts"
ALLOWED = {"services/reading/verdicts.py"}


def test_only_the_reports_call_the_signature_of_the_reading_room():
    callers = set()
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("tests/", "migrations/")) or name in ALLOWED:
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            imports_it = isinstance(node, ast.ImportFrom) and node.module == PAST
            if imports_it and any(one.name == "sign_verdict" for one in node.names):
                callers.add(name)
            is_attribute = isinstance(node, ast.Attribute) and node.attr == "sign_verdict"
            if is_attribute and getattr(node.value, "id", "") == "verdicts":
                callers.add(name)
    assert callers == {
        "services/reports/verdict_signing.py",
        "services/reports/verdict_with_report.py",
    }
