"""Sentences about objects that are held."""

CONFLICT = (
    "The clinic has another object with this SOP Instance UID. That one is kept in the record, and "
    "this one apart, for an administrator of the clinic."
)
NO_ID = "The file states no patient ID. Choose the patient."
ARCHIVED = "The patient is archived. Restore the patient, then try again, or choose another one."
SEVERAL = "Several patients of the clinic have this MRN. Choose the patient."
NOT_ALLOWED = "Who sent it may not upload studies any more. Choose the patient to file it yourself."
FAULT = (
    "It could not be filed, several times. Try again; if it fails again, tell your administrator."
)
OTHER_PATIENT = (
    "The clinic has this study for another patient, and nobody with the ID that the file states. "
    "Choose the patient."
)
INTERRUPTED = (
    "Filing it was interrupted, several times: it takes too much time or memory. Try again; if it "
    "stays, tell your administrator."
)


def no_patient(patient_id: str, issuer: str) -> str:
    """Why no patient was found."""
    of = f" of {_short(issuer)}" if issuer else ""
    return f"No patient of the clinic has the ID {_short(patient_id)}{of}. Choose the patient."


def differs(found: list[str]) -> str:
    """What contradicts the record of the patient with this ID."""
    return (
        f"The patient with this ID is recorded otherwise: {'; '.join(found)}. Say whether it is "
        "the same person."
    )


def _short(text: str) -> str:
    return text if len(text) <= 64 else f"{text[:64]}…"
