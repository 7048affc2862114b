# SPDX-License-Identifier: Apache-2.0
import concurrent.futures
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exception
from sqlalchemy import exc

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


def test_a_writer_is_run_again_after_a_deadlock() -> None:
    tries = []

    @engine.writer
    def write(session: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise db_exception.DBDeadlock
        return "done"

    assert write() == "done"
    assert len(tries) == 3


def test_only_what_may_pass_is_transient() -> None:
    def operational(text: Any) -> Any:
        return exc.OperationalError("select", {}, Exception(text))

    assert engine.is_transient(operational("database is locked"))
    assert engine.is_transient(db_exception.DBError("could not serialize"))
    assert engine.is_transient(db_exception.DBConnectionError())
    assert not engine.is_transient(operational("no such table"))
    assert not engine.is_transient(ValueError("database is locked"))


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
        row = plans.lock(session, plan.id)
        row.name = "changed"
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
