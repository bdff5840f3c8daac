"""A pytest plug-in: every test that was collected has to report, and in CI none may be skipped.

pytest-xdist knows tests by their ids: of several with one id it runs one, and says nothing of the
others. This plug-in counts what each worker collected and what was reported.
"""

import os
from typing import Any

import pytest

NAME = "completeness"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Completeness(config), NAME)


class Completeness:
    """Counts tests on the process that prints the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        self.selected = 0
        self.reported = 0
        self.skipped: list[str] = []
        self.faults: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if self.is_worker:
            self.config.workeroutput["selected"] = len(session.items)  # type: ignore[attr-defined]
        else:
            self.selected = max(self.selected, len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker of pytest-xdist counted; every worker collects everything."""
        output = getattr(node, "workeroutput", None) or {}
        self.selected = max(self.selected, output.get("selected", 0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ends = report.when == "call" or (report.when == "setup" and not report.passed)
        if not ends:
            return
        self.reported += 1
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        stopped = session.shouldstop or session.shouldfail or self.config.option.collectonly
        if self.is_worker or stopped or session.exitstatus not in (0, 1):
            return
        if self.reported < self.selected:
            self.faults.append(
                f"{self.selected} tests were collected and {self.reported} reported: "
                "tests with the same id hide each other. Give each an id of its own."
            )
        if self.skipped and os.environ.get("CI") == "true":
            self.faults.append("In CI no test may be skipped: " + ", ".join(self.skipped))
        if self.faults:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for fault in self.faults:
            terminalreporter.write_line(fault, red=True)
