"""Model facts: what a release is, how it was trained and tested, what it is bad at."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.policy import Action, require
from scans.models import ModelRelease
from scans.pages.clinical import ClinicalRequest, clinical_page


@require_GET
@clinical_page
def model_release(request: ClinicalRequest, release_id: UUID) -> HttpResponse:
    """Releases belong to the installation: everyone who is signed in may read about them."""
    require(request.user, Action.VIEW)
    release = ModelRelease.objects.filter(pk=release_id).first()
    if release is None:
        raise Http404("There is no such model release.")
    manifest = release.manifest if isinstance(release.manifest, dict) else {}
    context = {
        "release": release,
        "manifest": manifest,
        "card": manifest.get("card") or {},
        "scores": manifest.get("scores") or [],
    }
    return render(request, "models/release.html", context)
