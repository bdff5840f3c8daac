"""The buttons that cover the text found near the borders of an image, and show it again."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.policy import get_visible_or_404
from scans.models import Image
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.studies.masking import mask_image, unmask_image


@require_POST
@clinical_page
def image_mask(request: ClinicalRequest, image_id: UUID) -> HttpResponse:
    image = get_visible_or_404(Image.objects.all(), request.user, pk=image_id)
    try:
        mask_image(user=request.user, image=image)
    except ValidationError as error:
        messages.error(request, message_of(error))
    else:
        messages.success(request, "The text is covered wherever this image is shown.")
    return _back_to(image)


@require_POST
@clinical_page
def image_unmask(request: ClinicalRequest, image_id: UUID) -> HttpResponse:
    image = get_visible_or_404(Image.objects.all(), request.user, pk=image_id)
    unmask_image(user=request.user, image=image)
    messages.success(request, "The whole image is shown again.")
    return _back_to(image)


def _back_to(image: Image) -> HttpResponse:
    return redirect(f"{image.study.get_absolute_url()}?image={image.pk}#image-{image.pk}")
