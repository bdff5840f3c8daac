"""Sign a verdict, as every door does it: the report of the study follows.

Where the study has a signed report, an amended verdict starts that report's amendment in the same
transaction; until it is signed, `Report.verdict_amended_at` says so wherever the report is shown.
The act lives here, since the reading room knows nothing of reports; a test refuses a door that
goes to `scans.services.reading.verdicts.sign_verdict` past it.
"""

from collections.abc import Iterable
from uuid import UUID

from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans.models import Report, Study, Verdict
from scans.models.assessment import ReadAs
from scans.services.analyses.displayed_results import ShownStatement
from scans.services.reading import verdicts
from scans.services.reading.contradictions import Despite
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports.content import texts_after
from scans.services.reports.drafting import begin_amendment


@clinical_write(Action.READ_STUDY, on="study")
def sign_verdict(
    *,
    user: User,
    study: Study,
    verdict_input: VerdictInput,
    layers: Iterable[str] = (),
    shown: Iterable[UUID] | None = None,
    statements: Iterable[ShownStatement] | None = None,
    despite: Despite | None = None,
) -> Verdict:
    """Sign as `verdicts.sign_verdict` does, and start the report's amendment where it needs one.

    Raises what that raises.
    """
    verdict = verdicts.sign_verdict(
        user=user,
        study=study,
        verdict_input=verdict_input,
        layers=layers,
        shown=shown,
        statements=statements,
        despite=despite,
    )
    start_report_amendment(user=user, verdict=verdict)
    return verdict


def start_report_amendment(*, user: User, verdict: Verdict) -> Report | None:
    """Start the amendment of the report that this verdict was signed after, in the transaction.

    None where there is no such report, or an amendment of it is being written already.
    """
    report = Report.objects.filter(study=verdict.study_id).current().first()
    if report is None or report.verdict_amended_at is None:
        return None
    if Report.objects.filter(study=verdict.study_id).preliminary().exists():
        return None
    if verdict.is_amendment:
        reason = f"The verdict was amended: {' '.join(verdict.amendment_reason.split())}"
    elif verdict.read_as != ReadAs.ADJUDICATION:
        reason = "The verdict was signed after the report."
    else:
        reason = "The verdict was decided anew by adjudication."
    return begin_amendment(
        user=user, report=report, reason=reason[:500], texts=texts_after(report, verdict)
    )
