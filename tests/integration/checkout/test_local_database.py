"""`manage.py local_database`: what `make db COMMAND=pull` asks the project."""

import json


def test_it_names_the_database_the_sessions_table_and_the_hook(checkout):
    checkout.settings('INSTALLED_APPS += ["django.contrib.sessions", "wall"]\n')
    checkout.write("wall/__init__.py", "")
    checkout.write("wall/management/__init__.py", "")
    checkout.write("wall/management/commands/__init__.py", "")
    checkout.write("wall/management/commands/anonymise.py", "")
    done = checkout.manage("local_database", "anonymise")
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["vendor"] == "sqlite" and said["settings"] == "settings"
    assert (said["sessions"], said["hook"]) == ("django_session", True)
    checkout.settings('SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"\n')
    said = json.loads(checkout.manage("local_database", "anonymise").stdout.splitlines()[-1])
    assert (said["sessions"], said["hook"]) == ("", False)
