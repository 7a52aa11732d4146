"""The memory budget: what it gives, and where it does not fit."""

import pytest

from slipway.tool import budget
from slipway.tool.config.background import Worker
from slipway.web.errors import SlipwayError


def test_the_smallest_server_gets_what_was_measured_on_it():
    plan = budget.plan(469, 1)
    assert plan.variables() == {
        "postgresql_shared_buffers": "64MB",
        "postgresql_work_mem": "2MB",
        "postgresql_maintenance_work_mem": "24MB",
        "postgresql_max_connections": 38,
        "backup_archive_memory_max": "48M",
        "gunicorn_workers": 2,
        "gunicorn_threads": 8,
        "gunicorn_memory_high": "150M",
        "gunicorn_memory_max": "187M",
        "nginx_memory_max": "96M",
        "agent_memory_max": "80M",
    }
    assert 0 <= plan.free < 469


@pytest.mark.parametrize("memory", [469, 512, 700, 1000, 2000, 4000, 16000])
@pytest.mark.parametrize("database", [True, False])
def test_it_never_gives_more_than_there_is_and_grows_with_the_server(memory, database):
    small, large = (budget.plan(each, 2, database=database) for each in (memory, memory * 2))
    assert sum(small.parts.values()) <= memory
    assert all(large.parts[name] > part for name, part in small.parts.items())


def test_workers_are_bounded_by_memory_and_by_processors():
    assert budget.plan(2000, 1).workers == 3
    assert budget.plan(2000, 4).workers == 9
    assert budget.plan(469, 16).workers == 2


def test_workers_that_site_yml_asks_for_are_taken_if_they_fit():
    assert budget.plan(469, 4, workers=1).workers == 1
    assert budget.plan(2000, 1, workers=9).variables()["gunicorn_workers"] == 9
    assert budget.plan(2000, 1, workers=9).variables()["postgresql_max_connections"] == 94
    with pytest.raises(SlipwayError, match=r"workers: 3 in site.yml need 195 MB, .* is 150 MB: write 2 or fewer"):
        budget.plan(469, 4, workers=3)


def test_threads_are_bounded_by_what_postgresql_has_for_their_connections():
    assert budget.plan(469, 1, threads=1).variables()["postgresql_max_connections"] == 17
    assert budget.plan(469, 1, workers=1, threads=16).threads == 16
    assert budget.plan(469, 1, database=False, threads=64).threads == 64
    # Nobody else's workers take a small server's connections.
    assert budget.plan(2000, 16).workers * budget.plan(2000, 16).threads <= 105
    with pytest.raises(SlipwayError, match=r"threads: 9 .* may open 18 connections .* room for 16: write 8 or fewer"):
        budget.plan(469, 1, threads=9)


def test_parts_of_site_yml_take_the_place_of_the_table_s_and_all_else_follows_from_them():
    plan = budget.plan(469, 1, shares={"gunicorn": 195, "postgresql": 60})
    assert plan.parts == budget.plan(469, 1).parts | {"gunicorn": 195, "postgresql": 60}
    said = plan.variables()
    assert (said["gunicorn_memory_high"], said["gunicorn_memory_max"], said["gunicorn_workers"]) == ("195M", "243M", 3)
    assert (said["postgresql_shared_buffers"], said["gunicorn_threads"]) == ("40MB", 3)
    assert budget.plan(469, 1, shares={}).parts == budget.plan(469, 1).parts


def test_parts_that_do_not_fit_are_rejected_with_every_figure():
    with pytest.raises(
        SlipwayError,
        match=r"^memory: .* system 76 \+ postgresql 96 \+ archive 24 \+ gunicorn 195 \+ nginx 32 \+ release 80 = "
        r"503 MB, and the server shows 469 MB: take 34 MB off$",
    ):
        budget.plan(469, 1, shares={"gunicorn": 195})
    with pytest.raises(SlipwayError, match=r"^memory: postgresql in site.yml: the database is not on this server"):
        budget.plan(469, 1, shares={"postgresql": 96}, database=False)
    # Smaller parts make room on a server that is too small for the table's.
    assert budget.plan(450, 1, shares={"nginx": 8}).memory == 450


def test_what_a_service_has_in_use_is_no_more_than_its_part():
    parts = budget.plan(469, 1).parts
    assert budget.least().keys() == parts.keys()
    assert all(mb <= parts[name] for name, mb in budget.least().items())


def test_a_database_elsewhere_takes_nothing():
    plan = budget.plan(469, 1, database=False)
    assert not {"postgresql", "archive"} & set(plan.parts)
    assert not any(name.startswith(("postgresql", "backup")) for name in plan.variables())


def test_a_server_on_which_it_does_not_fit_is_rejected_with_both_figures():
    with pytest.raises(SlipwayError, match=r"shows 240 MB .* needs 458 MB"):
        budget.plan(240, 1)


def test_the_printed_table_adds_up():
    plan = budget.plan(1000, 2)
    figures = [int(line.split()[1]) for line in plan.lines()]
    assert sum(figures) == 1000


def worker(memory):
    return [Worker("tasks", ("celery",), memory)]


def test_a_worker_that_does_not_fit_is_rejected_with_the_figures_and_what_else_can_be_done():
    wanted = (
        r"^workers in site.yml need 56 MB \(tasks 56\), and the budget of this server has 11 MB left: "
        r"write `gunicorn_workers: 1`, which leaves 45 MB, or start it by a timer, .*docs/jobs.md.*, or take a larger"
    )
    with pytest.raises(SlipwayError, match=wanted):
        budget.plan(469, 1, others=worker(56))
    with pytest.raises(SlipwayError, match=r"need 90 MB .* has 56 MB left: start it by a timer"):
        budget.plan(469, 1, workers=1, others=worker(90))


def test_a_worker_takes_what_one_gunicorn_process_leaves_and_its_connections():
    planned = budget.plan(469, 1, workers=1, others=worker(56))
    assert (planned.parts["gunicorn"], planned.parts["worker tasks"], planned.free) == (105, 56, 0)
    variables = planned.variables()
    assert variables["gunicorn_memory_high"] == "105M"
    before = budget.plan(469, 1, workers=1).variables()["postgresql_max_connections"]
    assert variables["postgresql_max_connections"] == before + budget.WORKER_CONNECTIONS
    # A part that site.yml names is not taken from.
    with pytest.raises(SlipwayError, match="11 MB left"):
        budget.plan(469, 1, workers=1, shares={"gunicorn": 150}, others=worker(56))


def test_a_larger_server_has_room_for_a_worker():
    planned = budget.plan(970, 1, others=worker(112))
    assert planned.parts["worker tasks"] == 112 and planned.free > 0
    assert planned.parts["gunicorn"] > 150
