"""The first draft of a report, from the clinic's template, verdict, annotations and AI results."""

from typing import Any

from scans.models import ReportTemplate
from scans.models.assessment import Finding
from scans.models.report_sections import SECTION_NAMES
from scans.services.reports.content import IMPRESSIONS, shortened
from scans.services.reports.figures import figures_from
from scans.services.reports.generated_now import GeneratedNow


def initial_content(now: GeneratedNow, *, template: ReportTemplate) -> dict[str, Any]:
    """Return the sections and figures of a new report, as fields of `Report`."""
    texts: dict[str, Any] = dict.fromkeys(SECTION_NAMES, "") | template.texts
    return texts | {
        "comparison": _lines(texts["comparison"], *now.comparison),
        "findings": shortened([texts["findings"], *now.annotations.values()]),
        "impression": _impression(texts["impression"], now),
        "ai_statement": "\n".join(now.decided),
        "figures": figures_from([row for row in now.annotated if row.author_id == now.user.pk]),
    }


def _impression(prefilled: str, now: GeneratedNow) -> str:
    verdict = now.verdict
    if verdict is None or not verdict.finding:
        return shortened([prefilled])
    return shortened([prefilled, _lines(IMPRESSIONS[Finding(verdict.finding)], verdict.comment)])


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
