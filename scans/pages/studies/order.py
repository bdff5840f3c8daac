"""Putting the images of a series in order: by dragging, or by typing numbers."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.policy import Action, get_visible_or_404, require
from accounts.requests import number_in
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, Series
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.studies.image_order import (
    SIGNED,
    OvertakenError,
    can_order,
    order_images,
)

_WRONG = "Enter a whole number from 1 to {count} for image {number}."


@require_http_methods(["GET", "POST"])
@clinical_page
def series_order(request: ClinicalRequest, series_id: UUID) -> HttpResponse:
    """Show the images with their numbers; a POST saves the order that the numbers say."""
    rows = Series.objects.select_related("study__patient", "study__clinic")
    series = get_visible_or_404(rows, request.user, pk=series_id)
    require(request.user, Action.UPLOAD_STUDY, series)
    if request.method == "POST":
        return _save(request, series)
    if not can_order(series.study):
        messages.error(request, SIGNED)
        return redirect(series.study)
    return _page(request, series, numbers={}, problem="")


def _save(request: ClinicalRequest, series: Series) -> HttpResponse:
    typed = dict(zip(request.POST.getlist("image"), request.POST.getlist("number"), strict=False))
    try:
        order = order_images(
            user=request.user, series=series, images=_order_of(typed), seen=_shown(request)
        )
    except OvertakenError as error:
        return _page(request, series, numbers={}, problem=str(error), status=409)
    except ValidationError as error:
        if _is_overtaken(request, series):
            return _page(request, series, numbers={}, problem=str(OvertakenError()), status=409)
        return _page(request, series, numbers=typed, problem=message_of(error))
    except StateConflictError as error:
        messages.error(request, str(error))
        return redirect(series.study)
    messages.success(request, "The order of the images is saved.")
    return redirect(order.study)


def _is_overtaken(request: ClinicalRequest, series: Series) -> bool:
    shown = request.POST.get("shown", "").split()
    images = Image.objects.filter(series=series).values_list("pk", flat=True)
    return bool(shown) and shown != [str(pk) for pk in images]


def _shown(request: ClinicalRequest) -> list[UUID] | None:
    """The order that the page showed: what was dragged is sent in another one."""
    if "shown" not in request.POST:
        return None
    try:
        return [UUID(pk) for pk in request.POST["shown"].split()]
    except ValueError as error:
        raise ValidationError("The form is damaged. Load the page again.") from error


def _order_of(typed: dict[str, str]) -> list[UUID]:
    """The images as the numbers put them: those that keep theirs, and the others in between.

    So one number that was changed moves one image, and a whole new order comes out as it was sent.
    """
    stay: list[UUID] = []
    move: list[tuple[int, UUID]] = []
    for place, (image, number) in enumerate(typed.items(), 1):
        wanted = number_in(number) or 0
        if not 1 <= wanted <= len(typed):
            raise ValidationError(_WRONG.format(count=len(typed), number=place))
        try:
            pk = UUID(image)
        except ValueError as error:
            raise ValidationError("The form is damaged. Load the page again.") from error
        if wanted == place:
            stay.append(pk)
        else:
            move.append((wanted, pk))
    for number_, pk in sorted(move, key=lambda one: one[0]):
        stay.insert(number_ - 1, pk)
    return stay


def _page(
    request: ClinicalRequest,
    series: Series,
    *,
    numbers: dict[str, str],
    problem: str,
    status: int = 422,
) -> HttpResponse:
    study = series.study
    audit.record(
        actor=request.user, event=audit_events.STUDY_READ, row=study, patient_id=study.patient_id
    )
    images = Image.objects.with_instance().filter(series=series)
    context = {
        "series": series,
        "study": study,
        "patient": study.patient,
        "problem": problem,
        "shown": [image.pk for image in images],
        "images": [
            {"image": one, "place": place, "number": numbers.get(str(one.pk), place)}
            for place, one in enumerate(images, 1)
        ],
    }
    return render(request, "studies/order.html", context, status=status if problem else 200)
