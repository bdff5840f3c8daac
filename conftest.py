"""For all tests: private servers, and what happens where a program is not installed."""

import os

import pytest

from neuroscan_site.tests.programs import BY_MARKER

pytest_plugins = ["neuroscan_site.tests.servers", "neuroscan_site.tests.s3_store"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip where a program is missing, and say which; in CI nothing may go untested."""
    for marker, program in BY_MARKER.items():
        if item.get_closest_marker(marker) and (reason := program.missing()):
            if os.environ.get("CI") == "true":
                pytest.fail(f"{reason}, and in CI no test may be skipped", pytrace=False)
            pytest.skip(reason)
