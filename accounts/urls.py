"""`/account/`: what allauth's own pages do not have. Included before them."""

from django.urls import path, re_path

from accounts import views

urlpatterns = [
    path("", views.account_home, name="account-home"),
    re_path(  # allauth's address and page
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_from_link,
        name="account_reset_password_from_key",
    ),
    path("tokens/", views.account_tokens, name="account-tokens"),
    path("tokens/create/", views.token_create, name="token-create"),
    path("tokens/<str:token_key>/revoke/", views.token_revoke, name="token-revoke"),
]
