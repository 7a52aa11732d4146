"""For one version: a project whose modules are called ``project.…`` finds them in project/, whatever else is there."""

import warnings
from pathlib import Path

warnings.warn(
    "write `settings`, `urls` and the like in place of `project.settings` and `project.urls`, names of an older "
    "version: in site.yml, INSTALLED_APPS, ROOT_URLCONF and your imports",
    FutureWarning,
    2,
)
__path__ = [str(Path(__file__).resolve().parents[2] / "project")]
