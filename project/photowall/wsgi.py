"""The WSGI application, for Gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "photowall.settings")
application = get_wsgi_application()
