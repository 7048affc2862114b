# SPDX-License-Identifier: Apache-2.0
"""How alembic reaches the database; alembic runs this file.

Offline (``alembic upgrade --sql``) it prints the statements for the
configured database without changing it.
"""

from typing import Final

import sqlalchemy as sa
from alembic import context

from karbor_copy import exceptions
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import quota_models  # noqa: F401 - its tables

_MYSQL_LOCK: Final = "SELECT GET_LOCK('karbor_copy', 86400) = 1"
_PG_LOCK: Final = (
    "SELECT pg_advisory_lock(hashtext('karbor_copy')) IS NOT NULL"
)
#: Each is true once the lock is there.
_LOCKS: Final = {
    "postgresql": _PG_LOCK,
    "mysql": _MYSQL_LOCK,
    "mariadb": _MYSQL_LOCK,
}


def run_offline() -> None:
    """Print the statements."""
    context.configure(
        dialect_name=engine.get_engine().dialect.name,
        target_metadata=models.Base.metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run the statements, where the database can in one transaction.

    Of two processes that begin at the same time the second finds all done:
    on sqlite a transaction locks from the start.
    """
    locking = engine.get_engine().execution_options(begin="IMMEDIATE")
    with locking.connect() as connection:
        wait_for_turn(connection)
        context.configure(
            connection=connection,
            target_metadata=models.Base.metadata,
            transactional_ddl=connection.dialect.name
            not in ("mysql", "mariadb"),
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


def wait_for_turn(connection: sa.Connection) -> None:
    """Lock the schema of a server until the connection is closed.

    :raises Conflict: it can't be locked.
    """
    if connection.dialect.name not in _LOCKS:
        return
    # The pool would keep it open, and the lock with it.
    connection.detach()
    lock = _LOCKS[connection.dialect.name]
    if not connection.exec_driver_sql(lock).scalar():
        raise exceptions.Conflict(reason="The tables can't be locked.")
    connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
