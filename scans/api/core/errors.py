"""Django's own error pages, which below /api/ and /dicomweb/ are problems as well.

They answer requests that reach no view of DRF: a foreign host name, a fault of ours.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from accounts.readable_requests import UnreadableRequestError
from scans.api.core.problems import INVALID, MEDIA_TYPE, NOT_FOUND, PLAIN, describe


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    told = exception if isinstance(exception, UnreadableRequestError) else None
    if _is_api(request):
        sentence = told.sentence if told else "The request could not be understood."
        errors = {told.name: [told.sentence]} if told and told.name else None
        return _problem(request, 400, sentence, errors=errors)
    if told:
        return render(request, "400.html", {"reason": told.sentence}, status=400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return _problem(request, 403, "Your role does not allow this.")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return _problem(request, 404, NOT_FOUND)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return _problem(
            request, 500, "Something went wrong on our side. Try again; if it stays, tell us."
        )
    return defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith(("/api/", "/dicomweb/"))


def _problem(
    request: HttpRequest, status: int, detail: str, errors: dict[str, list[str]] | None = None
) -> JsonResponse:
    problem_type = INVALID if errors else PLAIN
    problem = describe(
        status=status,
        detail=detail,
        instance=request.path,
        problem_type=problem_type,
        errors=errors,
    )
    return JsonResponse(problem, status=status, content_type=MEDIA_TYPE)
