"""What received objects are found by."""

import django_filters as filters

from scans.models.received_object_states import ReceivedState
from scans.services.core.filters import AnyOfFilter, ListFilterSet

_PAGE = "The reconcile page shows what is held, by study."


class ReceivedObjectFilterSet(ListFilterSet):
    """Of the API; the page has no filters."""

    api_only = {"state": _PAGE, "code": _PAGE, "study_instance_uid": _PAGE}

    state = AnyOfFilter(choices=ReceivedState.choices, help_text="In one of these states.")
    code = filters.CharFilter(help_text="Held for this reason.")
    study_instance_uid = filters.CharFilter(help_text="Of the study with this UID.")
