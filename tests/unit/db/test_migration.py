# SPDX-License-Identifier: Apache-2.0
import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import autogenerate
from alembic import command
from alembic.runtime import migration as runtime

from karbor_copy import exceptions
from karbor_copy.db import engine
from karbor_copy.db import migration
from karbor_copy.db import models
from tests.fixtures import database


@pytest.fixture
def blank(server: str, tmp_path: pathlib.Path) -> Iterator[str]:
    """Use a database with nothing in it; give its URL."""
    directory = tmp_path / "100%"
    directory.mkdir()
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{directory}/blank.sqlite"
        if server != database.SQLITE:
            url = stack.enter_context(database.own_database(server))
        database.configure(url)
        yield url
        engine.dispose()


def test_the_schema_is_what_the_models_say() -> None:
    with engine.get_engine().connect() as connection:
        context = runtime.MigrationContext.configure(
            connection, opts={"compare_type": True}
        )
        found = autogenerate.compare_metadata(context, models.Base.metadata)
    assert found == []


def test_syncing_again_changes_nothing() -> None:
    assert migration.version() == "0007"
    migration.sync()
    assert migration.version() == "0007"


def test_an_empty_database_has_no_version(blank: Any) -> None:
    assert migration.version() is None


def test_down_takes_all_tables_away(blank: Any) -> None:
    migration.sync()
    command.downgrade(migration._config(), "base")
    found = sa.inspect(engine.get_engine()).get_table_names()
    assert found == ["alembic_version"]


def test_there_is_no_way_back(blank: Any) -> None:
    migration.sync("0003")
    migration.sync("0003")
    migration.sync("+1")
    with pytest.raises(exceptions.Invalid, match="0004.* no way .* 0003"):
        migration.sync("0003")
    assert migration.version() == "0004"
    migration.sync()
    assert migration.version() == "0007"


def test_processes_that_sync_at_once_do_not_collide(blank: str) -> None:
    code = (
        "from tests.fixtures import database;"
        "from karbor_copy.db import migration;"
        f"database.configure({blank!r}); migration.sync()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)
    ]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert migration.version() == "0007"


def test_offline_prints_the_statements(capsys: Any, dialect: Any) -> None:
    command.upgrade(migration._config(), "head", sql=True)
    printed = capsys.readouterr().out
    assert "CREATE TABLE checkpoint_copies" in printed
    assert ("utf8mb4_bin" in printed) == (dialect == "mysql")
