from django.contrib import admin
from django.urls import include, path

from neuroscan_site import probes

urlpatterns = [
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("scans.api.urls")),
    path("", include("scans.pages.urls")),
]
