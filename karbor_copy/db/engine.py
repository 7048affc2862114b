# SPDX-License-Identifier: Apache-2.0
"""The engine, and how a function gets its transaction.

``@reader`` and ``@writer`` give the decorated function a session as its
first argument, which its callers do not pass. It is run again when the
database says that nothing is wrong with it but the moment: a deadlock, a
serialization failure, a snapshot that is too old, a busy sqlite file. Not so
when the connection is lost: what was to be committed may have been.
"""

import contextlib
import functools
import math
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_log import log as logging
from sqlalchemy import exc
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.db import connections

LOG = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

#: What may be raised by who uses the engine itself.
FAILURES = (db_exception.DBError, exc.SQLAlchemyError)

#: What an UPDATE has changed is read again where it is needed.
_OPTIONS = {"synchronize_session": False}

#: PostgreSQL's read_only_sql_transaction, of which psycopg2 makes an
#: InternalError.
_READ_ONLY = "25006"

_MAX_TRIES = 10
_PAUSE = 0.02

_lock = threading.Lock()
sqlite_writers = threading.Lock()
_options: Mapping[str, Any] = {}
_engine: sa.Engine | None = None


def configure(conf: cfg.ConfigOpts) -> None:
    """Take ``[database]`` of the configuration; the engine is made lazily."""
    global _engine, _options
    dispose()
    with _lock:
        _options = dict(conf.database)
        _engine = None


def check(conf: cfg.ConfigOpts) -> None:
    """Refuse a ``connection`` that can't be used; nobody is asked.

    :raises ValueError: see :func:`connections.parse`
    """
    connections.parse(conf.database.connection)


def dispose() -> None:
    """Close all connections; the next use opens new ones."""
    with _lock:
        if _engine is not None:
            _engine.dispose()


def get_engine() -> sa.Engine:
    """Return the engine, made at the first call."""
    global _engine
    with _lock:
        if _engine is None:
            _engine = connections.make_engine(_options)
        return _engine


def reader(
    function: Callable[Concatenate[orm.Session, P], R],
) -> Callable[P, R]:
    """Give the function a session to read with.

    :raises DatabaseUnavailable: see :func:`writer`
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        def read() -> R:
            with orm.Session(get_engine()) as session:
                return function(session, *args, **kwargs)

        return _insist(read)

    return wrapper


def writer(
    function: Callable[Concatenate[orm.Session, P], R],
) -> Callable[P, R]:
    """Run the function in a transaction.

    :raises DatabaseUnavailable: the database is away or stays busy; whether
        a transaction that was to be committed has been is not known.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        def write() -> R:
            engine = _writing(get_engine())
            with (
                _turn(engine),
                orm.Session(engine, execution_options=_OPTIONS) as session,
                session.begin(),
            ):
                return function(session, *args, **kwargs)

        return _insist(write)

    return wrapper


def _insist(transaction: Callable[[], R]) -> R:
    """Run a transaction, again where that can help."""
    deadline = time.monotonic() + (_options["response_timeout"] or math.inf)
    tries = 0
    while True:
        try:
            return transaction()
        except Exception as error:
            tries += 1
            late = tries == _MAX_TRIES or time.monotonic() > deadline
            if is_transient(error) and not late:
                time.sleep(_PAUSE * 2 ** min(tries, 6))
            elif is_transient(error) or is_away(error):
                LOG.warning("The database can't be used: %s", _cause(error))
                raise exceptions.DatabaseUnavailable from error
            else:
                raise


@functools.lru_cache(maxsize=1)
def _writing(engine: sa.Engine) -> sa.Engine:
    """Return the engine as writers use it: sqlite locks at BEGIN.

    Kept, since a new one would look up all listeners at each statement.
    """
    return engine.execution_options(begin="IMMEDIATE")


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
    if isinstance(error, db_exception.DBDeadlock):
        return True
    if not isinstance(error, (exc.DBAPIError, db_exception.DBError)):
        return False
    text = str(error)
    return (
        "database is locked" in text
        or "could not serialize" in text
        or "Record has changed since last read" in text
    )


def is_away(error: BaseException) -> bool:
    """Tell whether the trouble is the database's own, and may last.

    An OperationalError is not of the statement's making, says PEP 249: the
    server is not there, ends, starts, is full or too slow. Nor is it that a
    server of PostgreSQL, one that stands by for instance, only reads.
    """
    return isinstance(
        error,
        (
            db_exception.DBConnectionError,
            exc.OperationalError,
            exc.TimeoutError,  # all connections are in use
        ),
    ) or (getattr(_drivers_own(error), "pgcode", None) == _READ_ONLY)


def _cause(error: Exception) -> str:
    """Return the driver's own words, without statement and values."""
    return " ".join(str(_drivers_own(error)).split())


def _drivers_own(error: BaseException) -> BaseException:
    inner = getattr(error, "inner_exception", None) or error
    return getattr(inner, "orig", None) or inner
