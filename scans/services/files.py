"""Delivery of medical files: permission, audit event, then a stream or a signed URL."""

from pathlib import PurePosixPath

from django.conf import settings
from django.core.cache import cache
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events, ingest
from scans.errors import BeingPreparedError, StateConflictError
from scans.models import Analysis, Image, Instance
from scans.services.disclosure import require_ai
from scans.services.frames import read_frame, shown_picture

SEEN_SECONDS = 3600
FRAME = "frame"
_IMAGE_READS = {
    "original": audit_events.IMAGE_ORIGINAL_READ,
    "rendition": audit_events.IMAGE_RENDITION_READ,
    "thumbnail": audit_events.IMAGE_THUMBNAIL_READ,
    FRAME: audit_events.IMAGE_FRAME_READ,
}
_ANALYSIS_READS = {
    "heatmap": audit_events.ANALYSIS_HEATMAP_READ,
    "overlay": audit_events.ANALYSIS_OVERLAY_READ,
}
IMAGE_KINDS = ("original", "rendition", "thumbnail")
ANALYSIS_KINDS = ("heatmap", "overlay")
FRAME_HEADER = "X-Frame"
_SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">'
    '<rect width="64" height="64" fill="#3b434e"/>'
    '<path d="{mark}" fill="none" stroke="#aeb8c4" stroke-width="3" stroke-linecap="round"/></svg>'
)
_CLOCK = "M32 18a14 14 0 1 1 0 28a14 14 0 1 1 0-28M32 24v8l6 4"
_CROSS = "M22 22l20 20M42 22l-20 20"


def deliver(*, user: User, row: Image | Analysis, kind: str) -> FileResponse | HttpResponse:
    """Return the response with one file of this image or analysis.

    The thumbnail of an image whose pixels are not decoded is a drawn placeholder.

    Raises `NotAllowedError` (also while the AI result is withheld), `StateConflictError` for the
    picture of an image that is not decoded, or `Http404` where there is no such file.
    """
    require(user, Action.VIEW, row)
    if isinstance(row, Analysis):
        require_ai(user=user, study=row.image.study)
    if isinstance(row, Image) and kind in {"rendition", "thumbnail"} and not getattr(row, kind):
        if kind == "thumbnail":
            return _placeholder(row)
        refuse_unprepared(row)
    field, media_type, filename = _file(row, kind)
    if not field:
        raise Http404("There is no such file: the analysis has no result.")
    _record_read(user, row, kind)
    image = row if isinstance(row, Image) else row.image
    if image.mask and kind != "original":
        return _masked(image, field)
    return _handed_out(
        field, media_type=media_type, filename=filename, is_original=kind == "original"
    )


def stored_file(
    field: FieldFile,
    *,
    media_type: str,
    filename: str,
    cache_control: str,
    as_attachment: bool = False,
) -> FileResponse:
    """Stream a stored file. The caller has checked the permission and recorded the read.

    Raises `Http404` where the storage has lost it.
    """
    try:
        content = field.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file is missing from the storage. Tell your administrator.") from error
    response = FileResponse(
        content, content_type=media_type, as_attachment=as_attachment, filename=filename
    )
    response["Cache-Control"] = cache_control
    response["Vary"] = "Cookie, Authorization"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def deliver_object(*, user: User, instance: Instance) -> FileResponse | HttpResponse:
    """Return the response with the bytes of a stored object, as received.

    Raises `NotAllowedError`, or `Http404` where the file is missing.
    """
    require(user, Action.VIEW, instance)
    audit.record(
        actor=user,
        event=audit_events.INSTANCE_ORIGINAL_READ,
        row=instance,
        patient_id=instance.patient_id,
    )
    field, media_type, filename = _original(instance)
    return _handed_out(field, media_type=media_type, filename=filename, is_original=True)


def deliver_frame(*, user: User, image: Image) -> HttpResponse:
    """Return the raw pixels of this image, with a header that says how to read them.

    Raises `NotAllowedError`, `StateConflictError` for an image that is being prepared or cannot be
    shown, or `Http404` where the file is missing.
    """
    require(user, Action.VIEW, image)
    refuse_unprepared(image)
    _record_read(user, image, FRAME)
    try:
        frame = read_frame(image)
    except ingest.Refusal as refusal:
        raise StateConflictError(
            f"Image {image.number} cannot be shown. {refusal.detail}"
        ) from refusal
    except FileNotFoundError as error:
        raise Http404("The file is missing from the storage. Tell your administrator.") from error
    response = HttpResponse(frame.pixels, content_type="application/octet-stream")
    response[FRAME_HEADER] = frame.header
    # The viewer keeps frames in its own memory, which ends with the page: nothing on the disk.
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Cookie, Authorization"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def refuse_unprepared(image: Image) -> None:
    """Raise `StateConflictError` for an image whose pixels are not decoded, with the reason."""
    instance = image.instance
    if instance.is_being_prepared:
        raise BeingPreparedError(
            f"Image {image.number} is being prepared. It can be shown in a moment."
        )
    if instance.cannot_be_shown:
        raise StateConflictError(
            f"Image {image.number} cannot be shown. {instance.decoding_problem}"
        )


def _placeholder(image: Image) -> HttpResponse:
    """A gray square with a clock, or crossed out where the image cannot be shown."""
    is_lost = image.instance.cannot_be_shown
    response = HttpResponse(
        _SQUARE.format(mark=_CROSS if is_lost else _CLOCK), content_type="image/svg+xml"
    )
    response["Cache-Control"] = "private, no-store"  # the next one may be the thumbnail
    response["Vary"] = "Cookie, Authorization"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _handed_out(
    field: FieldFile, *, media_type: str, filename: str, is_original: bool
) -> FileResponse | HttpResponse:
    if is_original and settings.ORIGINALS_BY_SIGNED_URL:
        return HttpResponseRedirect(field.url)
    # Never in a shared cache, and requested again after signing out.
    response = stored_file(
        field,
        media_type=media_type,
        filename=filename,
        as_attachment=is_original,
        cache_control="private, max-age=300",
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _masked(image: Image, field: FieldFile) -> HttpResponse:
    """A picture of an image of which parts are covered."""
    try:
        with field.open("rb") as file:
            content = shown_picture(image, file.read())
    except FileNotFoundError as error:
        raise Http404("The file is missing from the storage. Tell your administrator.") from error
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Cookie, Authorization"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _original(instance: Instance) -> tuple[FieldFile, str, str]:
    """The stored file, its media type, and the name the client sees."""
    return instance.file, instance.media_type, PurePosixPath(instance.filename).name


def _record_read(user: User, row: Image | Analysis, kind: str) -> None:
    # Lists show the same thumbnails all day long, and the viewer fetches each frame of a series:
    # once an hour records who saw them, without burying the reads that somebody chose to make.
    often = kind in {"thumbnail", FRAME}
    if often and not cache.add(f"seen:{user.pk}:{row.pk}:{kind}", True, SEEN_SECONDS):
        return
    image, events = (row, _IMAGE_READS) if isinstance(row, Image) else (row.image, _ANALYSIS_READS)
    audit.record(
        actor=user,
        event=events[kind],
        row=row,
        patient_id=image.patient_id,
    )


def _file(row: Image | Analysis, kind: str) -> tuple[FieldFile, str, str]:
    """The stored file, its media type, and the name the client sees."""
    if isinstance(row, Image):
        if kind == "original":
            return _original(row.instance)
        if kind in IMAGE_KINDS:
            return getattr(row, kind), "image/png", _picture_name(row, kind)
    elif kind in ANALYSIS_KINDS:
        return getattr(row, kind), "image/png", _picture_name(row.image, kind)
    raise Http404("There is no such kind of file.")


def _picture_name(image: Image, kind: str) -> str:
    """Name the picture after the file, with the frame where that holds several."""
    stem = PurePosixPath(image.instance.filename).stem
    frame = f"-{image.frame_number}" if image.instance.number_of_frames > 1 else ""
    return f"{stem}{frame}-{kind}.png"
