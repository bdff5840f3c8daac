"""The case history of a patient: studies newest first, each with its images and AI results."""

from typing import Any

from accounts.models import User
from scans.models import Patient, Study
from scans.pages.answers import version_of
from scans.pages.keyset import keyset_page
from scans.pages.summaries import StudySummary, summarize

ORDER = ("-study_date", "-received_at", "-id")
PAGE_SIZE = 20
THUMBNAILS = 24  # of one study; the study page has the rest


def timeline(patient: Patient, *, user: User, token: str = "") -> dict[str, Any]:
    """What the patient page shows. `version` changes when a study or an image is added."""
    studies = Study.objects.visible_to(user).filter(patient=patient).select_related("received_by")
    page = keyset_page(studies, order=ORDER, token=token, size=PAGE_SIZE)
    entries = [entry(summary) for summary in summarize(page.rows)]
    return {
        "patient": patient,
        "entries": entries,
        "newer": page.previous,
        "older": page.next,
        "watched": not token,
        # A study in work is watched by its own poller; its results do not redraw the others.
        "version": version_of(
            *(
                (str(one["study"].pk), len(one["summary"].images), one["summary"].in_work)
                for one in entries
            )
        ),
    }


def entry(summary: StudySummary) -> dict[str, Any]:
    """One study on the timeline."""
    return {
        "study": summary.study,
        "summary": summary,
        "images": summary.images[:THUMBNAILS],
        "hidden": max(0, len(summary.images) - THUMBNAILS),
        "version": version_of(summary.facts),
    }
