"""The worklist: the studies that await a verdict, in the order in which to read them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import audit
from accounts.models import User
from accounts.policy import Action, get_visible_or_404, has_perm, require
from scans import audit_events
from scans.models import Study, WorklistView
from scans.models.reading import Priority, ReadStage
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import (
    has_poll_token,
    poll_response,
    poll_token,
    text_response,
    with_htmx_events,
)
from scans.pages.reading.sitting import next_in_sitting
from scans.services.analyses.operating_points import operating_words_of
from scans.services.disclosure import reads_first
from scans.services.reading.assignment import lock_holder, readers_of
from scans.services.reading.filters import FILTERS, WorklistFilterSet
from scans.services.reading.new_images import left_for
from scans.services.reading.saved_views import current_filters, delete_view, save_view
from scans.services.reading.worklist import (
    MINE,
    NOBODY,
    ORDERS,
    RANK,
    awaiting,
    ranks,
    triage_sources,
)
from scans.services.reports.study_readings import study_readings
from scans.services.studies.summaries import summarize
from scans.templatetags.worklist import waited

PAGE_SIZE = 50
# The columns from left to right: what a reader looks at first stands first.
_SHOWN = (
    *("priority", "patient", "age", "description", "images", "state", "triage_score", "due"),
    *("waiting", "assignee"),
)


@require_GET
@clinical_page
def worklist_page(request: ClinicalRequest) -> HttpResponse:
    """Show the list; to htmx only its rows, as the filters or the studies change."""
    require(request.user, Action.VIEW)
    view = _chosen_view(request)
    filterset = filtered_worklist(request.user, current_filters(view) if view else request.GET)
    filters = filterset.page_values
    address = ListAddress(
        "worklist",
        {"view": view.pk} if view else filters,
        page=request.GET.get("page", ""),
        shows_search=True,
    )
    context = _list(request, filterset, address) | {
        "filters": filters,
        "csv": form_values(filters),
        "view": view,
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = poll_response(request, "reading/worklist/_list.html", context)
        if not has_poll_token(request, address.full):
            response["HX-Replace-Url"] = address.shown
        return response
    views = WorklistView.objects.visible_to(request.user).offered_to(request.user)
    context |= {"views": views, "bar": _bar(request, filterset), "chosen": _in_address(filters)}
    return render(request, "reading/worklist/page.html", context)


@require_POST
@clinical_page
def worklist_next(request: ClinicalRequest) -> HttpResponse:
    """Take the first study that this reader can read, and open it in the viewer.

    In the viewer itself, where the study of the page is `excluding`: the one after it in the list.
    """
    left = uuid_of(request.POST.get("excluding", ""))
    following = next_in_sitting(request, after=left, is_done=False)
    if left or following.study is None:
        messages.info(request, following.words)
    if following.study is None:
        return redirect("worklist")
    return redirect("viewer", following.study.pk)


@require_POST
@clinical_page
def worklist_view_save(request: ClinicalRequest) -> HttpResponse:
    filters = {name: request.POST.get(name, "") for name in FILTERS}
    try:
        view = save_view(
            user=request.user,
            name=request.POST.get("name", ""),
            filters=filters,
            for_clinic="for_clinic" in request.POST,
        )
    except ValidationError as error:
        messages.error(request, message_of(error))
        return redirect("worklist")
    messages.success(request, f"The view “{view.name}” is saved.")
    return redirect(f"{reverse('worklist')}?view={view.pk}")


@require_POST
@clinical_page
def worklist_view_forget(request: ClinicalRequest, view_id: UUID) -> HttpResponse:
    rows = WorklistView.objects.visible_to(request.user).offered_to(request.user)
    view = get_visible_or_404(rows, request.user, pk=view_id)
    name = view.name
    delete_view(user=request.user, view=view)
    messages.success(request, f"The view “{name}” is gone.")
    return redirect("worklist")


def changed(request: ClinicalRequest, *, conflict: str = "") -> HttpResponse:
    """Respond to a form in the list, which then loads its rows again; a conflict is a toast."""
    if not request.htmx:
        if conflict:
            messages.error(request, conflict)
        return redirect("worklist")
    if conflict:
        return with_htmx_events(
            text_response("", status=204), toast=conflict, **{"worklist-changed": ""}
        )
    return with_htmx_events(HttpResponse(status=204), **{"worklist-changed": ""})


def filtered_worklist(user: User, query: Mapping[str, Any]) -> WorklistFilterSet:
    """The person's worklist, filtered and ordered as the page, a view or the CSV file asks."""
    return WorklistFilterSet.from_page(query, queryset=awaiting(user=user), user=user)


def _bar(request: ClinicalRequest, filterset: WorklistFilterSet) -> FilterBar:
    # The heads of the columns set the order.
    hidden = {"order", "ai"} if reads_first(request.user) else {"order"}
    return FilterBar(
        address="worklist",
        target="worklist",
        label="Filter the worklist",
        filterset=filterset,
        choices={"assignee": _people(request)},
        hidden=hidden,
    )


def _list(
    request: ClinicalRequest, filterset: WorklistFilterSet, address: ListAddress
) -> dict[str, Any]:
    now = filterset.now
    rows = filterset.qs.select_related("patient", "clinic", "assignee", "locked_by")
    page = Paginator(rows, PAGE_SIZE)
    shown = page.get_page(address.page)
    studies = list(shown.object_list)
    if not has_poll_token(request, address.full):
        audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
    entries = worklist_entries(request.user, studies, now=now)
    return {
        "entries": entries,
        "total": page.count,
        "page": shown,
        "newer": _of_page(address, shown, -1),
        "older": _of_page(address, shown, 1),
        "address": address,
        "columns": _columns(filterset),
        "by_rank": _by_rank(filterset),
        "chosen_order": _in_address(filterset.page_values).get("order", ""),
        "hides_ai": reads_first(request.user),
        "priorities": Priority.choices,
        "readers": _readers(request),
        "now": now,
        "version": poll_token(request, address.full, page.count, [one["facts"] for one in entries]),
    }


def worklist_entries(user: User, studies: list[Study], *, now: Any) -> list[dict[str, Any]]:
    """Return what a row shows of each of these studies, on the page and in the file."""
    ranked = ranks(studies, user=user, now=now)
    summaries = {one.study.pk: one for one in summarize(studies, user=user)}
    disclosed = [pk for pk, summary in summaries.items() if not summary.withheld]
    sources = triage_sources(disclosed)
    operating_words = operating_words_of(sources.values())
    readings = study_readings(user=user, studies=studies)
    caveats = {pk: one.caveats for pk, one in readings.items()}
    # Their own verdict is readable to whoever signed it, also while two read blind.
    read_by_oneself = {
        pk
        for pk, one in readings.items()
        if any(verdict.reader_id == user.pk for verdict in one.finding.verdicts)
    }
    if any(study.new_images_at for study in studies):
        to_look_at = Study.objects.filter(left_for(user), pk__in=[row.pk for row in studies])
        read_by_oneself -= set(to_look_at.values_list("pk", flat=True))
    entries = []
    for study in studies:
        summary, rank = summaries[study.pk], ranked[study.pk]
        holder = study.locked_by if lock_holder(study) else None
        triage_source = sources.get(study.pk)
        entries.append(
            {
                "study": study,
                "patient": study.patient,
                "summary": summary,
                "triage_source": triage_source,
                "operating_words": operating_words[triage_source.pk] if triage_source else "",
                "rank": rank,
                "holder": holder,
                "is_read_by_oneself": study.pk in read_by_oneself,
                "caveats": caveats[study.pk],
                "facts": [
                    summary.facts,
                    repr(caveats[study.pk]),
                    str(triage_source and triage_source.pk),
                    study.priority,
                    study.read_stage,
                    study.assignee_id,
                    holder and holder.pk,
                    study.pk in read_by_oneself,
                    rank.is_overdue,
                    rank.due_at,
                    waited(study.waiting_since, now),
                ],
            }
        )
    return entries


def _columns(filterset: WorklistFilterSet) -> list[dict[str, Any]]:
    """Return each column with the address that sorts by it; a second time sorts in reverse."""
    ordering = filterset.ordering
    direction = "descending" if ordering.is_reversed else "ascending"
    chosen = _in_address(filterset.page_values)
    columns = []
    for name in _SHOWN:
        is_sorted = name == ordering.column
        reverses = is_sorted and not ordering.is_reversed
        then = f"-{name}" if reverses else name
        filters = {key: value for key, value in chosen.items() if key != "order"}
        filters |= {"order": then}
        columns.append(
            {
                "name": name,
                "label": ORDERS[name].label,
                "address": ListAddress("worklist", filters, shows_search=True),
                "sort": direction if is_sorted else "",
            }
        )
    return columns


def _by_rank(filterset: WorklistFilterSet) -> ListAddress | None:
    """Return the address of the list in the order in which to read; None where it is shown."""
    if filterset.ordering.column == RANK:
        return None
    chosen = _in_address(filterset.page_values)
    filters = {key: value for key, value in chosen.items() if key != "order"}
    return ListAddress("worklist", filters, shows_search=True)


def _of_page(address: ListAddress, page: Any, step: int) -> ListAddress | None:
    there = page.has_next() if step > 0 else page.has_previous()
    return address.of_page(str(page.number + step)) if there else None


def _in_address(filters: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in filters.items()
        if value and (name, value) != ("order", RANK)
    }


def _chosen_view(request: ClinicalRequest) -> WorklistView | None:
    pk = uuid_of(request.GET.get("view", ""))
    rows = WorklistView.objects.visible_to(request.user).offered_to(request.user)
    return rows.filter(pk=pk).first() if pk else None


def uuid_of(text: str) -> UUID | None:
    """Return the UUID that a text is; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _readers(request: ClinicalRequest) -> list[User]:
    """Return to whom a row can be assigned; nobody for a person who may not, or has no clinic."""
    clinic = request.user.clinic
    if clinic is None or not has_perm(request.user, Action.ASSIGN_STUDY):
        return []
    return list(readers_of(clinic))


def _people(request: ClinicalRequest) -> list[tuple[str, str]]:
    """Return the choices of the filter by assignee: those who have a study that waits."""
    assigned = User.objects.visible_to(request.user).filter(
        assigned_studies__read_stage__in=[ReadStage.WAITING, ReadStage.ADJUDICATION]
    )
    people = assigned.distinct().order_by("last_name", "pk")
    others = [(str(one.pk), str(one)) for one in people if one.pk != request.user.pk]
    return [("", "Anyone"), (MINE, "Me"), (NOBODY, "Nobody"), *others]
