"""The content of the wall's pages, and their number of queries."""

from pathlib import Path

from django.contrib.staticfiles.finders import find
from django.db import connection
from django.test.utils import CaptureQueriesContext

from wall.models import SHAPES
from wall.views import LATEST, PER_PAGE


def queries(client, path):
    client.get(path)  # content types and the like are loaded once a process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_landing_page_shows_the_latest_photos(client, hang):
    for number in range(LATEST + 1):
        hang(f"Photo {number}")
    page = client.get("/").content.decode()
    assert "Photo 1" in page and f"Photo {LATEST}" in page
    assert "Photo 0" not in page


def test_an_empty_wall_invites_to_fill_it(client):
    assert "Nothing hangs here yet" in client.get("/").content.decode()
    assert "Nothing hangs here yet" in client.get("/wall/").content.decode()


def test_the_wall_is_cut_into_pages(client, hang):
    for number in range(PER_PAGE + 1):
        hang(f"Photo {number:02}")
    first, second = (client.get(f"/wall/?page={page}").content.decode() for page in (1, 2))
    assert first.count('class="frame"') == PER_PAGE
    assert second.count('class="frame"') == 1 and "Photo 00" in second
    assert 'aria-label="Page 2"' in first


def test_a_page_that_does_not_exist_is_the_nearest_that_does(client, hang):
    hang()
    assert "Low tide" in client.get("/wall/?page=99").content.decode()
    assert "Low tide" in client.get("/wall/?page=x").content.decode()


def test_a_photo_has_a_page_with_its_neighbours(client, hang):
    older, photo, newer = hang("Older"), hang("Between"), hang("Newer")
    page = client.get(photo.get_absolute_url()).content.decode()
    assert "Between, seen from the quay" in page
    assert f'rel="prev" href="{newer.get_absolute_url()}"' in page
    assert f'rel="next" href="{older.get_absolute_url()}"' in page


def test_the_number_of_queries_does_not_grow_with_the_wall(client, hang):
    photo = hang()
    paths = ["/", "/wall/", photo.get_absolute_url()]
    few = [queries(client, path) for path in paths]
    for number in range(8):
        hang(f"Photo {number}")
    assert [queries(client, path) for path in paths] == few
    assert few == [1, 2, 3]


def test_a_visitor_gets_no_cookie(client, hang):
    photo = hang()
    for path in ("/", "/wall/", photo.get_absolute_url()):
        assert not client.get(path).cookies


def test_a_photo_is_shown_in_the_nearest_shape(hang):
    assert hang(width=1600, height=1067).shape == "3-2"
    assert hang(width=1067, height=1600).shape == "2-3"
    assert hang(width=3000, height=3010).shape == "1-1"
    assert hang(width=5000, height=800).shape == "7-3"


def test_every_shape_has_a_rule_in_the_stylesheet(hang):
    stylesheet = Path(find("css/parts.css")).read_text()
    for across, down in SHAPES:
        assert (across, down) == (1, 1) or f'[data-shape="{across}-{down}"]' in stylesheet


def test_robots_are_told_where_the_map_is(client, hang):
    photo = hang()
    robots = client.get("/robots.txt")
    assert robots["Content-Type"] == "text/plain; charset=utf-8"
    assert "Sitemap: http://testserver/sitemap.xml" in robots.content.decode()
    assert f"<loc>http://testserver{photo.get_absolute_url()}</loc>" in client.get("/sitemap.xml").content.decode()


def test_the_favicon_is_a_redirect_to_the_static_host(client):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"], answer.content) == (302, "/static/favicon.ico", b"")
