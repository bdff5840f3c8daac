"""`/clinic/people/`: the people of a clinic."""

from django.urls import path

from accounts import people_pages as pages

urlpatterns = [
    path("", pages.clinic_people, name="clinic-people"),
    path("invite/", pages.person_invite, name="clinic-person-invite"),
    path("<slug:user_id>/", pages.person, name="clinic-person"),
    path("<slug:user_id>/link/", pages.person_link, name="clinic-person-link"),
    path("<slug:user_id>/close/", pages.person_close, name="clinic-person-close"),
    path("<slug:user_id>/open/", pages.person_open, name="clinic-person-open"),
    path("<slug:user_id>/sign-out/", pages.person_sign_out, name="clinic-person-sign-out"),
    path(
        "<slug:user_id>/tokens/<str:token_key>/revoke/",
        pages.person_token_revoke,
        name="clinic-person-token-revoke",
    ),
]
