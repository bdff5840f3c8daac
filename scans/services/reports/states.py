"""The states of the reports of several studies, as far as one person may read them; for lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from scans.models import Report, Study
from scans.models.report import ReportStatus
from scans.services.disclosure import disclosed_to, others_disclosed
from scans.services.reports.drafting import readable_reports


@dataclass(frozen=True)
class ReportState:
    """The newest signed version of a study's report, and the draft that is being written."""

    signed: Report | None = None
    draft: Report | None = None
    withheld: bool = False  # not this person's to read yet, whether there is one or not

    @property
    def verdict_amended_at(self) -> datetime | None:
        """When the verdict was amended after the report; see `Report.verdict_amended_at`."""
        return self.signed.verdict_amended_at if self.signed else None

    @property
    def new_images_at(self) -> datetime | None:
        """When images came after the report; see `Report.new_images_at`."""
        return self.signed.new_images_at if self.signed else None

    @property
    def words(self) -> str:
        """What a list says of it."""
        if self.withheld:
            return "Report withheld"
        if self.signed:
            amended = ", amendment being written" if self.draft else ""
            return f"Report {self.signed.get_status_display().lower()}{amended}"
        return "Report preliminary" if self.draft else "No report"

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything that its display depends on."""
        return (
            str(self.signed and self.signed.pk),
            str(self.verdict_amended_at),
            str(self.new_images_at),
            str(self.signed and self.signed.moved_at),
            str(self.draft and self.draft.pk),
            self.withheld,
        )


def report_states(*, user: User, studies: Iterable[Study]) -> dict[UUID, ReportState]:
    """Return the state of the report of each of these studies, by study, in two queries."""
    ids = [row.pk for row in studies]
    readable = Study.objects.filter(disclosed_to(user), others_disclosed(), pk__in=ids)
    readable_ids = set(readable.values_list("pk", flat=True))
    signed: dict[UUID, Report] = {}
    drafts: dict[UUID, Report] = {}
    rows = (
        readable_reports(user=user)
        .not_discarded()
        .filter(study__in=ids)
        .select_related("author", "superseded_by", "study")
        .with_caveats()
    )
    for row in rows.order_by("number"):
        # The newest of the signed ones supersedes those before it.
        (drafts if row.status == ReportStatus.PRELIMINARY else signed)[row.study_id] = row
    return {
        pk: ReportState(signed.get(pk), drafts.get(pk), withheld=pk not in readable_ids)
        for pk in ids
    }
