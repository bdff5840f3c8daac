"""Every address of the clinical pages."""

from django.urls import path

from scans.pages.analyses import releases, rule, series
from scans.pages.analyses import views as analyses
from scans.pages.annotations import labels
from scans.pages.core import notifications, site
from scans.pages.patients import archiving
from scans.pages.patients import csv as patients_csv
from scans.pages.patients import list as patient_list
from scans.pages.patients import views as patients
from scans.pages.reading import (
    assignment,
    clinic_settings,
    critical_findings,
    hanging_protocols,
    study,
    verdict,
    viewer,
    worklist,
)
from scans.pages.reading import csv as worklist_csv
from scans.pages.reports import csv as reports_csv
from scans.pages.reports import editor as report_editor
from scans.pages.reports import imaging_request
from scans.pages.reports import list as report_list
from scans.pages.reports import templates as report_templates
from scans.pages.reports import views as reports
from scans.pages.statistics import csv as statistics_csv
from scans.pages.statistics import overview
from scans.pages.statistics import views as statistics
from scans.pages.studies import (
    acquisition,
    files,
    masking,
    order,
    prepare,
    reconcile,
    record,
    senders,
    upload,
)
from scans.pages.studies import csv as studies_csv
from scans.pages.studies import list as studies

urlpatterns = [
    path("", site.start, name="start"),
    path("studies/", studies.home, name="home"),
    path("patients/", patient_list.patient_list, name="patients"),
    path("patients/new/", patients.patient_new, name="patient-new"),
    path("patients/options/", patients.patient_options, name="patient-options"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patients.patient_edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/archive/", archiving.patient_archive, name="patient-archive"),
    path("patients/<uuid:patient_id>/restore/", archiving.patient_restore, name="patient-restore"),
    path("patients/<uuid:patient_id>/rescore/", patients.patient_rescore, name="patient-rescore"),
    path(
        "patients/<uuid:patient_id>/timeline/", patients.patient_timeline, name="patient-timeline"
    ),
    path(
        "patients/<uuid:patient_id>/candidates/",
        patients.patient_candidates,
        name="patient-candidates",
    ),
    path("patients/<uuid:patient_id>/merge/", record.patient_merge, name="patient-merge"),
    path("upload/", upload.upload, name="upload"),
    path("upload/file/", upload.upload_file, name="upload-file"),
    path("reconcile/", reconcile.reconcile, name="reconcile"),
    path("reconcile/<uuid:object_id>/", reconcile.reconcile_study, name="reconcile-study"),
    path(
        "reconcile/<uuid:object_id>/register/",
        reconcile.reconcile_register,
        name="reconcile-register",
    ),
    path("reconcile/<uuid:object_id>/assign/", reconcile.reconcile_assign, name="reconcile-assign"),
    path("reconcile/<uuid:object_id>/retry/", reconcile.reconcile_retry, name="reconcile-retry"),
    path(
        "reconcile/<uuid:object_id>/discard/", reconcile.reconcile_discard, name="reconcile-discard"
    ),
    path(
        "reconcile/<uuid:object_id>/restore/", reconcile.reconcile_restore, name="reconcile-restore"
    ),
    path("studies/<uuid:study_id>/", study.study, name="study"),
    path("studies/<uuid:study_id>/correct/", record.study_correct, name="study-correct"),
    path("studies/<uuid:study_id>/move/", record.study_move, name="study-move"),
    path("record-changes/<uuid:change_id>/undo/", record.change_undo, name="change-undo"),
    path("studies/<uuid:study_id>/prepare/", prepare.study_prepare, name="study-prepare"),
    path("studies/<uuid:study_id>/viewer/", viewer.viewer, name="viewer"),
    path("studies/<uuid:study_id>/viewer/results/", viewer.viewer_results, name="viewer-results"),
    path("studies/<uuid:study_id>/summary/", study.study_summary, name="study-summary"),
    path("studies/<uuid:study_id>/entry/", study.study_entry, name="study-entry"),
    path(
        "series/<uuid:series_id>/acquisition/",
        acquisition.series_acquisition,
        name="series-acquisition",
    ),
    path("series/<uuid:series_id>/analyze/", series.series_analyze, name="series-analyze"),
    path("series/<uuid:series_id>/order/", order.series_order, name="series-order"),
    path(
        "analyses/<uuid:analysis_id>/fragment/",
        analyses.analysis_fragment,
        name="analysis-fragment",
    ),
    path("analyses/<uuid:analysis_id>/retry/", analyses.analysis_retry, name="analysis-retry"),
    path("analyses/<uuid:analysis_id>/cancel/", analyses.analysis_cancel, name="analysis-cancel"),
    path("analyses/<uuid:analysis_id>/file/<str:kind>/", files.analysis_file, name="analysis-file"),
    path("instances/<uuid:instance_id>/file/", files.instance_file, name="instance-file"),
    path("images/<uuid:image_id>/analyze/", analyses.image_analyze, name="image-analyze"),
    path("images/<uuid:image_id>/mask/", masking.image_mask, name="image-mask"),
    path("images/<uuid:image_id>/unmask/", masking.image_unmask, name="image-unmask"),
    path("images/<uuid:image_id>/file/<str:kind>/", files.image_file, name="image-file"),
    path("clinic/overview/", overview.clinic_overview_page, name="clinic-overview"),
    path("clinic/", clinic_settings.clinic_settings, name="clinic-settings"),
    path("clinic/reasons/", clinic_settings.clinic_reason_add, name="clinic-reason-add"),
    path(
        "clinic/reasons/<uuid:reason_id>/retire/",
        clinic_settings.clinic_reason_retire,
        name="clinic-reason-retire",
    ),
    path("clinic/analyzed-series/", rule.analysis_rule, name="analysis-rule"),
    path("clinic/senders/", senders.senders, name="senders"),
    path("clinic/senders/folder/", senders.watched_folder_save, name="watched-folder-save"),
    path("clinic/senders/entities/new/", senders.application_entity, name="application-entity-new"),
    path(
        "clinic/senders/entities/<uuid:entity_id>/",
        senders.application_entity,
        name="application-entity",
    ),
    path("statistics/", statistics.statistics, name="statistics"),
    path("worklist/", worklist.worklist_page, name="worklist"),
    path("viewer/keys-note/", viewer.keys_note_read, name="keys-note-read"),
    path("worklist/next/", worklist.worklist_next, name="worklist-next"),
    path("worklist/views/", worklist.worklist_view_save, name="worklist-view-save"),
    path(
        "worklist/views/<uuid:view_id>/forget/",
        worklist.worklist_view_forget,
        name="worklist-view-forget",
    ),
    path("studies/<uuid:study_id>/take/", assignment.study_take, name="study-take"),
    path("studies/<uuid:study_id>/release/", assignment.study_release, name="study-release"),
    path("studies/<uuid:study_id>/assign/", assignment.study_assign, name="study-assign"),
    path("studies/<uuid:study_id>/priority/", assignment.study_priority, name="study-priority"),
    path("studies/<uuid:study_id>/reads/", assignment.study_reads, name="study-reads"),
    path("studies/<uuid:study_id>/verdict/", verdict.study_verdict, name="study-verdict"),
    path(
        "studies/<uuid:study_id>/verdict/save/",
        verdict.study_verdict_save,
        name="study-verdict-save",
    ),
    path(
        "studies/<uuid:study_id>/verdict/commit/",
        verdict.study_verdict_commit,
        name="study-verdict-commit",
    ),
    path(
        "studies/<uuid:study_id>/verdict/sign/",
        verdict.study_verdict_sign,
        name="study-verdict-sign",
    ),
    path(
        "studies/<uuid:study_id>/verdict/amend/",
        verdict.study_verdict_amend,
        name="study-verdict-amend",
    ),
    path(
        "studies/<uuid:study_id>/verdict/discard/",
        verdict.study_verdict_discard,
        name="study-verdict-discard",
    ),
    path(
        "studies/<uuid:study_id>/new-images/seen/",
        verdict.study_new_images_seen,
        name="study-new-images-seen",
    ),
    path(
        "studies/<uuid:study_id>/complete/",
        upload.study_complete,
        name="study-complete",
    ),
    path(
        "studies/<uuid:study_id>/critical/",
        critical_findings.critical_findings,
        name="critical-findings",
    ),
    path(
        "studies/<uuid:study_id>/critical/send/",
        critical_findings.critical_finding_send,
        name="critical-finding-send",
    ),
    path(
        "studies/<uuid:study_id>/critical/phone/",
        critical_findings.critical_finding_phone,
        name="critical-finding-phone",
    ),
    path("critical/<str:token>/", critical_findings.critical_finding, name="critical-finding"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/count/", notifications.notification_count, name="notification-count"),
    path("notifications/read/", notifications.notifications_read, name="notifications-read"),
    path(
        "notifications/settings/",
        notifications.notification_settings,
        name="notification-settings",
    ),
    path(
        "notifications/<uuid:notification_id>/open/",
        notifications.notification_open,
        name="notification-open",
    ),
    path("models/<uuid:release_id>/", releases.model_release, name="model-release"),
    path("studies/<uuid:study_id>/report/", reports.study_report, name="study-report"),
    path(
        "studies/<uuid:study_id>/report/start/",
        reports.study_report_start,
        name="study-report-start",
    ),
    path("reports/", report_list.report_list, name="reports"),
    path("reports/<uuid:report_id>/", reports.report, name="report"),
    path("reports/<uuid:report_id>/edit/", report_editor.report_edit, name="report-edit"),
    path("reports/<uuid:report_id>/save/", report_editor.report_save, name="report-save"),
    path(
        "reports/<uuid:report_id>/asked/",
        imaging_request.report_imaging_request,
        name="report-asked",
    ),
    path("reports/<uuid:report_id>/insert/", report_editor.report_insert, name="report-insert"),
    path("reports/<uuid:report_id>/sign/", report_editor.report_sign, name="report-sign"),
    path("reports/<uuid:report_id>/amend/", reports.report_amend, name="report-amend"),
    path("reports/<uuid:report_id>/discard/", reports.report_discard, name="report-discard"),
    path("reports/<uuid:report_id>/pdf/", reports.report_pdf, name="report-pdf"),
    path("verify/", reports.verify, name="report-verify-form"),
    path("verify/<str:code>/", reports.verify, name="report-verify"),
    path("studies.csv", studies_csv.studies_csv, name="studies-csv"),
    path("worklist.csv", worklist_csv.worklist_csv, name="worklist-csv"),
    path("patients.csv", patients_csv.patients_csv, name="patients-csv"),
    path("reports.csv", reports_csv.reports_csv, name="reports-csv"),
    path("statistics/<slug:table>.csv", statistics_csv.statistics_csv, name="statistics-csv"),
    path("clinic/report-templates/", report_templates.report_templates, name="report-templates"),
    path(
        "clinic/report-templates/new/", report_templates.report_template, name="report-template-new"
    ),
    path(
        "clinic/report-templates/<uuid:template_id>/",
        report_templates.report_template,
        name="report-template",
    ),
    path("clinic/annotation-labels/", labels.annotation_labels, name="annotation-labels"),
    path(
        "viewer/hanging-protocols/", hanging_protocols.hanging_protocols, name="hanging-protocols"
    ),
    path(
        "viewer/hanging-protocols/<uuid:protocol_id>/delete/",
        hanging_protocols.hanging_protocol_delete,
        name="hanging-protocol-delete",
    ),
    path("favicon.ico", site.favicon, name="favicon"),
]
