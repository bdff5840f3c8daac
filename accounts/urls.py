"""`/account/`: what allauth's own pages do not have. Included before them."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.account_home, name="account-home"),
    path("tokens/", views.account_tokens, name="account-tokens"),
    path("tokens/create/", views.token_create, name="token-create"),
    path("tokens/<str:token_key>/revoke/", views.token_revoke, name="token-revoke"),
]
