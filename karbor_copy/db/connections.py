# SPDX-License-Identifier: Apache-2.0
"""How each kind of database is connected to, and how long it may be silent.

A server ends by itself what takes longer than ``response_timeout``. One that
is frozen, or cut off, can't: the client gives it up a second later.
"""

import contextlib
import functools
import logging
import select
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Final

import sqlalchemy as sa
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import exc_filters
from sqlalchemy import event

#: Threads that may be in the database at once: what oslo.db's defaults give.
_POOL_SIZE: Final = 5
_POOL_OVERFLOW: Final = 50

_SQLITE: Final = "sqlite"
_POOL_LOG: Final = "sqlalchemy.pool.impl.QueuePool"

#: Seconds in which a server can tell that it has given up by itself.
_LAST_WORDS: Final = 1


def _in_a_line(record: logging.LogRecord) -> bool:
    """Let the pool tell without a traceback that a connection was lost.

    It is found out twice: by the statement, whose error is handled, and by
    the rollback with which the pool takes the connection back.
    """
    if record.exc_info and record.exc_info[1]:
        cause = " ".join(str(record.exc_info[1]).split())
        record.msg = f"{record.getMessage()}: {cause}"
        record.args, record.exc_info = (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def parse(connection: str) -> sa.URL:
    """Return a database's URL.

    :raises ValueError: it is malformed, of a kind that does not serve, or of
        one whose driver is not there.
    """
    try:
        url = sa.make_url(connection)
    except sa.exc.ArgumentError:
        raise ValueError("[database] connection: it is no URL") from None
    kinds = (_SQLITE, *_STATEMENTS)
    if url.get_backend_name() not in kinds:
        raise ValueError(
            f"[database] connection: what serves is {', '.join(kinds)}"
        )
    try:
        url.get_dialect().import_dbapi()
    except (sa.exc.ArgumentError, ImportError) as error:
        name = getattr(error, "name", None) or url.drivername
        raise ValueError(
            f"[database] connection: the driver {name} is not installed"
        ) from error
    return url


def make_engine(database: Mapping[str, Any]) -> sa.Engine:
    """Return an engine for the options of ``[database]``.

    :raises ValueError: its ``connection`` is of a kind that does not serve.
    """
    options = dict(database)
    timeout: int = options.pop("response_timeout")
    url = parse(options.pop("connection"))
    if url.get_backend_name() == _SQLITE:
        return _make_sqlite(url)
    options["pool_timeout"] = options["pool_timeout"] or timeout or None
    # Else oslo.db would try to connect here and now, ten seconds each time,
    # while whoever needs the engine waits.
    options["max_retries"] = 0
    context = enginefacade.transaction_context()
    # Native threads need no pause in which others may go on.
    context.configure(
        connection=_limited(url, timeout), thread_checkin=False, **options
    )
    made: sa.Engine = context.writer.get_engine()
    logging.getLogger(_POOL_LOG).addFilter(_in_a_line)
    _tell(made, _STATEMENTS[made.dialect.name](timeout))
    return made


def _make_sqlite(url: sa.URL) -> sa.Engine:
    """Let readers and one writer work side by side, and lock at BEGIN.

    A transaction that reads before it writes would fail at once with
    "database is locked" if another one wrote meanwhile. oslo.db's own engine
    opens the file anew for every transaction, which costs more than most
    transactions do, and its BEGIN can't be told to lock.
    """
    made = sa.create_engine(
        url, pool_size=_POOL_SIZE, max_overflow=_POOL_OVERFLOW
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


def _postgresql(timeout: int) -> Sequence[str]:
    """Return what a session of PostgreSQL is told; 0 is no time-out.

    A transaction in which nothing happens may be of a process that is
    frozen: it must not keep its locks.
    """
    return (
        "SET SESSION CHARACTERISTICS AS TRANSACTION"
        " ISOLATION LEVEL READ COMMITTED",
        f"SET statement_timeout = '{timeout}s'",
        f"SET idle_in_transaction_session_timeout = '{timeout}s'",
    )


def _mysql(timeout: int) -> Sequence[str]:
    """Return what makes a session of MariaDB like one of PostgreSQL.

    READ COMMITTED, so that what is read under a lock is what was committed
    before it; UTC, since UNIX_TIMESTAMP(SYSDATE()) is wrong for an hour each
    autumn elsewhere; utf8mb4, since oslo.db asks for three bytes only.
    """
    session = (
        "SET NAMES utf8mb4",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )
    if not timeout:
        return session
    return (
        *session,
        f"SET SESSION max_statement_time = {timeout}",
        f"SET SESSION innodb_lock_wait_timeout = {timeout}",
        f"SET SESSION idle_transaction_timeout = {timeout}",
    )


_STATEMENTS: Final = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
}


def _tell(engine: sa.Engine, statements: Sequence[str]) -> None:
    """Let every connection begin with these statements."""

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
        # PostgreSQL would take them back with the first rollback.
        connection.commit()


def _limited(url: sa.URL, timeout: int) -> sa.URL:
    """Let the driver not wait for ever for a server that is silent.

    Time-outs that the URL has itself are left as they are.
    """
    dialect = url.get_dialect()
    silence = timeout + _LAST_WORDS
    if dialect.driver == "psycopg2":
        extensions = dialect.import_dbapi().extensions
        extensions.set_wait_callback(
            functools.partial(_wait, extensions, silence) if timeout else None
        )
    elif timeout and dialect.driver in ("pymysql", "mysqldb"):
        names = ("connect_timeout", "read_timeout", "write_timeout")
        return url.update_query_dict(
            {**dict.fromkeys(names, str(silence)), **url.query}
        )
    return url


def _wait(extensions: Any, silence: float, connection: Any) -> None:
    """Wait for PostgreSQL in the place of its library, which sets no limit.

    :raises OperationalError: it is silent for so many seconds; psycopg2
        closes the connection.
    """
    while (state := connection.poll()) != extensions.POLL_OK:
        poller = select.poll()
        reads = state == extensions.POLL_READ
        poller.register(
            connection.fileno(), select.POLLIN if reads else select.POLLOUT
        )
        if not poller.poll(silence * 1000):
            raise connection.OperationalError(
                f"the server has been silent for {silence} s"
            )
