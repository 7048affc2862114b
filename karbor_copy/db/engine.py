# SPDX-License-Identifier: Apache-2.0
"""The engine, and how a function gets its transaction.

``@reader`` and ``@writer`` give the decorated function a session as its
first argument, which its callers do not pass. A writer is run again when the
database says that nothing is wrong with it but the moment: a deadlock, a
serialization failure, a snapshot that is too old, a busy sqlite file.
"""

import contextlib
import functools
import threading
import time
from collections.abc import Callable
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
from sqlalchemy import event
from sqlalchemy import exc
from sqlalchemy import orm

P = ParamSpec("P")
R = TypeVar("R")

#: What an UPDATE has changed is read again where it is needed.
_OPTIONS = {"synchronize_session": False}

_MAX_TRIES = 10
_PAUSE = 0.02

#: Threads that may be in the database at once: what oslo.db's defaults give.
_POOL_SIZE = 5
_POOL_OVERFLOW = 50

_lock = threading.Lock()
sqlite_writers = threading.Lock()
_url = ""
_context = enginefacade.transaction_context()
_engine: sa.Engine | None = None


def configure(conf: cfg.ConfigOpts) -> None:
    """Take ``[database]`` of the configuration; the engine is made lazily."""
    global _context, _engine, _url
    with _lock:
        if _engine is not None:
            _engine.dispose()
        _engine = None
        _url = conf.database.connection
        _context = enginefacade.transaction_context()
        _context.configure(**dict(conf.database))


def get_engine() -> sa.Engine:
    """Return the engine, made at the first call."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = _make_engine()
        return _engine


def _make_engine() -> sa.Engine:
    if sa.make_url(_url).get_backend_name() == "sqlite":
        return _make_sqlite()
    made: sa.Engine = _context.writer.get_engine()
    if made.dialect.name in ("mysql", "mariadb"):
        _prepare_mysql(made)
    return made


def _make_sqlite() -> sa.Engine:
    """Let readers and one writer work side by side, and lock at BEGIN.

    A transaction that reads before it writes would fail at once with
    "database is locked" if another one wrote meanwhile. oslo.db's own engine
    opens the file anew for every transaction, which costs more than most
    transactions do, and its BEGIN can't be told to lock.
    """
    made = sa.create_engine(
        _url, pool_size=_POOL_SIZE, max_overflow=_POOL_OVERFLOW
    )
    exc_filters.register_engine(made)

    @event.listens_for(made, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=10000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return made


def _prepare_mysql(engine: sa.Engine) -> None:
    """Make a session see what PostgreSQL's would, in UTC, in all of UTF-8.

    READ COMMITTED, so that what is read under a lock is what was committed
    before it; UTC, since UNIX_TIMESTAMP(SYSDATE()) is wrong for an hour each
    autumn elsewhere; utf8mb4, since oslo.db asks for three bytes only.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("SET NAMES utf8mb4")
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute(
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
            )

    # oslo.db tried the connection before the listener was there.
    engine.dispose()


def reader(
    function: Callable[Concatenate[orm.Session, P], R],
) -> Callable[P, R]:
    """Give the function a session to read with."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with orm.Session(get_engine()) as session:
            return function(session, *args, **kwargs)

    return wrapper


def writer(
    function: Callable[Concatenate[orm.Session, P], R],
) -> Callable[P, R]:
    """Run the function in a transaction, again where that can help."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, _MAX_TRIES + 1):
            try:
                engine = get_engine().execution_options(begin="IMMEDIATE")
                with (
                    _turn(engine),
                    orm.Session(engine, execution_options=_OPTIONS) as session,
                    session.begin(),
                ):
                    return function(session, *args, **kwargs)
            except Exception as error:
                if attempt == _MAX_TRIES or not is_transient(error):
                    raise
                time.sleep(_PAUSE * 2 ** min(attempt, 6))
        raise AssertionError("unreachable")

    return wrapper


def _turn(engine: sa.Engine) -> contextlib.AbstractContextManager[object]:
    """Let this process's writers of a sqlite file wait for their turn.

    sqlite itself has no queue: who waits asks again and again, and the more
    wait the less is done.
    """
    if engine.dialect.name == "sqlite":
        return sqlite_writers
    return contextlib.nullcontext()


def is_transient(error: BaseException) -> bool:
    """Tell whether the same transaction may well succeed if run again."""
    if isinstance(
        error, (db_exception.DBDeadlock, db_exception.DBConnectionError)
    ):
        return True
    if not isinstance(error, (exc.DBAPIError, db_exception.DBError)):
        return False
    text = str(error)
    return (
        "database is locked" in text
        or "could not serialize" in text
        or "Record has changed since last read" in text
    )
