"""DICOMweb (PS3.18): the Store transaction."""

from django.urls import path, re_path

from scans.dicomweb.views import NothingHereView, StoreView

app_name = "dicomweb"

urlpatterns = [
    path("studies", StoreView.as_view(), name="studies"),
    path("studies/<str:study_uid>", StoreView.as_view(), name="study"),
    re_path(r"", NothingHereView.as_view(), name="nothing-here"),
]
