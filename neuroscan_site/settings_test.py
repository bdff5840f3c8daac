"""The settings, as the tests use them: a data directory of their own and nothing from outside."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("NEUROSCAN_HTTPS", "0")
os.environ["NEUROSCAN_DATA_DIR"] = tempfile.mkdtemp(prefix="neuroscan-tests-")

from neuroscan_site.settings import *  # noqa: F403
from neuroscan_site.settings import DATA_DIR, DATABASES, INSTALLED_APPS, REST_FRAMEWORK

# Tests that commit empty the database when they end, which the record's triggers refuse: this app
# has a `flush` that lifts them first. No other settings have it.
INSTALLED_APPS += ["neuroscan_site.tests.emptying"]
# A file, not memory: the live server's threads and the test share it as real processes would.
DATABASES["default"].setdefault("TEST", {})["NAME"] = (
    None if "postgresql" in DATABASES["default"]["ENGINE"] else str(DATA_DIR / "test.sqlite3")
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_AUTOREFRESH = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = dict.fromkeys(("anon", "user", "sign-in"), "10000/min")
ACCOUNT_RATE_LIMITS = False
