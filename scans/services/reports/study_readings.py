"""What lists show of the reading of a study: the finding, the report, what is said of both."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from scans.models import Study
from scans.services.reading.readable_verdicts import ReadableFinding, readable_findings
from scans.services.reports.caveats import Caveats
from scans.services.reports.states import ReportState, report_states


@dataclass(frozen=True)
class StudyReading:
    """Of one study, as far as one person may see it."""

    study: Study
    finding: ReadableFinding
    report: ReportState

    @property
    def caveats(self) -> Caveats:
        """What is said beside finding and report."""
        return Caveats.of(self.study, self.finding.verdicts, self.report)

    @property
    def radiologist(self) -> str:
        """The finding in the words of a list; two that disagree one after the other."""
        found = [verdict.get_finding_display() for verdict in self.finding.verdicts]
        return "; ".join([*found, *([self.finding.words] if self.finding.words else [])])

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything that can change in how it is shown; compared by polls."""
        return (
            self.finding.facts,
            self.report.facts,
            str(self.study.new_images_at),
            self.study.is_arriving,
        )


def study_readings(*, user: User, studies: Iterable[Study]) -> dict[UUID, StudyReading]:
    """Return the reading of each of these studies, which the caller got from `visible_to`."""
    rows = list(studies)
    findings = readable_findings(user=user, studies=rows)
    reports = report_states(user=user, studies=rows)
    return {row.pk: StudyReading(row, findings[row.pk], reports[row.pk]) for row in rows}


def caveats_on(*, user: User, studies: Iterable[UUID]) -> dict[UUID, Caveats]:
    """Return what is said beside each of these studies that the person may see."""
    rows = Study.objects.visible_to(user).filter(pk__in=list(studies))
    return {pk: row.caveats for pk, row in study_readings(user=user, studies=rows).items()}
