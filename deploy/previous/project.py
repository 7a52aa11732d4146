"""For one version: a project whose modules are called ``project.…`` finds them in project/, whatever else is there."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2] / "project")]
