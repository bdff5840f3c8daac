"""What is said beside a verdict or a report wherever either is shown.

That the verdict was amended after the report was signed, that images came since something was
signed, that the report was signed although it contradicts itself, and that the study was moved to
another patient after something was signed.
`Report` and `Verdict` say it of one version; here it is of a whole study, for lists.
`reports/_caveats.html` draws either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from scans.models import Report, Study, Verdict
from scans.services.reports.states import ReportState


@dataclass(frozen=True)
class Caveats:
    """Of one study; all None where nothing is to be said."""

    verdict_amended_at: datetime | None = None
    new_images_at: datetime | None = None
    moved_at: datetime | None = None
    moved_from: str | None = None
    signed_although: tuple[str, ...] = ()
    contradiction_note: str = ""  # of the signer of that report

    @classmethod
    def of(cls, study: Study, verdicts: Iterable[Verdict], report: ReportState) -> Self:
        """Return what is said beside these verdicts and this report of one study."""
        signed: list[Report | Verdict] = [*([report.signed] if report.signed else []), *verdicts]
        moved = next((row for row in signed if row.moved_at), None)
        return cls(
            verdict_amended_at=report.verdict_amended_at,
            new_images_at=study.new_images_at,
            moved_at=moved.moved_at if moved else None,
            moved_from=moved.moved_from if moved else None,
            signed_although=report.signed.signed_although if report.signed else (),
            contradiction_note=report.signed.contradiction_note if report.signed else "",
        )
