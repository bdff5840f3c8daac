"""What is said beside a verdict or a report wherever either is shown.

That the verdict was amended after the report was signed, and that the study was moved to another
patient after something of it was signed. `Report` and `Verdict` say it of one version; here it is
of a whole study, for lists. `reports/_caveats.html` draws either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from scans.models import Report, Verdict
from scans.services.reports.states import ReportState


@dataclass(frozen=True)
class Caveats:
    """Of one study; all None where nothing is to be said."""

    verdict_amended_at: datetime | None = None
    moved_at: datetime | None = None
    moved_from: str | None = None

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], report: ReportState) -> Self:
        """Return what is said beside these verdicts and this report of one study."""
        signed: list[Report | Verdict] = [*([report.signed] if report.signed else []), *verdicts]
        moved = next((row for row in signed if row.moved_at), None)
        return cls(
            verdict_amended_at=report.verdict_amended_at,
            moved_at=moved.moved_at if moved else None,
            moved_from=moved.moved_from if moved else None,
        )
