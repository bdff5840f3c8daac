"""Pages of the site itself, without clinical data."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from accounts.landing import landing_page
from accounts.requests import signed_in


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponseRedirect:
    """Lead each person to where they begin; the list of studies was here, so its filters go on."""
    filters = request.GET.urlencode()
    if filters:
        return HttpResponseRedirect(f"{reverse('home')}?{filters}")
    return HttpResponseRedirect(reverse(landing_page(signed_in(request))))


@login_not_required
@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Browsers ask for this one by themselves where a page does not name its icon."""
    return HttpResponseRedirect(static("img/favicon.svg"))
