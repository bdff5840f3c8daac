"""Settings, read top-down from the environment; docs/configuration.md describes each variable."""

import logging
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from neuroscan_site import logs

env = environ.Env()


def _renamed_int(name: str, *, before: str, default: int) -> int:
    """Read a setting that had another name; the older name still works."""
    return int(env.int(name, default=env.int(before, default=default)))


# --- Where things are -----------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
_data_dir = env.str("NEUROSCAN_DATA_DIR", default="")
DATA_DIR = Path(_data_dir).resolve() if _data_dir else BASE_DIR / "var"
MEDIA_ROOT = DATA_DIR / "media" if _data_dir else BASE_DIR / "media"
RELEASES_DIR = DATA_DIR / "releases"  # model releases registered on this machine
SHIPPED_RELEASE_DIR = BASE_DIR / "ml" / "shipped"
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- Secrets and hosts ----------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
_secret_key_file = env.str("SECRET_KEY_FILE", default="")
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY and _secret_key_file:
    try:
        SECRET_KEY = Path(_secret_key_file).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY_FILE names {_secret_key_file}, which cannot be read: {error.strerror}."
        ) from error
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "django-insecure-for-development-only"
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "no secret key. Set SECRET_KEY to a long random string, or SECRET_KEY_FILE to the path of "
        "a file that holds one (`make run` makes its own), or DEBUG=1 on a developer's machine."
    )

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PORT = env.int("NEUROSCAN_PORT", default=8000)

# HTTPS is assumed; `make run` turns it off because it listens on 127.0.0.1 only.
HTTPS = env.bool("NEUROSCAN_HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Compose's health checks send requests from inside the container, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if env.bool("NEUROSCAN_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = 1 if env.bool("NEUROSCAN_BEHIND_PROXY", default=False) else 0
# The address of this site in mails, which are written where no request says it.
SITE_URL = env.str(
    "NEUROSCAN_URL",
    default=f"https://{[*ALLOWED_HOSTS, 'localhost'][0]}" if HTTPS else f"http://127.0.0.1:{PORT}",
).rstrip("/")
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = env.int("NEUROSCAN_SESSION_HOURS", default=12) * 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],  # but for the viewer, beside the report that is written
    }
}

# --- Applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "scans",
    "accounts.administration.AdministrationConfig",  # django.contrib.admin behind our sign-in
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "accounts.drawn_for.DrawnForMiddleware",  # before the token: it says who is signed in now
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.AuditOriginMiddleware",
    "accounts.time_zones.ClinicTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.readable_requests.ReadableRequestMiddleware",  # last: a form's token is checked first
]

ROOT_URLCONF = "neuroscan_site.urls"
WSGI_APPLICATION = "neuroscan_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.permissions",
            ]
        },
    }
]

# --- Database, cache, queue, files: embedded by default, servers when the environment names them --

DATABASES = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'neuroscan.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        # A writer takes its lock at BEGIN, so two writers wait for each other instead of failing.
        "transaction_mode": "IMMEDIATE",
        # FULL: an upload that was confirmed is on the disk, also after a power cut.
        # Recursive triggers: a row that INSERT OR REPLACE would push out is then deleted as any
        # other, which the record's triggers refuse.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;"
        ),
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default=f"filecache://{DATA_DIR / 'cache'}")}
if CACHES["default"]["BACKEND"].endswith("FileBasedCache"):
    # Rate limits live here: Django's 300 entries would throw counts away on a busy morning.
    CACHES["default"].setdefault("OPTIONS", {})["MAX_ENTRIES"] = 10_000

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="spool://")
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"spool_folder": str(DATA_DIR / "queue")}
    if CELERY_BROKER_URL.startswith("spool://")
    # Above the task's hard limit, so that Redis never hands out a task that still runs.
    else {
        "visibility_timeout": 900,
        # A broker that is away must not hold up an upload: `requeue_expired` dispatches again.
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
    }
)

_s3_bucket = env.str("NEUROSCAN_S3_BUCKET", default="")
STORAGES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "scans.storage.DurableFileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if _s3_bucket:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": _s3_bucket,
            "endpoint_url": env.str("NEUROSCAN_S3_ENDPOINT_URL", default=None),
            "region_name": env.str("NEUROSCAN_S3_REGION", default=None),
            "access_key": env.str("AWS_ACCESS_KEY_ID", default=None),
            "secret_key": env.str("AWS_SECRET_ACCESS_KEY", default=None),
            "default_acl": None,
            # The host name of a store of our own has no name for each bucket below it.
            "addressing_style": "path" if "NEUROSCAN_S3_ENDPOINT_URL" in os.environ else None,
            "querystring_auth": True,
            "querystring_expire": 60,
            "file_overwrite": False,
        },
    }
# Only where browsers can reach the store: they then fetch originals there, by a short-lived URL.
# What the pages draw with always comes from here, so that no other origin enters the CSP.
ORIGINALS_BY_SIGNED_URL = bool(_s3_bucket) and env.bool("NEUROSCAN_S3_SIGNED_URLS", default=False)
STATIC_URL = "static/"
STATIC_ROOT = env.path("NEUROSCAN_STATIC_ROOT", default=str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- Limits on what may be uploaded ---------------------------------------------------------------

UPLOAD_MAX_FILE_BYTES = env.int("NEUROSCAN_MAX_FILE_MB", default=64) * 1024**2
UPLOAD_MAX_PIXELS = env.int("NEUROSCAN_MAX_MEGAPIXELS", default=50) * 1_000_000
UPLOAD_MAX_FRAMES = env.int("NEUROSCAN_MAX_FRAMES", default=1000)
UPLOAD_MAX_FILE_PIXELS = env.int("NEUROSCAN_MAX_FILE_MEGAPIXELS", default=300) * 1_000_000
UPLOAD_MIN_SIDE = 64  # pixels; below this nothing can be read
UPLOAD_MAX_ARCHIVE_BYTES = env.int("NEUROSCAN_MAX_ARCHIVE_MB", default=1024) * 1024**2  # expanded
UPLOAD_MAX_ARCHIVE_PIXELS = env.int("NEUROSCAN_MAX_ARCHIVE_MEGAPIXELS", default=4000) * 1_000_000
UPLOAD_MAX_DECODE_SECONDS = env.int("NEUROSCAN_MAX_DECODE_SECONDS", default=300)
UPLOAD_MAX_FILES = env.int("NEUROSCAN_MAX_FILES_PER_UPLOAD", default=2000)
DATA_UPLOAD_MAX_NUMBER_FILES = UPLOAD_MAX_FILES
# The verdict's form has up to three fields an image: the decision, its reason, and a text.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3 * UPLOAD_MAX_FILES + 100
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2  # form fields; files are streamed to disk
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- Doors of DICOM -------------------------------------------------------------------------------

# STOW-RS: one request is stored object by object, so it may be larger than an upload.
STOW_MAX_BYTES = env.int("NEUROSCAN_MAX_STOW_MB", default=8192) * 1024**2
STOW_MAX_OBJECTS = env.int("NEUROSCAN_MAX_STOW_OBJECTS", default=10_000)
# C-STORE: without a port nothing is listened on.
DIMSE_PORT = env.int("NEUROSCAN_DIMSE_PORT", default=0)
DIMSE_BIND = env.str("NEUROSCAN_DIMSE_BIND", default="127.0.0.1")
DIMSE_AE_TITLE = env.str("NEUROSCAN_DIMSE_AE_TITLE", default="NEUROSCAN")
DIMSE_MAX_ASSOCIATIONS = env.int("NEUROSCAN_DIMSE_MAX_ASSOCIATIONS", default=20)
DIMSE_MAX_ASSOCIATIONS_OF_ONE = env.int("NEUROSCAN_DIMSE_MAX_ASSOCIATIONS_OF_ONE", default=5)
DIMSE_MAX_PDU = env.int("NEUROSCAN_DIMSE_MAX_PDU", default=131_072)  # bytes
DIMSE_TIMEOUT = env.int("NEUROSCAN_DIMSE_TIMEOUT", default=60)  # seconds without a byte
DIMSE_TLS_CERTIFICATE = env.str("NEUROSCAN_DIMSE_TLS_CERTIFICATE", default="")
DIMSE_TLS_KEY = env.str("NEUROSCAN_DIMSE_TLS_KEY", default="")
DIMSE_TLS_CLIENT_CA = env.str("NEUROSCAN_DIMSE_TLS_CLIENT_CA", default="")
_watch_dir = env.str("NEUROSCAN_WATCH_DIR", default="")
WATCH_DIR = Path(_watch_dir).resolve() if _watch_dir else None
WATCH_QUIET_SECONDS = env.float("NEUROSCAN_WATCH_QUIET_SECONDS", default=5.0)

# --- The worker -----------------------------------------------------------------------------------

ANALYSIS_MAX_ATTEMPTS = env.int("NEUROSCAN_MAX_ATTEMPTS", default=3)
ANALYSIS_LEASE_SECONDS = env.int("NEUROSCAN_LEASE_SECONDS", default=60)
ANALYSIS_DISPATCH_AGAIN_SECONDS = _renamed_int(
    "NEUROSCAN_DISPATCH_AGAIN_SECONDS", before="NEUROSCAN_RING_AGAIN_SECONDS", default=60
)
REQUEUE_SECONDS = _renamed_int(
    "NEUROSCAN_REQUEUE_SECONDS", before="NEUROSCAN_SWEEP_SECONDS", default=10
)
MAIL_SECONDS = 20  # how often mail goes out from its rows
WORKER_HEARTBEAT_SECONDS = 10
WORKER_MISSING_SECONDS = 30
ENGINE = env.str("NEUROSCAN_ENGINE", default="auto")

# Pixels are decoded by a worker of its own, which a file may take with it.
DECODING_MAX_ATTEMPTS = env.int("NEUROSCAN_DECODING_MAX_ATTEMPTS", default=3)
DECODING_SECONDS = env.int("NEUROSCAN_DECODING_SECONDS", default=60)  # of one file
DECODING_MEMORY_MB = env.int("NEUROSCAN_DECODING_MEMORY_MB", default=3072)  # of one file
DECODING_TURN_SECONDS = 5  # of one study, before it is the turn of another
DECODING_TIME_LIMIT = DECODING_TURN_SECONDS + DECODING_SECONDS  # of a task: then it is killed
DECODING_LEASE_SECONDS = DECODING_TIME_LIMIT + 5
DECODING_QUEUE = "decoding"

# Requeueing and cleanup have a queue of their own, which the worker visits in turn with the other:
# behind a long line of analyses they would come too late for the rows of a worker that died.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("celery", "upkeep", DECODING_QUEUE)
]
CELERY_TASK_ROUTES = {
    f"scans.tasks.{name}": {"queue": "upkeep"}
    for name in (
        *("requeue_expired", "file_received", "mark_arrived", "cleanup", "send_mail", "read_demo"),
    )
}
CELERY_TASK_ROUTES["scans.tasks.decode"] = {"queue": DECODING_QUEUE}
CELERY_TASK_IGNORE_RESULT = True  # rows are the record; nothing reads Celery results
CELERY_TASK_TIME_LIMIT = max(10, ANALYSIS_LEASE_SECONDS - 5)  # dead before its lease runs out
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 180  # seconds a worker child may take to load its model
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")


def _every(seconds: int, task: str) -> dict[str, Any]:
    """One that nobody picked up in time is replaced by the next one, not piled up."""
    return {
        "task": f"scans.tasks.{task}",
        "schedule": timedelta(seconds=seconds),
        "options": {"expires": seconds * 2},
    }


CELERY_BEAT_SCHEDULE = {
    "requeue_expired": _every(REQUEUE_SECONDS, "requeue_expired"),
    # A message has what arrives filed a second later; this finds what a lost one left.
    "file_received": _every(REQUEUE_SECONDS, "file_received"),
    "mark_arrived": _every(REQUEUE_SECONDS, "mark_arrived"),
    "send_mail": _every(MAIL_SECONDS, "send_mail"),
    "cleanup": {"task": "scans.tasks.cleanup", "schedule": timedelta(hours=1)},
}

# --- People and sign-in ---------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Django's own backend beside this one would hash each wrong password twice.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "change_password": "accounts.forms.OwnPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators create accounts; nobody signs up
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one counts once it is confirmed
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # the password again before an address or a token
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to people who have no account
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
DEFAULT_FROM_EMAIL = env.str("NEUROSCAN_FROM_EMAIL", default="neuroscan@localhost")
EMAIL_TIMEOUT = 10  # seconds; a page waits for it
# Names of patients stand in some messages: they stay on the server, not in a cookie.
MESSAGE_STORAGE = "scans.pages.core.message_storage.DistinctMessages"
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))

# --- API ------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "scans.api.core.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["scans.api.core.permissions.ClinicMember"],
    "DEFAULT_SCHEMA_CLASS": "scans.api.core.schema.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": "scans.api.core.pagination.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.SearchFilter",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("NEUROSCAN_THROTTLE_ANON", default="60/min"),
        "user": env.str("NEUROSCAN_THROTTLE_USER", default="1200/min"),
        "sign-in": env.str("NEUROSCAN_THROTTLE_SIGN_IN", default="10/min"),
    },
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "scans.api.core.problems.exception_handler",
    "DATE_INPUT_FORMATS": ["%Y-%m-%d"],
    "URL_FORMAT_OVERRIDE": None,  # no `format` in the query: an address has one
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.int("NEUROSCAN_TOKEN_DAYS", default=90)),
    "AUTH_HEADER_PREFIX": "Token",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "NeuroScan API",
    "VERSION": "1",
    "DESCRIPTION": "Patients, studies, images and AI analyses of one clinic. "
    "A research tool, not a medical device: an analysis is an AI suggestion, not a diagnosis.",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices that stand in several fields under several names.
    "ENUM_NAME_OVERRIDES": {
        "DecodingEnum": "scans.models.decoding.Decoding.choices",
        "FindingEnum": "scans.models.assessment.Finding.choices",
        "ReadsEnum": "scans.models.reading.ReadersRequired.choices",
        "ReadStageEnum": "scans.models.reading.ReadStage.choices",
        "SexEnum": "scans.models.patient.Sex.values",
        "ReportStatusEnum": "scans.models.report.ReportStatus.choices",
        "VerdictStatusEnum": "scans.models.assessment.VerdictStatus.choices",
        "LabelEnum": "scans.models.analysis.Label.choices",
        "StudyLabelEnum": [(word, word) for word in ("tumor", "no_tumor", "abstained")],
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
}

# --- Language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("NEUROSCAN_TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = "neuroscan_site.formats"  # one way to write a date, in every form and filter
USE_TZ = True

# --- Demo -----------------------------------------------------------------------------------------

DEMO = env.bool("NEUROSCAN_DEMO", default=False)  # `make run` turns it on
DEMO_PASSWORD = env.str("NEUROSCAN_DEMO_PASSWORD", default="")
if DEMO:  # its earlier studies are read as soon as they are analyzed
    CELERY_BEAT_SCHEDULE["read_demo"] = {
        "task": "scans.tasks.read_demo",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    }

# --- Logs: one JSON object a line, ids only -------------------------------------------------------

LOGGING = logs.configured(level=env.str("NEUROSCAN_LOG_LEVEL", default="INFO"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
logging.captureWarnings(True)
