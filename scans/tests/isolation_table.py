"""The table behind `test_isolation`: every address of the project, and whose ids are in it.

A new URL needs an entry here: in `WITH_IDS` where its address holds the id of a clinic's row, in
`WITHOUT_IDS` where it does not, in `PUBLIC` where nobody needs to sign in.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import URLPattern, get_resolver, reverse

from accounts.models import AuditChain, AuditEvent, Clinic, User
from scans.models import Analysis, Image, Patient, Series, Study


@dataclass
class World:
    """Two clinics; the first has a record, the second has people who must not see it."""

    owner: User
    others: list[User]
    patient: Patient
    study: Study
    image: Image
    analysis: Analysis
    token_key: str
    traces: list[str]


Arguments = Callable[[World], dict[str, Any]]


def of_patient(name: str = "patient_id") -> Arguments:
    return lambda world: {name: world.patient.pk}


def of_study(name: str = "study_id") -> Arguments:
    return lambda world: {name: world.study.pk}


def of_image(name: str = "image_id", **more: str) -> Arguments:
    return lambda world: {name: world.image.pk} | more


def of_analysis(name: str = "analysis_id", **more: str) -> Arguments:
    return lambda world: {name: world.analysis.pk} | more


# Ids of the clinic are in the address: 404 for everyone else, whatever the method.
WITH_IDS: dict[str, Arguments] = {
    "patient": of_patient(),
    "patient-edit": of_patient(),
    "patient-archive": of_patient(),
    "patient-restore": of_patient(),
    "patient-timeline": of_patient(),
    "study": of_study(),
    "study-summary": of_study(),
    "study-entry": of_study(),
    "analysis-fragment": of_analysis(),
    "analysis-retry": of_analysis(),
    "analysis-cancel": of_analysis(),
    "analysis-file": of_analysis(kind="overlay"),
    "image-analyze": of_image(),
    "image-file": of_image(kind="original"),
    "token-revoke": lambda world: {"token_key": world.token_key},
    "api:patient-detail": of_patient("pk"),
    "api:patient-history": of_patient("pk"),
    "api:patient-archive": of_patient("pk"),
    "api:patient-restore": of_patient("pk"),
    "api:study-detail": of_study("pk"),
    "api:image-detail": of_image("pk"),
    "api:image-analyses": of_image("pk"),
    "api:image-file": of_image("pk"),
    "api:image-rendition": of_image("pk"),
    "api:image-thumbnail": of_image("pk"),
    "api:analysis-detail": of_analysis("pk"),
    "api:analysis-overlay": of_analysis("pk"),
    "api:analysis-heatmap": of_analysis("pk"),
    "api:analysis-retry": of_analysis("pk"),
    "api:analysis-cancel": of_analysis("pk"),
}
# No ids, or none of a clinic (releases are the installation's): nothing of the other clinic in it.
WITHOUT_IDS: dict[str, Arguments] = {
    name: lambda world: {}
    for name in (
        "home",
        "patients",
        "patient-new",
        "patient-options",
        "upload",
        "upload-file",
        "account-home",
        "account-tokens",
        "token-create",
        "account_email",
        "account_change_password",
        "account_set_password",
        "account_reauthenticate",
        "usersessions_list",
        "api:token-revoke",
        "api:patient-list",
        "api:study-list",
        "api:analysis-list",
        "api:model-release-list",
        "api:schema",
        "api:docs",
        "api:nothing-here",
    )
} | {
    "model-release": lambda world: {"release_id": world.analysis.release_id},
    "api:model-release-detail": lambda world: {"pk": world.analysis.release_id},
}
# For everybody, signed in or not: nothing of any clinic in it.
PUBLIC: dict[str, Arguments] = {
    name: lambda world: {}
    for name in (
        "healthz",
        "readyz",
        "favicon",
        "account_login",
        "account_logout",
        "account_signup",  # says that it is closed
        "account_inactive",
        "account_email_verification_sent",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
        "api:token",
    )
} | {
    "account_confirm_email": lambda world: {"key": "x"},
    "account_reset_password_from_key": lambda world: {"uidb36": "1", "key": "x"},
}
# A row of the first clinic for each model in the admin that has rows of clinics.
ADMIN_ROWS: dict[str, Callable[[World], models.Model]] = {
    "accounts.clinic": lambda world: Clinic.objects.get(pk=world.owner.clinic_id),
    "accounts.user": lambda world: world.owner,
    "accounts.auditevent": lambda world: AuditEvent.objects.filter(clinic=world.owner.clinic)[0],
    "accounts.auditchain": lambda world: AuditChain.objects.get(key=world.owner.clinic_id),
    "knox.authtoken": lambda world: world.owner.auth_token_set.get(),
    "scans.patient": lambda world: world.patient,
    "scans.study": lambda world: world.study,
    "scans.series": lambda world: Series.objects.get(study=world.study),
    "scans.image": lambda world: world.image,
    "scans.analysis": lambda world: world.analysis,
}
ADMIN_WITHOUT_ROWS = {"scans.modelrelease", "scans.worker", "scans.idempotentrequest"}
EVERYWHERE = WITH_IDS | WITHOUT_IDS | PUBLIC


def url_names() -> Iterator[str]:
    """Every URL outside the admin: its name with the namespace, or its path where it has none."""
    names = _walk(get_resolver().url_patterns)
    yield from (name for name in names if not name.startswith("admin:"))


def _walk(patterns: list[Any], namespace: str = "", prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}" if pattern.name else f"{namespace}{path}"
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path)


def address(name: str, world: World) -> str:
    return reverse(name, kwargs=EVERYWHERE[name](world))
