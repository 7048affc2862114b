# SPDX-License-Identifier: Apache-2.0
"""What holds for every connection to a server: its settings, its patience."""

import concurrent.futures
import os
import socket
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.db import connections
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import plans
from tests.fixtures import database
from tests.fixtures import rows

SERVERS = [
    parameter
    for parameter in database.parameters()
    if parameter.values != (database.SQLITE,)
]
DEADLINE = 60.0

_SLEEP = {"postgresql": "SELECT pg_sleep(600)", "mysql": "SELECT SLEEP(600)"}
_ISOLATION = {
    "postgresql": "SHOW transaction_isolation",
    "mysql": "SELECT @@tx_isolation",
}
_READS_ONLY = {
    "postgresql": {"options": "-c default_transaction_read_only=on"},
    "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY"},
}
pytestmark = pytest.mark.parametrize("server", SERVERS, indirect=True)


@engine.reader
def run(session: orm.Session, statement: str) -> Any:
    return session.scalar(sa.text(statement))


@engine.writer
def hold(
    session: orm.Session, plan_id: str, held: threading.Event, free: Any
) -> None:
    """Lock a plan until another thread lets go."""
    plans.lock(session, plan_id)
    held.set()
    assert free.wait(DEADLINE)


@engine.writer
def lock(session: orm.Session, plan_id: str) -> None:
    plans.lock(session, plan_id)


def cut(driver: Any) -> None:
    """End what a driver's connection talks to the server over."""
    number = (driver if hasattr(driver, "fileno") else driver._sock).fileno()
    with socket.socket(fileno=os.dup(number)) as wire:
        wire.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def hasty(database_url: str) -> None:
    """Wait for the server no longer than a second."""
    database.configure(database_url, 1)


def test_what_the_server_would_do_by_default_does_not_matter(
    database_url: str, dialect: str
) -> None:
    if dialect == "postgresql":  # MariaDB's own is REPEATABLE READ
        make_serializable(database_url)
    database.configure(database_url)
    found = run(_ISOLATION[dialect])
    assert found.lower().replace("-", " ") == "read committed"


def make_serializable(database_url: str) -> None:
    name = sa.make_url(database_url).database
    with engine.get_engine().begin() as connection:
        connection.exec_driver_sql(
            f"ALTER DATABASE {name}"
            " SET default_transaction_isolation = 'serializable'"
        )


def test_a_statement_has_an_end(hasty: None, dialect: str) -> None:
    with pytest.raises(exceptions.DatabaseUnavailable):
        run(_SLEEP[dialect])
    assert run("SELECT 1") == 1


def test_nobody_waits_for_a_lock_for_ever(
    hasty: None, database_url: str
) -> None:
    plan = rows.stored_plan()
    other = sa.create_engine(database_url)
    with other.begin() as connection:
        connection.execute(
            sa.select(models.Plan.id)
            .where(models.Plan.id == plan.id)
            .with_for_update()
        )
        with pytest.raises(exceptions.DatabaseUnavailable):
            lock(plan.id)
    other.dispose()
    lock(plan.id)


def test_a_process_that_stands_still_does_not_keep_its_locks(
    hasty: None,
) -> None:
    plan = rows.stored_plan()
    held, free = threading.Event(), threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(hold, plan.id, held, free)
        assert held.wait(DEADLINE)
        until_locked(plan.id)
        free.set()
        with pytest.raises(exceptions.DatabaseUnavailable):
            frozen.result()


def until_locked(plan_id: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            lock(plan_id)
        except exceptions.DatabaseUnavailable:
            assert time.monotonic() < deadline
        else:
            return


def test_an_engine_is_made_without_a_connection(
    hasty: None, database_url: str
) -> None:
    """All that asked for it waited for a server that was away, in turn."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = sa.make_url(database_url).set(host="127.0.0.1", port=port)
        database.configure(url.render_as_string(hide_password=False), 1)
        engine.get_engine()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()
        with pytest.raises(exceptions.DatabaseUnavailable):
            run("SELECT 1")
        silent.accept()[0].close()


def test_a_server_that_only_reads_counts_as_away(
    database_url: str, dialect: str
) -> None:
    """One that stands by, after a fail-over, for instance."""
    url = sa.make_url(database_url).update_query_dict(_READS_ONLY[dialect])
    database.configure(url.render_as_string(hide_password=False))
    with pytest.raises(exceptions.DatabaseUnavailable):
        rows.stored_plan()


def test_a_time_out_in_the_url_is_left_as_it_is(database_url: str) -> None:
    url = sa.make_url(database_url).update_query_dict({"connect_timeout": "3"})
    made = connections._limited(url, 10)
    assert made.query["connect_timeout"] == "3"


def test_a_lost_connection_is_told_of_in_a_line(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    lent = engine.get_engine().raw_connection()
    lent.cursor().execute("SELECT 1")
    cut(lent.dbapi_connection)
    lent.close()
    (record,) = [
        record
        for record in caplog.records
        if record.name.startswith("sqlalchemy.pool")
    ]
    assert record.levelname == "WARNING"
    assert record.exc_info is None
    assert "reset" in record.getMessage()
