"""What would be generated now for a report: each part is read once, and where it is used."""

from functools import cached_property
from typing import Any

from accounts.models import User
from scans.models import Annotation, Study, Verdict
from scans.services.annotations.readable_annotations import readable_annotations
from scans.services.reports.ai_statement import AiResults
from scans.services.reports.comparison import comparison_text
from scans.services.reports.content import ai_lines, annotation_line, readers_of_report


class GeneratedNow:
    """For this writer, with this verdict; one is made for a request, and passed on."""

    def __init__(self, *, user: User, study: Study, verdict: Verdict | None) -> None:
        self.user, self.study, self.verdict = user, study, verdict

    @cached_property
    def ai_results(self) -> AiResults:
        """What the lines of the AI statement are made of."""
        return AiResults.of(self.study)

    @cached_property
    def undecided(self) -> list[str]:
        """The lines of the AI statement without what the radiologist decided."""
        return ai_lines(self.ai_results, None)

    @cached_property
    def decided(self) -> list[str]:
        """The lines of the AI statement as they are written."""
        return ai_lines(self.ai_results, self.verdict)

    @cached_property
    def of_the_ai(self) -> frozenset[str]:
        """What a line of the AI statement may be, with or without a decision."""
        return frozenset([*self.undecided, *self.decided])

    @cached_property
    def annotated(self) -> list[Annotation]:
        """The annotations that the writer may see."""
        return list(readable_annotations(user=self.user, study=self.study).shown())

    @cached_property
    def annotations(self) -> dict[str, str]:
        """The line of each annotation, by its id."""
        return {str(row.pk): annotation_line(row) for row in self.annotated}

    @cached_property
    def comparison(self) -> list[str]:
        """The lines of what was opened beside, and what was not."""
        readers = readers_of_report(self.user, self.verdict)
        return comparison_text(self.study, readers=readers).split("\n")

    @property
    def kept(self) -> dict[str, Any]:
        """What a draft that is begun, or renewed, now keeps of what was generated in it."""
        return {
            # Decisions come while one writes, and are compared on their own.
            "ai_statement": self.undecided,
            "findings": self.annotations,
            "comparison": self.comparison,
        }
