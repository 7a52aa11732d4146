"""A project with three front ends, set up as their own documentation says."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "for development")
DEBUG = True
ROOT_URLCONF = "pages.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "django_vite", "webpack_loader"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "pages" / "templates"],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "dist"]
# Its manifest is where collectstatic would put it, below STATIC_ROOT.
DJANGO_VITE = {"default": {"dev_mode": False, "static_url_prefix": "vite"}}
WEBPACK_LOADER = {"DEFAULT": {"BUNDLE_DIR_NAME": "webpack/", "STATS_FILE": BASE_DIR / "webpack-stats.json"}}

from slipway.settings import *  # noqa: E402, F403
