"""The page of a model release: intended use, training, tests and limits."""

import logging
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from accounts.policy import Action, require
from scans.models import ModelRelease
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.analyses import inference
from scans.services.analyses.releases import metrics_of

logger = logging.getLogger(__name__)


@require_GET
@clinical_page
def model_release(request: ClinicalRequest, release_id: UUID) -> HttpResponse:
    """Show a release. It belongs to the installation, so everyone who is signed in may read it."""
    require(request.user, Action.VIEW)
    release = ModelRelease.objects.filter(pk=release_id).first()
    if release is None:
        raise Http404("There is no such model release.")
    manifest = release.manifest if isinstance(release.manifest, dict) else {}
    sections = _sections(release)
    context = {
        "release": release,
        "manifest": manifest,
        "card": manifest.get("card") or {},
        "scores": manifest.get("scores") or [],
        "first_sections": [one for one in sections if inference.is_read_first(one["section"])],
        "sections": [one for one in sections if not inference.is_read_first(one["section"])],
    }
    return render(request, "analyses/release.html", context)


def _sections(release: ModelRelease) -> list[dict[str, Any]]:
    """Return the measured part of the card; empty where the release came without figures."""
    metrics = metrics_of(release)
    if metrics is None:
        return []
    try:
        facts = inference.measured_facts(
            release.directory, manifest=release.manifest, metrics=metrics
        )
    except inference.ReleaseError:
        logger.exception("The figures of release %s cannot be shown", release.pk)
        return []
    return [
        {
            "section": section,
            # Drawn from numbers by our own code (ml.card.charts), which escapes all text in it.
            "charts": [(chart, mark_safe(chart.svg)) for chart in charts],  # noqa: S308
        }
        for section, charts in facts
    ]
