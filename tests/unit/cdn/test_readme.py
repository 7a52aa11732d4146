"""The README's table of behaviours names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_row_names_a_page_of_aws_and_tests_that_exist():
    defined = set()
    for kind in ("unit", "integration"):
        for file in (ROOT / "tests" / kind / "cdn").glob("test_*.py"):
            defined |= set(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))
    table = (ROOT / "rehearsal/cdn/README.md").read_text().split("## Behaviours")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    assert rows
    for row in rows:
        assert "https://docs.aws.amazon.com/" in row
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named, row
        assert named <= defined, row
