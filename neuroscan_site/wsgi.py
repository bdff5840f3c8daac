"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neuroscan_site.settings")
application = get_wsgi_application()

from accounts.checks import require_protected_database  # noqa: E402 (needs the apps)

require_protected_database()
