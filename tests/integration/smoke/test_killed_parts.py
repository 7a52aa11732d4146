"""Parts of a running proof are killed as soon as they are there; ``kill_parts`` does so at random moments."""

import pytest

from tests.integration.smoke.kill_parts import Outcome, play


@pytest.fixture(scope="module")
def undisturbed() -> Outcome:
    outcome = play("", 0)
    assert (outcome.status, outcome.faults) == (0, [])
    return outcome


@pytest.mark.parametrize("part", ["driver", "renderer"])
def test_a_part_that_is_killed_costs_no_finding_and_no_evidence_in_silence(undisturbed, part):
    outcome = play(part, 0, undisturbed=undisturbed.report)
    assert outcome.at >= 0 and outcome.faults == []
