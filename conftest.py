"""For all tests: private servers, and what happens where a program is not installed."""

import os

import pytest
from hypothesis import HealthCheck, settings

from neuroscan_site.tests.matrix import FULL
from neuroscan_site.tests.programs import BY_MARKER

# No property is about time, and a busy machine is slow.
settings.register_profile("sample", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("full", settings.get_profile("sample"), max_examples=1000)
settings.load_profile("full" if FULL else "sample")

pytest_plugins = [
    "neuroscan_site.tests.completeness",
    "neuroscan_site.tests.servers",
    "neuroscan_site.tests.s3_store",
    "scans.tests.core.fixtures",
    "scans.tests.core.browsing",
]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip where a program is missing, and say which; in CI nothing may go untested."""
    for marker, program in BY_MARKER.items():
        if item.get_closest_marker(marker) and (reason := program.missing()):
            if os.environ.get("CI") == "true":
                pytest.fail(f"{reason}, and in CI no test may be skipped", pytrace=False)
            pytest.skip(reason)
