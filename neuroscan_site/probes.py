"""The health checks: /healthz (the process runs) and /readyz (it can do its work)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scans.services.core.readiness import readiness


@require_safe
@never_cache
@login_not_required
def healthz(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
@login_not_required
def readyz(_: HttpRequest) -> JsonResponse:
    found = readiness()
    status = "ready" if found.ready else "not ready"
    return JsonResponse(
        {"status": status, "parts": found.parts, "cannot_read": found.cannot_read},
        status=200 if found.ready else 503,
    )
