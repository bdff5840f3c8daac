"""The table behind `test_isolation`: every address of the project, and whose ids are in it.

A new URL needs an entry here: in `WITH_IDS` where its address holds the id of a clinic's row, in
`WITHOUT_IDS` where it does not, in `PUBLIC` where nobody needs to sign in. The entry also says
what a GET leaves in the audit trail (reads count), or why it leaves nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.test import Client
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


@dataclass(frozen=True)
class Url:
    """One row: the ids in the address, and what a GET leaves in the audit trail, or why nothing."""

    arguments: Arguments
    reads: str = ""
    why_not: str = ""


def of_patient(name: str = "patient_id") -> Arguments:
    return lambda world: {name: world.patient.pk}


def of_study(name: str = "study_id") -> Arguments:
    return lambda world: {name: world.study.pk}


def of_image(name: str = "image_id", **more: str) -> Arguments:
    return lambda world: {name: world.image.pk} | more


def of_analysis(name: str = "analysis_id", **more: str) -> Arguments:
    return lambda world: {name: world.analysis.pk} | more


def nothing(world: World) -> dict[str, Any]:
    return {}


WRITE = "takes no GET; the service that it calls records the write"
FORM = "an empty form"
ACCOUNT = "one's own account, nothing of a patient"
MODEL = "the installation's model, nothing of a patient"

# Ids of the clinic are in the address: 404 for everyone else, whatever the method.
WITH_IDS: dict[str, Url] = {
    "patient": Url(of_patient(), "patient.read"),
    "patient-edit": Url(of_patient(), "patient.read"),
    "patient-archive": Url(of_patient(), why_not=WRITE),
    "patient-restore": Url(of_patient(), why_not=WRITE),
    # The fragments: here nobody has opened the page that polls them, so they are reads themselves.
    "patient-timeline": Url(of_patient(), "patient.read"),
    "study": Url(of_study(), "study.read"),
    "study-summary": Url(of_study(), "study.read"),
    "study-entry": Url(of_study(), "study.read"),
    "analysis-fragment": Url(of_analysis(), "analysis.read"),
    "analysis-retry": Url(of_analysis(), why_not=WRITE),
    "analysis-cancel": Url(of_analysis(), why_not=WRITE),
    "analysis-file": Url(of_analysis(kind="overlay"), "analysis.overlay.read"),
    "image-analyze": Url(of_image(), why_not=WRITE),
    "image-file": Url(of_image(kind="original"), "image.original.read"),
    "token-revoke": Url(lambda world: {"token_key": world.token_key}, why_not=WRITE),
    "api:patient-detail": Url(of_patient("pk"), "patient.read"),
    "api:patient-history": Url(of_patient("pk"), "patient.read"),
    "api:patient-archive": Url(of_patient("pk"), why_not=WRITE),
    "api:patient-restore": Url(of_patient("pk"), why_not=WRITE),
    "api:study-detail": Url(of_study("pk"), "study.read"),
    "api:image-detail": Url(of_image("pk"), "image.read"),
    "api:image-analyses": Url(of_image("pk"), "analysis.listed"),
    "api:image-file": Url(of_image("pk"), "image.original.read"),
    "api:image-rendition": Url(of_image("pk"), "image.rendition.read"),
    "api:image-thumbnail": Url(of_image("pk"), "image.thumbnail.read"),
    "api:analysis-detail": Url(of_analysis("pk"), "analysis.read"),
    "api:analysis-overlay": Url(of_analysis("pk"), "analysis.overlay.read"),
    "api:analysis-heatmap": Url(of_analysis("pk"), "analysis.heatmap.read"),
    "api:analysis-retry": Url(of_analysis("pk"), why_not=WRITE),
    "api:analysis-cancel": Url(of_analysis("pk"), why_not=WRITE),
}
# No ids, or none of a clinic (releases are the installation's): nothing of the other clinic in it.
WITHOUT_IDS: dict[str, Url] = {
    "home": Url(nothing, "study.listed"),
    "patients": Url(nothing, "patient.listed"),
    "patient-new": Url(nothing, why_not=FORM),
    "patient-options": Url(nothing, "patient.listed"),
    "upload": Url(nothing, why_not=FORM),
    "upload-file": Url(nothing, why_not=WRITE),
    "account-home": Url(nothing, why_not=ACCOUNT),
    "account-tokens": Url(nothing, why_not=ACCOUNT),
    "token-create": Url(nothing, why_not=WRITE),
    "account_email": Url(nothing, why_not=ACCOUNT),
    "account_change_password": Url(nothing, why_not=ACCOUNT),
    "account_set_password": Url(nothing, why_not=ACCOUNT),
    "account_reauthenticate": Url(nothing, why_not=ACCOUNT),
    "usersessions_list": Url(nothing, why_not=ACCOUNT),
    "model-release": Url(lambda world: {"release_id": world.analysis.release_id}, why_not=MODEL),
    "api:token-revoke": Url(nothing, why_not=WRITE),
    "api:patient-list": Url(nothing, "patient.listed"),
    "api:study-list": Url(nothing, "study.listed"),
    "api:analysis-list": Url(nothing, "analysis.listed"),
    "api:model-release-list": Url(nothing, why_not=MODEL),
    "api:model-release-detail": Url(lambda world: {"pk": world.analysis.release_id}, why_not=MODEL),
    "api:schema": Url(nothing, why_not="what the API takes and gives, no rows"),
    "api:docs": Url(nothing, why_not="what the API takes and gives, no rows"),
    "api:nothing-here": Url(nothing, why_not="there is nothing"),
}
# For everybody, signed in or not: nothing of any clinic in it, so nothing to record.
_NO_RECORD = "public: nothing of any clinic in it"
PUBLIC: dict[str, Url] = {
    name: Url(nothing, why_not=_NO_RECORD)
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
    "account_confirm_email": Url(lambda world: {"key": "x"}, why_not=_NO_RECORD),
    "account_reset_password_from_key": Url(
        lambda world: {"uidb36": "1", "key": "x"}, why_not=_NO_RECORD
    ),
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
# The admin's lists and rows that the audit trail does not mention. All others are in it.
ADMIN_WHY_NOT: dict[str, str] = {
    "accounts.clinic": "clinics, nothing of a patient",
    "accounts.user": "people of the clinic, nothing of a patient",
    "accounts.auditevent": "the trail itself: ids and counts, no names",
    "accounts.auditchain": "seals",
    "knox.authtoken": "tokens of the clinic's people, nothing of a patient",
    "scans.modelrelease": MODEL,
    "scans.worker": "processes",
    "scans.idempotentrequest": "keys of requests; the answers are not shown",
}
# What the admin has for every model; and each address beside those.
ADMIN_KINDS = ("changelist", "add", "history", "delete", "change")
ADMIN_MORE: dict[str, str] = {
    "admin:index": "names of models",
    "admin:app_list": "names of models",
    "admin:login": "redirects to the sign-in",
    "admin:logout": "redirects to the sign-out",
    "admin:password_change": "redirects to the account",
    "admin:password_change_done": "a sentence",
    "admin:jsi18n": "words of the interface",
    "admin:admin/(?P<url>.*)$": "adds a missing slash",
    "admin:accounts_user_password": "the form for a person's new password; the write is recorded",
}
ADMIN_MORE_WITH_IDS: dict[str, Arguments] = {
    "admin:accounts_user_password": lambda world: {"user_id": world.owner.pk},
}
EVERYWHERE = WITH_IDS | WITHOUT_IDS | PUBLIC


def admin_url_names() -> set[str]:
    """What the table above says there is in the admin."""
    names = set(ADMIN_MORE)
    for label in [*ADMIN_ROWS, *ADMIN_WITHOUT_ROWS]:
        app, model = label.split(".")
        names |= {f"admin:{app}_{model}_{kind}" for kind in ADMIN_KINDS}
        names.add(f"admin:admin/{app}/{model}/<path:object_id>/")  # redirects to "change"
    return names


def url_names() -> Iterator[str]:
    """Every URL: its name with the namespace, or its path where it has none."""
    return _walk(get_resolver().url_patterns)


def _walk(patterns: list[Any], namespace: str = "", prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name}" if pattern.name else f"{namespace}{path}"
        else:
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path)


def address(name: str, world: World) -> str:
    return reverse(name, kwargs=EVERYWHERE[name].arguments(world))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace")
