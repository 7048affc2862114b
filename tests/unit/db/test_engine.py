# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import threading
import time
import types
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import exc

from karbor_copy import exceptions
from karbor_copy.data_models import page
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import plans
from tests.fixtures import database
from tests.fixtures import rows


def test_the_clock_is_in_milliseconds_and_in_utc() -> None:
    @engine.reader
    def now(session: Any) -> Any:
        return session.scalar(sa.select(functions.now_ms()))

    assert abs(now() - time.time() * 1000) < 5000


def test_what_a_failed_writer_wrote_is_gone() -> None:
    @engine.writer
    def write(session: Any) -> None:
        session.execute(
            sa.insert(models.Service).values(
                host="h",
                binary="b",
                topic="t",
                report_count=0,
                created_at=sa.func.current_timestamp(),
            )
        )
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write()
    assert rows.all_of(models.Service) == []


def operational(text: str) -> exc.OperationalError:
    return exc.OperationalError("select 's3cret'", {}, Exception(text))


def failing(kind: Any, *errors: Exception) -> tuple[Any, list[Exception]]:
    """Return a reader or writer that fails so often, and what it has left."""
    left = list(errors)

    @kind
    def run(session: Any) -> str:
        if left:
            raise left.pop(0)
        return "done"

    return run, left


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PAUSE", 0.0)


@pytest.mark.parametrize("kind", [engine.reader, engine.writer])
@pytest.mark.parametrize(
    "error",
    [
        db_exception.DBDeadlock(),
        operational("database is locked"),
        db_exception.DBError("could not serialize access"),
        operational("(1020, Record has changed since last read in table)"),
    ],
    ids=str,
)
def test_what_may_pass_is_tried_again(
    kind: Any, error: Exception, hasty: None
) -> None:
    run, left = failing(kind, *[error] * 9)
    assert run() == "done"
    assert left == []
    run, _ = failing(kind, *[error] * 10)
    with pytest.raises(exceptions.DatabaseUnavailable):
        run()


def test_what_may_pass_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter((0.0, 10.0, 10.1))
    monkeypatch.setattr(engine.time, "monotonic", lambda: next(clock))
    run, left = failing(engine.reader, *[db_exception.DBDeadlock()] * 9)
    with pytest.raises(exceptions.DatabaseUnavailable):
        run()
    assert len(left) == 7


@pytest.mark.parametrize("kind", [engine.reader, engine.writer])
@pytest.mark.parametrize(
    "error",
    [
        db_exception.DBConnectionError(operational("gone to 10.0.0.1")),
        operational("the disk of 10.0.0.1 is full"),
        exc.TimeoutError("all connections to 10.0.0.1 are in use"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_is_away_is_told_to_the_log_alone(
    kind: Any, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    run, left = failing(kind, error, error)
    with pytest.raises(exceptions.DatabaseUnavailable) as caught:
        run()
    # What was to be committed may have been: it is not run again.
    assert left == [error]
    assert "10.0.0.1" not in str(caught.value)
    assert "10.0.0.1" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("kind", [engine.reader, engine.writer])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("database is locked"),
        db_exception.DBDataError(operational("too long")),
        exceptions.PlanNotFound(plan_id="p"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_other_errors_are_the_callers(kind: Any, error: Exception) -> None:
    run, _ = failing(kind, error)
    with pytest.raises(type(error)) as caught:
        run()
    assert caught.value is error


def test_the_engine_is_made_once_however_many_ask_first(
    database_url: Any,
) -> None:
    engine.get_engine().dispose()
    database.configure(database_url)
    start = threading.Barrier(8)

    def ask() -> Any:
        start.wait()
        return engine.get_engine()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask) for _ in range(8)]
    assert len({id(future.result()) for future in futures}) == 1


def test_readers_go_on_while_a_writer_holds_its_lock() -> None:
    plan = rows.stored_plan()
    locked, read = threading.Event(), threading.Event()

    @engine.writer
    def write(session: Any) -> None:
        plans.lock(session, plan.id)
        session.get_one(models.Plan, plan.id).name = "changed"
        session.flush()
        locked.set()
        assert read.wait(10)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(write)
        assert locked.wait(10)
        assert plans.get(plan.project_id, plan.id).name == "nightly"
        read.set()
        future.result()
    assert plans.get(plan.project_id, plan.id).name == "changed"


@pytest.mark.parametrize("text", ["Ünïcode 漢字", "😀 four bytes", "trail  "])
def test_all_of_unicode_comes_back(text: Any) -> None:
    plan = rows.stored_plan(name=text, parameters={"T": {"k": text}})
    found = plans.get(plan.project_id, plan.id)
    assert (found.name, found.parameters["T"]["k"]) == (text, text)
    (listed,) = plans.list_page(
        page.Page(filters={"name": text}), plan.project_id
    )
    assert listed == found


def test_another_kind_of_database_is_refused_by_the_names_of_all() -> None:
    kinds = "connection: .* sqlite, postgresql, mysql, mariadb$"
    url = "oracle://user:c4n4ry@host/database"
    conf: Any = types.SimpleNamespace(
        database=types.SimpleNamespace(connection=url)
    )
    with pytest.raises(ValueError, match=kinds):
        engine.check(conf)
    database.configure(url)
    with pytest.raises(ValueError, match=kinds):
        engine.get_engine()
