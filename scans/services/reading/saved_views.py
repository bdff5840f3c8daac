"""Saved views of the worklist: filters and order under a name."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import WorklistView
from scans.services.reading.filters import FILTERS
from scans.services.reading.worklist import current_order


@clinical_write()
def save_view(
    *, user: User, name: str, filters: Mapping[str, str], for_clinic: bool = False
) -> WorklistView:
    """Save filters and order under a name; the same name again replaces what it stood for.

    Raises `NotAllowedError` or `ValidationError`.
    """
    # Which permission it takes depends on who will see the view.
    require(user, Action.SHARE_WORKLIST_VIEW if for_clinic else Action.VIEW)
    name = " ".join(name.split())
    if user.clinic_id is None:
        raise ValidationError({"name": "Views belong to a clinic, and your account has none."})
    if not name or len(name) > 60 or not name.isprintable():
        raise ValidationError({"name": "Give the view a name of 1 to 60 characters."})
    stored = _with_current_order(
        {key: str(filters[key])[:200] for key in FILTERS if filters.get(key)}
    )
    try:
        with transaction.atomic():
            view, _ = WorklistView.objects.update_or_create(
                clinic_id=user.clinic_id,
                owner=None if for_clinic else user,
                name=name,
                defaults={"filters": stored},
            )
    except IntegrityError as error:
        raise ValidationError({"name": "Somebody just saved a view of this name."}) from error
    audit.record(
        actor=user,
        event=audit_events.WORKLIST_VIEW_SAVED,
        row=view,
        detail={"for_clinic": for_clinic},
    )
    return view


@clinical_write(Action.VIEW, on="view")
def delete_view(*, user: User, view: WorklistView) -> None:
    """Delete a view: one's own, or (for those who may share views) the clinic's.

    Raises `NotAllowedError`.
    """
    if view.owner_id != user.pk:  # not one's own: it takes another permission
        require(user, Action.SHARE_WORKLIST_VIEW, view)
    audit.record(actor=user, event=audit_events.WORKLIST_VIEW_DELETED, row=view)
    view.delete()


def current_filters(view: WorklistView) -> dict[str, str]:
    """Return the filters of a view, with the present name of an order that was stored earlier."""
    return _with_current_order(view.filters)


def _with_current_order(filters: Mapping[str, str]) -> dict[str, str]:
    order = {"order": current_order(filters["order"])} if "order" in filters else {}
    return {**filters, **order}
