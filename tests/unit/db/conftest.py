# SPDX-License-Identifier: Apache-2.0
"""Every test of db runs on sqlite and on each server."""

import pathlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from karbor_copy.db import migration
from tests.fixtures import database


def _name(value: str) -> str:
    return value.split(":", 1)[0].split("+", 1)[0]


@pytest.fixture(scope="session", params=database.parameters(), ids=_name)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a migrated database on a server, or the word sqlite."""
    if request.param == database.SQLITE:
        yield database.SQLITE
        return
    with database.own_database(request.param) as url:
        database.configure(url)
        migration.sync()
        yield url


@pytest.fixture(autouse=True)
def database_url(server: str, tmp_path: pathlib.Path) -> Iterator[str]:
    """Use an empty database with all tables; give its URL."""
    if server == database.SQLITE:
        with database.sqlite(tmp_path) as url:
            yield url
        return
    database.configure(server)
    database.empty()
    yield server


@pytest.fixture
def dialect(database_url: str) -> str:
    return sa.make_url(database_url).get_backend_name()
