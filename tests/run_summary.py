"""Says at the end of each run how much of the suite it was."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    tests = {report.nodeid for report in ran if report.when == "call"}
    files = {test.partition("::")[0] for test in tests}
    skipped = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(f"{len(tests)} tests of {len(files)} files ran, {skipped} were skipped")
