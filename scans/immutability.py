"""What the database refuses of the clinical record, in one table.

Nothing of the record is deleted. What is finished or signed does not change, nor is anything added
to it, nor does a finding that was committed before the AI's result was shown. An analysis goes only
where `TRANSITIONS` has an arrow. `accounts.immutability` makes triggers of it.
"""

from accounts.immutability import Event, Refusal, declare
from accounts.undeletable_rows import undeletable_rows
from scans.models.analysis_states import FINISHED, TRANSITIONS
from scans.models.received_object_states import RECEIVED_TRANSITIONS

_FINISHED = ", ".join(f"'{status.value}'" for status in FINISHED)
_ARROWS = ", ".join(
    f"'{source.value}>{arrow.target.value}'"
    for arrow in TRANSITIONS.values()
    for source in arrow.sources
)
_RECEIVED_ARROWS = ", ".join(
    f"'{source.value}>{arrow.target.value}'"
    for arrow in RECEIVED_TRANSITIONS.values()
    for source in arrow.sources
)
_SIGNED = "IN ('final', 'amended')"
_VERDICT_OF = "(SELECT status FROM scans_verdict WHERE id = {row}.verdict_id)"
_VERDICTS_OF_STUDY = (
    "(SELECT count(*) FROM scans_verdict WHERE study_id = NEW.study_id "
    "AND status IN ('final', 'amended'))"
)
_PART = "A part of a verdict that is signed or discarded does not change."


def _ended_or_changed(ended_at: str, *columns: str) -> str:
    """Match a row that has ended, which is for good, and a change of any of these columns."""
    differing = (f"OLD.{name} <> NEW.{name}" for name in columns)
    return " OR ".join([f"OLD.{ended_at} IS NOT NULL", *differing])


UNCHANGING = (
    Refusal(
        name="finished_analysis",
        table="scans_analysis",
        events=(Event.UPDATE,),
        condition=f"OLD.status IN ({_FINISHED})",
        sentence="A finished analysis does not change.",
    ),
    Refusal(
        name="analysis_state",
        table="scans_analysis",
        events=(Event.UPDATE,),
        condition=(
            f"OLD.status NOT IN ({_FINISHED}) AND NEW.status <> OLD.status "
            f"AND OLD.status || '>' || NEW.status NOT IN ({_ARROWS})"
        ),
        sentence="An analysis does not go from this state to that one.",
    ),
    Refusal(
        name="slice_evidence",
        table="scans_sliceevidence",
        events=(Event.UPDATE,),
        sentence="The evidence of a finished analysis does not change.",
    ),
    Refusal(
        name="annotation_version",
        table="scans_annotationversion",
        events=(Event.UPDATE,),
        sentence="A version of an annotation does not change.",
    ),
    Refusal(
        name="signed_verdict",
        table="scans_verdict",
        events=(Event.UPDATE,),
        condition="OLD.status <> 'draft'",
        sentence="A verdict that is signed or discarded does not change.",
    ),
    Refusal(
        name="committed_finding",
        table="scans_verdict",
        events=(Event.UPDATE,),
        condition=(
            "OLD.committed_at IS NOT NULL AND (NEW.committed_at IS NULL "
            "OR NEW.committed_at <> OLD.committed_at "
            "OR NEW.committed_finding <> OLD.committed_finding)"
        ),
        sentence="A committed finding does not change.",
    ),
    Refusal(
        name="signed_assessment",
        table="scans_assessment",
        events=(Event.UPDATE,),
        condition=f"{_VERDICT_OF.format(row='OLD')} <> 'draft'",
        sentence=_PART,
        reads=("scans_verdict",),
    ),
    Refusal(
        name="assessment_of_signed_verdict",
        table="scans_assessment",
        events=(Event.INSERT, Event.UPDATE),
        condition=f"{_VERDICT_OF.format(row='NEW')} <> 'draft'",
        sentence=_PART,
        reads=("scans_verdict",),
    ),
    Refusal(
        name="comparison",
        table="scans_comparison",
        events=(Event.UPDATE,),
        sentence="What was opened beside a study does not change.",
    ),
    # What a reader measured with, and what a report lists: taken back by a moment, once.
    Refusal(
        name="calibration",
        table="scans_spacingcalibration",
        events=(Event.UPDATE,),
        condition=_ended_or_changed(
            "withdrawn_at",
            *("image_id", "reader_id", "line", "known_mm", "mm_per_pixel"),
            *("covers_series", "made_at"),
        ),
        sentence="A calibration does not change: it is withdrawn, and another one is made.",
    ),
    Refusal(
        name="key_image",
        table="scans_keyimage",
        events=(Event.UPDATE,),
        condition=_ended_or_changed("unstarred_at", "image_id", "reader_id", "starred_at"),
        sentence="A star does not change: it is taken away, and another one is given.",
    ),
    Refusal(
        name="report_without_verdict",
        table="scans_report",
        events=(Event.UPDATE,),
        condition=(
            f"OLD.status = 'preliminary' AND NEW.status {_SIGNED} AND {_VERDICTS_OF_STUDY} = 0"
        ),
        sentence="A report is not signed without a signed verdict on its study.",
        reads=("scans_verdict",),
    ),
    Refusal(
        name="signed_report",
        table="scans_report",
        events=(Event.UPDATE,),
        condition="OLD.status <> 'preliminary'",
        sentence="A report that is signed or discarded does not change.",
    ),
    Refusal(
        name="new_images_review",
        table="scans_newimagesreview",
        events=(Event.UPDATE,),
        sentence="What a reader said of new images does not change.",
    ),
    Refusal(
        name="record_change",
        table="scans_recordchange",
        events=(Event.UPDATE,),
        sentence="A change of the record does not change: it is taken back by another one.",
    ),
    Refusal(
        name="critical_finding",
        table="scans_criticalfinding",
        events=(Event.UPDATE,),
        condition=_ended_or_changed(
            "acknowledged_at",
            *("text", "study_id", "reported_at", "recipient_name", "address", "channel"),
            *("clinic_id", "noted_at", "reported_by_id", "told_patient"),
        )
        + " OR coalesce(OLD.recipient_id, 0) <> coalesce(NEW.recipient_id, 0)",
        sentence="A critical finding that was reported does not change.",
    ),
    Refusal(
        name="filed_object",
        table="scans_receivedobject",
        events=(Event.UPDATE,),
        condition="OLD.state = 'filed'",
        sentence="What was received and filed does not change.",
    ),
    Refusal(
        name="received_object_state",
        table="scans_receivedobject",
        events=(Event.UPDATE,),
        condition=(
            "OLD.state <> 'filed' AND NEW.state <> OLD.state "
            f"AND OLD.state || '>' || NEW.state NOT IN ({_RECEIVED_ARROWS})"
        ),
        sentence="A received object does not go from this state to that one.",
    ),
    Refusal(
        name="received_object_bytes",
        table="scans_receivedobject",
        events=(Event.UPDATE,),
        condition=" OR ".join(
            f"OLD.{name} <> NEW.{name}"
            for name in (
                *("clinic_id", "received_by_id", "received_at", "source", "sender", "file"),
                *("filename", "sha256", "byte_size", "received_sha256", "received_uid"),
                *("sop_class_uid", "sop_instance_uid", "transfer_syntax_uid"),
                *("study_instance_uid", "series_instance_uid"),
                *("stated_patient_id", "stated_issuer", "stated_name", "stated_sex", "is_matched"),
            )
        )
        + " OR coalesce(CAST(OLD.stated_birth_date AS text), '')"
        " <> coalesce(CAST(NEW.stated_birth_date AS text), '')",
        sentence="What was received stays as it was received.",
    ),
    Refusal(
        name="patient_identifier",
        table="scans_patientidentifier",
        events=(Event.UPDATE,),
        condition=_ended_or_changed(
            "withdrawn_at", "clinic_id", "patient_id", "issuer", "value", "added_by_id", "added_at"
        ),
        sentence="An identifier does not change: it is withdrawn, and another one is added.",
    ),
)

# Every row, drafts too: what is given up is discarded, hidden or retired, and stays.
UNDELETABLE = undeletable_rows("scans", sentence="Nothing of the clinical record is deleted.")

# Of migrations 0002, 0004, 0005 and 0006, as databases of earlier versions have them.
SUPERSEDED = (
    "finished_analysis_is_immutable",
    "annotation_version_is_immutable",
    "signed_verdict_kept",
    "committed_finding_kept",
    "signed_assessment_kept",
    "no_assessment_joins_a_signed_verdict",
    "signed_verdict_gets_no_assessment",
    "signed_report_is_immutable",
)

declare([*UNCHANGING, *UNDELETABLE], superseded=SUPERSEDED)
