"""Hanging protocols: saved, deleted, and chosen for a study as the viewer opens it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import HangingProtocol, Series, Study
from scans.models.hanging_protocol import Layout
from scans.services.analyses.series_statements import acquisition_in_force
from scans.services.reading.hanging_places import BUILT_IN, can_be_filled, wrong_places

MOST = 99
_COUNTS = ("min_series", "max_series", "min_priors", "max_priors", "position")
_DEFAULTS: dict[str, int | None] = {
    "min_series": 1,
    "max_series": None,
    "min_priors": 0,
    "max_priors": None,
    "position": 1,
}


@clinical_write()
def save_hanging_protocol(
    *,
    user: User,
    name: str,
    layout: str,
    counts: Mapping[str, Any],
    places: Sequence[Mapping[str, str]] = (),
    for_clinic: bool = False,
) -> HangingProtocol:
    """Save a layout and the studies it is for; the same name again replaces what it stood for.

    `places` are those of a layout by series, and empty for every other one.

    Raises `NotAllowedError` or `ValidationError`.
    """
    # Which permission it takes depends on whose studies will open so.
    require(user, Action.SHARE_WORKLIST_VIEW if for_clinic else Action.VIEW)
    if user.clinic_id is None:
        raise ValidationError(
            {"name": "Hanging protocols belong to a clinic, and your account has none."}
        )
    name = " ".join(name.split())
    wrong = {}
    if not name or len(name) > 60 or not name.isprintable():
        wrong["name"] = "Give the hanging protocol a name of 1 to 60 characters."
    if layout not in Layout.values:
        wrong["layout"] = f"Choose one of these layouts: {', '.join(Layout.values)}."
    values = _DEFAULTS | {key: counts[key] for key in _COUNTS if key in counts}
    wrong |= _wrong_counts(values)
    if sentence := wrong_places(layout, places):
        wrong["places"] = sentence
    if wrong:
        raise ValidationError(wrong)
    try:
        with transaction.atomic():
            protocol, _ = HangingProtocol.objects.update_or_create(
                clinic_id=user.clinic_id,
                owner=None if for_clinic else user,
                name=name,
                defaults={"layout": layout, "places": [dict(one) for one in places], **values},
            )
    except IntegrityError as error:
        raise ValidationError({"name": "Somebody just saved one of this name."}) from error
    audit.record(
        actor=user,
        event=audit_events.HANGING_PROTOCOL_SAVED,
        row=protocol,
        detail={"for_clinic": for_clinic, "layout": layout},
    )
    return protocol


@clinical_write(Action.VIEW, on="protocol")
def delete_hanging_protocol(*, user: User, protocol: HangingProtocol) -> None:
    """Delete one's own, or (for those who may share views) one of the clinic.

    Raises `NotAllowedError`.
    """
    if protocol.owner_id != user.pk:
        require(user, Action.SHARE_WORKLIST_VIEW, protocol)
    audit.record(actor=user, event=audit_events.HANGING_PROTOCOL_DELETED, row=protocol)
    protocol.delete()


def protocol_for(*, user: User, study: Study) -> HangingProtocol | None:
    """Return the one that the study opens with.

    The first of one's own that fits, else of the clinic's, else of those that are built in. A prior
    is another study of the patient that is not later than this one. A layout by series fits where
    this study has a series for each of its places, and a prior where one is asked for.
    """
    rows = Series.objects.filter(study=study, images__isnull=False).distinct()
    series = [acquisition_in_force(row) for row in rows.prefetch_related("images")]
    others = Study.objects.visible_to(user).filter(patient=study.patient_id).exclude(pk=study.pk)
    priors = others.filter(study_date__lte=study.study_date).count()
    offered = HangingProtocol.objects.visible_to(user).offered_to(user)
    fitting = offered.for_counts(series=len(series), priors=priors)
    for protocol in (*fitting, *BUILT_IN):
        if can_be_filled(protocol.places, series=series, priors=priors):
            return protocol
    return None


def _wrong_counts(values: Mapping[str, Any]) -> dict[str, str]:
    wrong = {}
    for name, value in values.items():
        may_be_empty = name.startswith("max_")
        is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST
        if not is_count and not (may_be_empty and value is None):
            empty = ", or nothing for no limit" if may_be_empty else ""
            wrong[name] = f"Enter a whole number from 0 to {MOST}{empty}."
    for most, least in (("max_series", "min_series"), ("max_priors", "min_priors")):
        if most in wrong or least in wrong or values[most] is None:
            continue
        if values[most] < values[least]:
            wrong[most] = "The most is less than the least: no study would match."
    return wrong
