"""The table of invariants in docs/architecture.md names tests, and there are such tests."""

import re

import pytest
from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "architecture.md").read_text()
TABLE = TEXT.split("## What must always hold")[1].split("\n## ")[0]
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize("row", ROWS)
def test_every_invariant_names_a_test_that_exists(row):
    _, _, proof, _ = re.split(r"\s*(?<!\\)\|\s*", row)
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", proof)
    assert any("/test_" in path for path, _ in named)
    for path, function in named:
        source = (settings.BASE_DIR / path).read_text()
        assert not function or f"\ndef {function}(" in source, function
