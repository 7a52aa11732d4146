"""Which database the site has, and what its clients are told."""

import pytest


def test_the_site_s_own_environment_names_it(host):
    host.paths.ENVIRONMENT.write_text(
        '# by Ansible\nA="x"\nDATABASE_URL="postgres://me:a\\"b\\$c\\\\d@db.example.com/site"\nDATABASE="no"\n'
    )
    assert host.database.url() == 'postgres://me:a"b$c\\d@db.example.com/site'
    assert not host.database.is_here()
    host.paths.ENVIRONMENT.write_text('DATABASE_URL="postgres:///slipway"\n')
    assert host.database.is_here()


def test_a_secret_is_in_the_environment_and_in_no_argument(host):
    host.paths.ENVIRONMENT.write_text(
        'DATABASE_URL="postgis://me%40home:p%2Fw%25@db.example.com:6432/my%20site?sslmode=require&conn_max_age=60"\n'
    )
    line, environment = host.database.client("pg_dump", "--format=custom")
    assert line == ["runuser", "-u", "slipway", "--", "pg_dump", "--format=custom"]
    assert {name: value for name, value in environment.items() if name.startswith("PG")} == {
        "PGHOST": "db.example.com",
        "PGPORT": "6432",
        "PGUSER": "me@home",
        "PGPASSWORD": "p/w%",
        "PGDATABASE": "my site",
        "PGSSLMODE": "require",
    }


def test_a_database_that_is_not_postgresql_is_rejected(host):
    with pytest.raises(host.paths.HostError, match="DATABASE_URL is mysql:, and `make db` knows PostgreSQL alone"):
        host.database.variables("mysql://me@db.example.com/site")
