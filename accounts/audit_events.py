"""The audit events of accounts, clinics and API tokens."""

from accounts.audit_registry import declare

ACCOUNT_SIGNED_IN = declare("account.signed_in", "Signed in.")
ACCOUNT_SIGNED_OUT = declare("account.signed_out", "Signed out.")
ACCOUNT_SIGN_IN_FAILED = declare(
    "account.sign_in_failed",
    "Tried to sign in with a wrong name or password.",
    detail={"account": "unknown, active or deactivated: the account that was named"},
)
ACCOUNT_PASSWORD_CHANGED = declare("account.password_changed", "Changed their own password.")
ACCOUNT_PASSWORD_RESET = declare(
    "account.password_reset", "Set the password of the account with a one-time link."
)
ACCOUNT_EMAIL_CHANGED = declare("account.email_changed", "Changed their own email address.")

PERSON_ADDED = declare(
    "person.added", "Made an account for a person.", detail={"role": "the role, or superuser"}
)
PERSON_EDITED = declare(
    "person.edited",
    "Changed the name, email address or role of a person.",
    detail={
        "fields": "names of the fields that changed",
        "role": "the role before and after, where it changed",
    },
)
PERSON_DEACTIVATED = declare("person.deactivated", "Deactivated the account of a person.")
PERSON_REACTIVATED = declare("person.reactivated", "Reactivated the account of a person.")
PERSON_PASSWORD_SET = declare(
    "person.password_set", "Gave a person a new password (earlier versions).", is_older=True
)
PERSON_PASSWORD_LINK_MADE = declare(
    "person.password_link",
    "Made a one-time link by which a person sets their own password.",
    detail={"way": "mailed, or shown to whoever made it"},
)
PERSON_SIGNED_OUT_EVERYWHERE = declare(
    "person.signed_out_everywhere", "Ended the sessions and API tokens of a person."
)
PERSON_VIEWER_PREFERENCES_SAVED = declare(
    "person.viewer_preferences_saved", "Saved their own settings of the image viewer."
)
PERSON_NOTIFICATIONS_CHOSEN = declare(
    "person.notifications_chosen", "Chose of what they are told, and how."
)

TOKEN_CREATED = declare(
    "token.created", "Made an API token.", detail={"token": "the first eight letters of the token"}
)
TOKEN_REVOKED = declare(
    "token.revoked",
    "Revoked an API token.",
    detail={"token": "the first eight letters of the token"},
)

CLINIC_ADDED = declare("clinic.added", "Added a clinic.")
CLINIC_RENAMED = declare("clinic.renamed", "Renamed a clinic.")
_BEFORE_AND_AFTER = "the value before and after, where it changed"
CLINIC_SETTINGS_CHANGED = declare(
    "clinic.settings_changed",
    "Changed the settings of a clinic.",
    detail={
        "read_first": _BEFORE_AND_AFTER,
        "double_reading": _BEFORE_AND_AFTER,
        "heatmap_at_first": _BEFORE_AND_AFTER,
        "open_at_first_image": _BEFORE_AND_AFTER,
        "warns_of_unshown_images": _BEFORE_AND_AFTER,
        "signing_minutes": _BEFORE_AND_AFTER,
        "arrival_quiet_seconds": _BEFORE_AND_AFTER,
        "file_identity": _BEFORE_AND_AFTER,
        "stat_max_wait_minutes": _BEFORE_AND_AFTER,
        "urgent_max_wait_minutes": _BEFORE_AND_AFTER,
        "routine_max_wait_minutes": _BEFORE_AND_AFTER,
        "patient_id_issuer": _BEFORE_AND_AFTER,
        "registers_patients_from_files": _BEFORE_AND_AFTER,
        "time_zone": _BEFORE_AND_AFTER,
    },
    older_detail={
        "second_reads": "older name of `double_reading`",
        "stat_cap_minutes": "older name of `stat_max_wait_minutes`",
        "urgent_cap_minutes": "older name of `urgent_max_wait_minutes`",
        "routine_cap_minutes": "older name of `routine_max_wait_minutes`",
    },
)

AUDIT_EVENT_LISTED = declare(
    "auditevent.listed",
    "Saw a part of the audit trail.",
    detail={"count": "how many events were shown", "ids": "their ids, at most 200"},
)
AUDIT_EVENT_READ = declare(
    "auditevent.read",
    "Opened an event of the audit trail.",
    detail={"page": "administration, where it was opened there"},
)

MIGRATION_FILLED = declare(
    "migration.filled",
    "An upgrade filled columns of rows that are signed or finished.",
    detail={
        "columns": "the columns that were filled",
        "rows": "how many rows the table has",
        "reason": "why, as the migration says",
    },
)
