"""The triggers that migrations 0002 to 0006 made before there was `scans/immutability.py`."""

from django.db import connection

SIGNED = "(SELECT status FROM scans_verdict WHERE id = {row}.verdict_id) IN ('final', 'amended')"
# name, event, table, condition
TRIGGERS = [
    (
        *("finished_analysis_is_immutable", "UPDATE", "scans_analysis"),
        "OLD.status IN ('completed', 'abstained')",
    ),
    ("annotation_version_is_immutable", "UPDATE", "scans_annotationversion", "1 = 1"),
    ("signed_verdict_kept", "UPDATE", "scans_verdict", "OLD.status IN ('final', 'amended')"),
    (
        *("committed_finding_kept", "UPDATE", "scans_verdict"),
        "OLD.committed_at IS NOT NULL AND NEW.committed_at IS NULL",
    ),
    ("signed_assessment_kept", "UPDATE", "scans_assessment", SIGNED.format(row="OLD")),
    (
        *("no_assessment_joins_a_signed_verdict", "UPDATE", "scans_assessment"),
        SIGNED.format(row="NEW"),
    ),
    ("signed_verdict_gets_no_assessment", "INSERT", "scans_assessment", SIGNED.format(row="NEW")),
    ("signed_report_is_immutable", "UPDATE", "scans_report", "OLD.status <> 'preliminary'"),
]


def make_old_triggers() -> None:
    with connection.cursor() as cursor:
        for name, event, table, condition in TRIGGERS:
            if connection.vendor == "sqlite":
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                    "BEGIN SELECT RAISE(ABORT, 'An old trigger.'); END"
                )
            else:
                cursor.execute(
                    f"CREATE FUNCTION refuse_{name}() RETURNS trigger AS $$ BEGIN "
                    f"IF {condition} THEN RAISE EXCEPTION 'An old trigger.'; END IF; "
                    "RETURN NEW; END $$ LANGUAGE plpgsql"
                )
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                    f"FOR EACH ROW EXECUTE FUNCTION refuse_{name}()"
                )
