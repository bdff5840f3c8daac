from django.contrib import admin
from django.urls import include, path

from accounts.trail_pages import audit_trail
from neuroscan_site import probes

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("clinic/people/", include("accounts.clinic_urls")),
    path("clinic/audit-trail/", audit_trail, name="clinic-audit-trail"),
    path("admin/", admin.site.urls),
    path("api/", include("scans.api.urls")),
    path("dicomweb/", include("scans.dicomweb.urls")),
    path("", include("scans.pages.urls")),
]

# Below /api/ and /dicomweb/ an error is a problem (RFC 9457), elsewhere a page.
handler400 = "scans.api.core.errors.bad_request"
handler403 = "scans.api.core.errors.permission_denied"
handler404 = "scans.api.core.errors.page_not_found"
handler500 = "scans.api.core.errors.server_error"
