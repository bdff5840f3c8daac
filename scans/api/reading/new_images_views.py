"""Images that came after a study was signed: which they are, and that they change nothing."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.in_person import refuse_token
from scans.api.core.views import ClinicRows
from scans.models import NewImagesReview, Study
from scans.services.reading.new_images import (
    new_images,
    readable_reviews,
    sign_nothing_changes,
)


class NewImagesReviewSerializer(serializers.ModelSerializer):
    """What a reader signed: that they have seen these images, and that they change nothing."""

    reader = serializers.CharField(source="signed_name", read_only=True)
    images = serializers.ListField(child=serializers.UUIDField(), read_only=True)

    class Meta:
        model = NewImagesReview
        fields = ["id", "reader", "images", "seen_until", "signed_at"]
        read_only_fields = fields


class NewImagesSerializer(serializers.Serializer):
    """The images of a study that nobody has answered for since it was signed."""

    new_images_at = serializers.DateTimeField(allow_null=True, help_text="When the first came.")
    newest_image_at = serializers.DateTimeField(
        allow_null=True, help_text="When the newest came: what is sent back as `seen_until`."
    )
    images = serializers.ListField(child=serializers.UUIDField())
    reviews = NewImagesReviewSerializer(many=True)


class NothingChangesSerializer(serializers.Serializer):
    seen_until = serializers.DateTimeField(
        help_text="`newest_image_at` as it was shown: where more have come, it is refused (409)."
    )


class NewImagesView(ClinicRows):
    http_method_names = ["get", "post"]
    read_event = audit_events.STUDY_READ
    queryset = Study.objects.select_related("patient", "clinic")
    serializer_class = NewImagesSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        summary="Show the images that came since a study was signed",
        description="With what readers have signed of such images.",
        responses=NewImagesSerializer,
    )
    def retrieve(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        self.record_read(study)
        found = {
            "new_images_at": study.new_images_at,
            "newest_image_at": study.newest_image_at,
            "images": [image.pk for image in new_images(study)],
            "reviews": readable_reviews(user=signed_in(request), study=study),
        }
        return Response(NewImagesSerializer(found).data)

    @extend_schema(
        summary="Sign that the new images change nothing",
        description=(
            "A record of its own: what was signed stays word for word. In a session of your own: "
            "an API token signs nothing (403)."
        ),
        request=NothingChangesSerializer,
        responses={201: NewImagesReviewSerializer},
    )
    def sign(self, request: Request, pk: Any) -> Response:
        study, user = self.get_object(), signed_in(request)
        require(user, Action.READ_STUDY, study)
        refuse_token(request)
        form = NothingChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        review = sign_nothing_changes(user=user, study=study, **form.validated_data)
        return Response(NewImagesReviewSerializer(review).data, status.HTTP_201_CREATED)
