"""Every address of the clinical pages."""

from django.urls import path

from scans.pages import analyses, files, home, patients, releases, site, studies, upload

urlpatterns = [
    path("", home.home, name="home"),
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.patient_new, name="patient-new"),
    path("patients/options/", patients.patient_options, name="patient-options"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patients.patient_edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/archive/", patients.patient_archive, name="patient-archive"),
    path("patients/<uuid:patient_id>/restore/", patients.patient_restore, name="patient-restore"),
    path(
        "patients/<uuid:patient_id>/timeline/", patients.patient_timeline, name="patient-timeline"
    ),
    path("upload/", upload.upload, name="upload"),
    path("upload/file/", upload.upload_file, name="upload-file"),
    path("studies/<uuid:study_id>/", studies.study, name="study"),
    path("studies/<uuid:study_id>/summary/", studies.study_summary, name="study-summary"),
    path("studies/<uuid:study_id>/entry/", studies.study_entry, name="study-entry"),
    path(
        "analyses/<uuid:analysis_id>/fragment/",
        analyses.analysis_fragment,
        name="analysis-fragment",
    ),
    path("analyses/<uuid:analysis_id>/retry/", analyses.analysis_retry, name="analysis-retry"),
    path("analyses/<uuid:analysis_id>/cancel/", analyses.analysis_cancel, name="analysis-cancel"),
    path("analyses/<uuid:analysis_id>/file/<str:kind>/", files.analysis_file, name="analysis-file"),
    path("images/<uuid:image_id>/analyze/", analyses.image_analyze, name="image-analyze"),
    path("images/<uuid:image_id>/file/<str:kind>/", files.image_file, name="image-file"),
    path("models/<uuid:release_id>/", releases.model_release, name="model-release"),
    path("favicon.ico", site.favicon, name="favicon"),
]
