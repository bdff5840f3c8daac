from django.urls import get_resolver
from rest_framework.permissions import AllowAny

import scans.api.urls
from scans.api.core.permissions import ClinicMember

# Whoever asks for a token has not signed in yet. Everything else is for members.
WITHOUT_SIGNING_IN = {"token": [AllowAny]}


def api_views():
    for pattern in _walk(scans.api.urls.urlpatterns):
        callback = pattern.callback
        yield pattern.name, getattr(callback, "cls", None) or callback.view_class, callback


def _walk(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _walk(pattern.url_patterns)
        else:
            yield pattern


def test_every_view_is_for_clinic_members_unless_it_is_on_the_list():
    views = list(api_views())
    assert len(views) > 20
    for name, view, callback in views:
        # An @action may override the permissions of its viewset.
        initkwargs = getattr(callback, "initkwargs", {})
        permissions = initkwargs.get("permission_classes", view.permission_classes)
        expected = WITHOUT_SIGNING_IN.get(name, [ClinicMember])
        assert list(permissions) == expected, f"{name} may be reached by others"


def test_every_view_asks_who_it_is_unless_it_is_on_the_list():
    for name, view, _ in api_views():
        assert bool(view.authentication_classes) is (name not in WITHOUT_SIGNING_IN)


def test_nothing_below_api_is_outside_these_urls():
    (api,) = [p for p in get_resolver().url_patterns if str(p.pattern).startswith("api")]
    assert api.urlconf_module is scans.api.urls
