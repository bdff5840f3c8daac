"""The audit events of the clinical record and of the model releases."""

from accounts.audit_registry import declare

_LISTED = {"count": "how many rows were shown", "ids": "their ids, at most 200"}
_EXPORTED = {"count": "how many rows the file has", "ids": "their ids, at most 200"}
# A page or the API leaves the detail empty; "administration" stands for Django admin.
_READ = {"page": "administration, where it was opened there"}
_VERSION = {"version": "number of the version that this made"}
_REPORT = {"number": "number of the version of the report"}
_OF_STUDY = {"study": "id of the study"}
_CODE = {"code": "the code of the reason"}

# --- Patients -------------------------------------------------------------------------------------
PATIENT_REGISTERED = declare("patient.registered", "Registered a patient.")
PATIENT_EDITED = declare(
    "patient.edited",
    "Changed what identifies a patient.",
    detail={"fields": "names of the fields that changed"},
)
PATIENT_ARCHIVED = declare(
    "patient.archived",
    "Archived a patient.",
    detail={"unread": "ids of the unread studies that this took out of the worklist"},
)
PATIENT_RESTORED = declare("patient.restored", "Restored an archived patient.")
PATIENT_RESCORED = declare(
    "patient.rescored",
    "Requested analyses of earlier studies of a patient by the active release.",
    detail={"release": "id of the release", "images": "how many images are analyzed"},
)
PATIENT_MERGED = declare(
    "patient.merged",
    "Merged two patients into one.",
    detail={"merged": "id of the patient that was merged away", "studies": "how many were moved"},
)
PATIENT_UNMERGED = declare(
    "patient.unmerged",
    "Took two merged patients apart again.",
    detail={"merged": "id of the patient that is back", "studies": "how many went back"},
)
PATIENT_CHANGES_READ = declare(
    "patient.changes.read", "Saw the moves, merges and corrections of a patient."
)
PATIENT_READ = declare("patient.read", "Opened a patient.", detail=_READ)
PATIENT_LISTED = declare("patient.listed", "Saw a list of patients.", detail=_LISTED)
PATIENT_EXPORTED = declare("patient.exported", "Saved a list of patients.", detail=_EXPORTED)

# --- Studies and their images ---------------------------------------------------------------------
STUDY_RECEIVED = declare(
    "study.received", "Uploaded images of a study.", detail={"images": "how many were new"}
)
STUDY_ARRIVED = declare(
    "study.arrived",
    "Said that all images of a study are there; with no person, no more came in the quiet time.",
)
NEW_IMAGES_MARKED = declare(
    "study.new_images",
    "Added images to a study after a verdict or a report on it was signed.",
    detail={"images": "how many were new"},
)
NEW_IMAGES_REVIEWED = declare(
    "newimagesreview.signed",
    "Signed that images which came after the signature change nothing.",
    detail={"study": "id of the study", "images": "how many had come"},
)
STUDY_TAKEN = declare(
    "study.taken",
    "Took a study to read it.",
    detail={"from": "id of the person it was taken over from, if any"},
)
STUDY_RELEASED = declare("study.released", "Gave back a study that they had taken.")
STUDY_ASSIGNED = declare(
    "study.assigned",
    "Assigned a study to a radiologist or to nobody.",
    detail={"assignee": "id of the radiologist, or null"},
)
STUDY_PRIORITIZED = declare(
    "study.prioritized",
    "Changed the priority of a study.",
    detail={"priority": "the priority before and after"},
)
STUDY_READERS_CHANGED = declare(
    "study.reads_wanted",
    "Changed how many readers a study needs.",
    detail={"reads": "how many readers"},
)
RECORD_CHANGE_READ = declare("recordchange.read", "Opened a change of the record.", detail=_READ)
RECORD_CHANGE_LISTED = declare(
    "recordchange.listed", "Saw a list of changes of the record.", detail=_LISTED
)
STUDY_CORRECTED = declare(
    "study.corrected",
    "Corrected what is stated of a study.",
    detail={"fields": "names of the fields that changed", "undoes": "id of the undone change"},
)
STUDY_MOVED = declare(
    "study.moved",
    "Moved a study to another patient; recorded of both.",
    detail={
        "from": "id of the patient it was taken from",
        "to": "id of the patient it belongs to",
        "undoes": "id of the undone change",
    },
)
STUDY_CHANGES_READ = declare("study.changes.read", "Saw the moves and corrections of a study.")
STUDY_COMPARED = declare(
    "study.compared",
    "Opened another study of the patient beside one.",
    detail={"other": "id of the other study"},
)
STUDY_DECODING_RETRIED = declare(
    "study.decoding.retried",
    "Asked again for images of a study that could not be shown.",
    detail={"files": "number of files"},
)
STUDY_READ = declare("study.read", "Opened a study or its images.", detail=_READ)
STUDY_VERDICTS_READ = declare("study.verdict.read", "Opened the verdicts on a study.")
STUDY_LISTED = declare("study.listed", "Saw a list of studies.", detail=_LISTED)
STUDY_EXPORTED = declare("study.exported", "Saved a list of studies.", detail=_EXPORTED)
SERIES_ACQUISITION_STATED = declare(
    "series.acquisition",
    "Stated the plane, sequence or spacing of a series.",
    detail={
        "fields": "names of the fields that changed",
        "before": "their values before: codes and millimeters",
        "after": "their values after",
        "replaced": "what the AI stated of the series before, with its release",
    },
)
SERIES_ORDERED = declare(
    "series.ordered",
    "Corrected the order of the images of a series.",
    detail={"numbers": "the numbers that the images had before, in their order since"},
)
SERIES_ANALYSIS_REQUESTED = declare(
    "series.analysis.requested",
    "Asked for the analysis of a series that was left out.",
    detail={"images": "number of images queued", "left_out": "why it had been left out"},
)
SERIES_READ = declare("series.read", "Opened a series.", detail=_READ)
SERIES_LISTED = declare("series.listed", "Saw a list of series.", detail=_LISTED)
INSTANCE_READ = declare("instance.read", "Opened an instance.", detail=_READ)
INSTANCE_LISTED = declare("instance.listed", "Saw a list of instances.", detail=_LISTED)
INSTANCE_ORIGINAL_READ = declare("instance.original.read", "Downloaded a stored object of a study.")
IMAGE_READ = declare("image.read", "Opened an image.", detail=_READ)
IMAGE_LISTED = declare("image.listed", "Saw a list of images.", detail=_LISTED)
IMAGE_ORIGINAL_READ = declare("image.original.read", "Downloaded the file of an image.")
IMAGE_RENDITION_READ = declare("image.rendition.read", "Saw the picture of an image.")
IMAGE_THUMBNAIL_READ = declare(
    "image.thumbnail.read", "Saw the small picture of an image (recorded once an hour)."
)
IMAGE_MASKED = declare(
    "image.masked",
    "Covered parts of an image, in which names may stand.",
    detail={"parts": "left, top, width and height of each, in pixels"},
)
IMAGE_UNMASKED = declare(
    "image.unmasked",
    "Took the cover of an image off again.",
    detail={"parts": "left, top, width and height of each, in pixels"},
)
IMAGE_FRAME_READ = declare(
    "image.frame.read", "Saw an image in the viewer (recorded once an hour)."
)

_DECIDED = {"objects": "how many objects of the study"}
RECEIVED_OBJECT_ASSIGNED = declare(
    "receivedobject.assigned",
    "Chose the patient of objects that arrived without one.",
    detail=_DECIDED | {"identifier": "id of the identifier that the patient has since, or null"},
)
RECEIVED_OBJECT_RETRIED = declare(
    "receivedobject.retried", "Had held objects filed again.", detail=_DECIDED
)
RECEIVED_OBJECT_DISCARDED = declare(
    "receivedobject.discarded", "Discarded held objects; their bytes stay.", detail=_DECIDED
)
RECEIVED_OBJECT_RESTORED = declare(
    "receivedobject.restored", "Took the discard of objects back.", detail=_DECIDED
)
RECEIVED_OBJECT_READ = declare("receivedobject.read", "Opened a received object.", detail=_READ)
RECEIVED_OBJECT_LISTED = declare(
    "receivedobject.listed", "Saw a list of received objects.", detail=_LISTED
)
PATIENT_IDENTIFIER_ADDED = declare(
    "patientidentifier.added", "Noted what another system calls a patient."
)
PATIENT_IDENTIFIER_WITHDRAWN = declare(
    "patientidentifier.withdrawn", "Withdrew what another system calls a patient."
)

# --- Analyses and releases ------------------------------------------------------------------------
ANALYSIS_RULE_CHANGED = declare(
    "analysis_rule.changed",
    "Changed the rule by which the clinic has series analyzed.",
    detail={
        "fields": "names of the fields that changed",
        "before": "their values before",
        "after": "their values after",
    },
)
ANALYSIS_REQUESTED = declare("analysis.requested", "Requested an analysis.")
ANALYSIS_RETRIED = declare(
    "analysis.retried", "Requested an analysis again that failed or was cancelled."
)
ANALYSIS_CANCELLED = declare("analysis.cancelled", "Cancelled an analysis.")
ANALYSIS_READ = declare("analysis.read", "Opened the result of an analysis.", detail=_READ)
ANALYSIS_LISTED = declare("analysis.listed", "Saw a list of analyses.", detail=_LISTED)
ANALYSIS_HEATMAP_READ = declare("analysis.heatmap.read", "Saw the heatmap of an analysis.")
ANALYSIS_OVERLAY_READ = declare("analysis.overlay.read", "Saw the overlay of an analysis.")
RELEASE_REGISTERED = declare("release.registered", "Registered a model release.")
RELEASE_ACTIVATED = declare("release.activated", "Made a model release the active one.")

# --- Annotations ----------------------------------------------------------------------------------
ANNOTATION_DRAWN = declare("annotation.drawn", "Drew an annotation.", detail=_VERSION)
ANNOTATION_IMPORTED = declare("annotation.imported", "Imported an annotation.", detail=_VERSION)
ANNOTATION_REVISED = declare("annotation.revised", "Changed an annotation.", detail=_VERSION)
ANNOTATION_HIDDEN = declare("annotation.hidden", "Deleted an annotation.", detail=_VERSION)
ANNOTATION_UNHIDDEN = declare(
    "annotation.unhidden", "Brought back a deleted annotation.", detail=_VERSION
)
ANNOTATION_RESTORED = declare(
    "annotation.restored", "Restored an earlier version of an annotation.", detail=_VERSION
)
ANNOTATION_MEASURED_ANEW = declare(
    "annotation.measured_anew",
    "Had an annotation measured anew by a manual calibration.",
    detail=_VERSION,
)
ANNOTATION_EXPORTED = declare(
    "annotation.exported",
    "Exported the annotations of a study.",
    detail={"count": "how many annotations"},
)
ANNOTATION_PAGE_IMPORTED = declare(
    "annotation.page_imported",
    "Imported a file of annotations into a study.",
    detail={"new": "how many were new", "unchanged": "how many were there already"},
)
ANNOTATION_READ = declare("annotation.read", "Opened an annotation.", detail=_READ)
ANNOTATION_LISTED = declare("annotation.listed", "Saw a list of annotations.", detail=_LISTED)
ANNOTATION_VERSION_READ = declare(
    "annotationversion.read", "Opened a version of an annotation.", detail=_READ
)
ANNOTATION_VERSION_LISTED = declare(
    "annotationversion.listed", "Saw a list of versions of annotations.", detail=_LISTED
)
ANNOTATION_LABELS_CHANGED = declare(
    "annotation_labels.changed",
    "Changed the clinic's list of annotation labels.",
    detail={"count": "how many labels the list has"},
)

_CALIBRATED = {
    "image": "id of the image with the line",
    "mm_per_pixel": "the spacing that follows from it",
    "covers_series": "whether it holds for the series",
}
CALIBRATION_MADE = declare(
    "calibration.made", "Calibrated the pixel spacing by a known length.", detail=_CALIBRATED
)
CALIBRATION_WITHDRAWN = declare(
    "calibration.withdrawn", "Withdrew a manual calibration.", detail=_CALIBRATED
)
CALIBRATION_READ = declare("spacingcalibration.read", "Opened a manual calibration.", detail=_READ)
CALIBRATION_LISTED = declare(
    "spacingcalibration.listed", "Saw a list of manual calibrations.", detail=_LISTED
)
KEY_IMAGE_STARRED = declare(
    "key_image.starred", "Starred an image as a key image.", detail={"image": "id of the image"}
)
KEY_IMAGE_UNSTARRED = declare(
    "key_image.unstarred", "Took the star from a key image.", detail={"image": "id of the image"}
)
KEY_IMAGE_READ = declare("keyimage.read", "Opened a key image.", detail=_READ)
KEY_IMAGE_LISTED = declare("keyimage.listed", "Saw a list of key images.", detail=_LISTED)

# --- Senders --------------------------------------------------------------------------------------
_CHANGED = {"fields": "names of the fields that changed"}
APPLICATION_ENTITY_ADDED = declare(
    "application_entity.added", "Allowed an application entity to send to the clinic."
)
APPLICATION_ENTITY_CHANGED = declare(
    "application_entity.changed", "Changed an application entity.", detail=_CHANGED
)
WATCHED_FOLDER_CHANGED = declare(
    "watched_folder.changed", "Changed the watched folder of the clinic.", detail=_CHANGED
)

# --- Reading --------------------------------------------------------------------------------------
# Not the finding: the trail holds what was done, the verdict what was found.
VERDICT_BEGUN = declare("verdict.begun", "Began a verdict on a study.", detail=_OF_STUDY)
VERDICT_COMMITTED = declare(
    "verdict.committed", "Committed a finding before the AI result was shown.", detail=_OF_STUDY
)
VERDICT_SIGNED = declare("verdict.signed", "Signed a verdict.", detail=_OF_STUDY)
VERDICT_AMENDMENT_BEGUN = declare(
    "verdict.amendment_begun", "Began to amend a signed verdict.", detail=_OF_STUDY
)
VERDICT_AMENDMENT_DISCARDED = declare(
    "verdict.amendment_discarded",
    "Discarded the draft of an amended verdict.",
    detail=_OF_STUDY
    | {"would_have_superseded": "id of the verdict that the draft would have replaced"},
)
VERDICT_AMENDED = declare("verdict.amended", "Signed an amended verdict.", detail=_OF_STUDY)
VERDICT_READ = declare("verdict.read", "Opened a verdict.", detail=_READ)
VERDICT_LISTED = declare("verdict.listed", "Saw a list of verdicts.", detail=_LISTED)
ASSESSMENT_READ = declare("assessment.read", "Opened an assessment.", detail=_READ)
ASSESSMENT_LISTED = declare("assessment.listed", "Saw a list of assessments.", detail=_LISTED)
REASON_ADDED = declare("reason.added", "Added a reason to the clinic's list.", detail=_CODE)
REASON_RETIRED = declare("reason.retired", "Took a reason off the clinic's list.", detail=_CODE)
WORKLIST_VIEW_SAVED = declare(
    "worklist_view.saved",
    "Saved a view of the worklist.",
    detail={"for_clinic": "whether everybody in the clinic sees it"},
)
WORKLIST_VIEW_DELETED = declare("worklist_view.forgotten", "Deleted a view of the worklist.")
_CHANNEL = _OF_STUDY | {"channel": "account, mail or phone"}
CRITICAL_FINDING_SENT = declare(
    "criticalfinding.sent", "Sent a critical finding to whom it concerns.", detail=_CHANNEL
)
CRITICAL_FINDING_PHONED = declare(
    "criticalfinding.phoned", "Noted that a critical finding was told by phone.", detail=_CHANNEL
)
CRITICAL_FINDING_READ = declare(
    "criticalfinding.read", "Opened a critical finding by its link.", detail=_OF_STUDY
)
CRITICAL_FINDING_ACKNOWLEDGED = declare(
    "criticalfinding.acknowledged", "Acknowledged a critical finding.", detail=_OF_STUDY
)

HANGING_PROTOCOL_SAVED = declare(
    "hanging_protocol.saved",
    "Saved a hanging protocol.",
    detail={
        "for_clinic": "whether it is the whole clinic's",
        "layout": "code of the layout",
    },
)
HANGING_PROTOCOL_DELETED = declare("hanging_protocol.deleted", "Deleted a hanging protocol.")

# --- Reports and statistics -----------------------------------------------------------------------
REPORT_BEGUN = declare("report.begun", "Began a report.", detail=_REPORT)
REPORT_SAVED = declare("report.saved", "Saved the draft of a report.", detail=_REPORT)
REPORT_DISCARDED = declare(
    "report.discarded",
    "Discarded the draft of a report.",
    detail=_REPORT
    | {"would_have_superseded": "number of the version that the draft would have replaced"},
)
REPORT_SIGNED = declare("report.signed", "Signed a report.", detail=_REPORT)
REPORT_AMENDMENT_BEGUN = declare(
    "report.amendment_begun", "Began to amend a signed report.", detail=_REPORT
)
REPORT_AMENDED = declare("report.amended", "Signed an amended report.", detail=_REPORT)
REPORT_SIGNATURE_REFUSED = declare(
    "report.signature_refused", "Gave a wrong password to sign a report."
)
REPORT_READ = declare("report.read", "Opened a report.", detail=_READ)
REPORT_LISTED = declare("report.listed", "Saw a list of reports.", detail=_LISTED)
REPORT_EXPORTED = declare("report.exported", "Saved a list of reports.", detail=_EXPORTED)
REPORT_PDF_READ = declare("report.pdf.read", "Downloaded the PDF of a report.")
REPORT_VERIFIED = declare("report.verified", "Looked up a report by the code on its paper.")
REPORT_TEMPLATE_ADDED = declare("report_template.added", "Added a report template.")
REPORT_TEMPLATE_CHANGED = declare("report_template.changed", "Changed a report template.")
STATISTICS_EXPORTED = declare(
    "statistics.exported",
    "Saved a table of the statistics.",
    detail=_EXPORTED | {"table": "which table"},
)
