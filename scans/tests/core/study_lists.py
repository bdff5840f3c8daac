"""Studies for tests of the list on the home page."""

from scans.models import Analysis
from scans.services.analyses.lifecycle import cancel_analysis
from scans.tests.core.factories import (
    PatientFactory,
    abstain,
    complete,
    fail,
    forget_analyses,
    make_study,
)

HOME = "/studies/"


def study_of(user, *, description, outcomes=()):
    """A study with one image for each outcome: a probability, or one of the words below."""
    patient = PatientFactory(created_by=user)
    study = make_study(
        user=user, patient=patient, images=len(outcomes) or 1, description=description
    )
    for analysis, outcome in zip(analyses_of(study), outcomes, strict=False):
        match outcome:
            case "abstained":
                abstain(analysis)
            case "failed":
                fail(analysis)
            case "cancelled":
                cancel_analysis(user=user, analysis=analysis)
            case "bare":
                forget_analyses(Analysis.objects.filter(pk=analysis.pk))
            case float():
                complete(analysis, probability=outcome)
    return study


def analyses_of(study):
    return Analysis.objects.filter(image__series__study=study).order_by("image__number")


def shown(response):
    """The descriptions of the studies on the page, in their order."""
    return [summary.study.description for summary in response.context["summaries"]]
