"""The web application for gunicorn; it refuses to exist where `labelapp/checks.py` finds the settings unsafe."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")
os.environ.setdefault("LABELAPP_PROCESS", "web")
application = get_wsgi_application()

from labelapp.checks import refuse_unsafe_start  # noqa: E402 (needs the app registry)

refuse_unsafe_start()
