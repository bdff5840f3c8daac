"""The sections of a report, in one table.

Columns, forms, pages, templates of a clinic, API, PDF and administration follow from it; what a
section starts with besides its template's text is in `scans.services.reports.content`.
docs/extending.md says how to add one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import models

LONGEST_SECTION = 10_000  # characters
_Model = TypeVar("_Model", bound=type[models.Model])


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: a column of text, at most `LONGEST_SECTION` characters, "" where it is empty."""

    name: str  # of the column, the field of the forms and the member in the API
    heading: str  # on pages, in the administration and in the PDF
    lines: int  # how high its box is in the editor
    help_text: str = ""  # below its box and in the API's schema
    in_templates: bool = False  # whether a clinic's template may prefill it
    # The sentence that refuses a signature while it is empty; "" where it may stay empty.
    needed_to_sign: str = ""

    def field(self) -> models.TextField:
        """A new column for this section."""
        return models.TextField(
            self.heading, max_length=LONGEST_SECTION, blank=True, help_text=self.help_text
        )


# In the order in which they are read.
SECTIONS = (
    Section(name="technique", heading="Technique", lines=3, in_templates=True),
    Section(name="comparison", heading="Comparison", lines=3, in_templates=True),
    Section(name="findings", heading="Findings", lines=10, in_templates=True),
    Section(
        name="impression",
        heading="Impression",
        lines=5,
        in_templates=True,
        needed_to_sign="Write an impression before you sign.",
    ),
    Section(name="ai_statement", heading="AI statement", lines=5),
)
SECTION_NAMES = tuple(section.name for section in SECTIONS)
SECTIONS_CALLED = {section.name: f"section “{section.heading}”" for section in SECTIONS}
TEMPLATE_SECTIONS = tuple(section for section in SECTIONS if section.in_templates)
TEMPLATE_SECTION_NAMES = tuple(section.name for section in TEMPLATE_SECTIONS)


def with_sections(sections: Sequence[Section]) -> Callable[[_Model], _Model]:
    """Return a decorator that gives a model a column for each of these sections.

    Raises `ValueError` where the model has a field of that name already.
    """

    def add(model: _Model) -> _Model:
        taken = {field.name for field in model._meta.local_fields}
        for section in sections:
            if section.name in taken:
                raise ValueError(f"{model.__name__} has a field {section.name} already.")
            model.add_to_class(section.name, section.field())
        return model

    return add
