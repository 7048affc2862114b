# SPDX-License-Identifier: Apache-2.0
"""The clocks, ours and the database's; constants and new UUIDs in SQL."""

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions


def utcnow() -> datetime.datetime:
    """Return the time for people to read: UTC, without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def constant(value: str | int) -> sa.ColumnElement[Any]:
    """Return a value of our own that is a part of a statement's text.

    A parameter would be handled anew in each execution.
    """
    literal = sa.literal(value)
    text = literal.compile(compile_kwargs={"literal_binds": True})
    return sa.literal_column(str(text), literal.type)


class now_ms(functions.FunctionElement[int]):  # noqa: N801  named as SQL
    """The database's clock at this statement, milliseconds since 1970."""

    type = sa.BigInteger()
    inherit_cache = True


class statement_ms(functions.FunctionElement[int]):  # noqa: N801  as SQL
    """The database's clock when the statement began, in milliseconds.

    Unlike a clock that goes on it can be looked up in an index.
    """

    type = sa.BigInteger()
    inherit_cache = True


class new_uuid(functions.FunctionElement[str]):  # noqa: N801  named as SQL
    """A new UUID for each row, as 36 lower-case characters."""

    type = sa.String(36)
    inherit_cache = True


@compiler.compiles(now_ms, "sqlite")
@compiler.compiles(statement_ms, "sqlite")
def _now_sqlite(_element: now_ms, _compiler: Any, **_kw: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiler.compiles(now_ms, "postgresql")
def _now_postgresql(_element: now_ms, _compiler: Any, **_kw: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiler.compiles(now_ms, "mysql")
@compiler.compiles(now_ms, "mariadb")
def _now_mysql(_element: now_ms, _compiler: Any, **_kw: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"


@compiler.compiles(statement_ms, "postgresql")
def _statement_postgresql(
    _element: statement_ms, _compiler: Any, **_kw: Any
) -> str:
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000 AS BIGINT)"


@compiler.compiles(statement_ms, "mysql")
@compiler.compiles(statement_ms, "mariadb")
def _statement_mysql(
    _element: statement_ms, _compiler: Any, **_kw: Any
) -> str:
    return "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"


@compiler.compiles(new_uuid, "sqlite")
def _uuid_sqlite(_element: new_uuid, _compiler: Any, **_kw: Any) -> str:
    return (
        "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' ||"
        " substr(hex(randomblob(2)), 2) || '-' ||"
        " substr('89ab', 1 + (abs(random()) % 4), 1) ||"
        " substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
    )


@compiler.compiles(new_uuid, "postgresql")
def _uuid_postgresql(_element: new_uuid, _compiler: Any, **_kw: Any) -> str:
    return "CAST(gen_random_uuid() AS VARCHAR(36))"


@compiler.compiles(new_uuid, "mysql")
@compiler.compiles(new_uuid, "mariadb")
def _uuid_mysql(_element: new_uuid, _compiler: Any, **_kw: Any) -> str:
    return "uuid()"
