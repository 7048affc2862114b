# SPDX-License-Identifier: Apache-2.0
"""How alembic reaches the database; alembic runs this file.

Offline (``alembic upgrade --sql``) it prints the statements for the
configured database without changing it.
"""

from alembic import context

from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import quota_models  # noqa: F401 - its tables


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

    On sqlite that locks from the start: of two processes that begin at the
    same time the second finds all done.
    """
    locking = engine.get_engine().execution_options(begin="IMMEDIATE")
    with locking.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=models.Base.metadata,
            transactional_ddl=connection.dialect.name
            not in ("mysql", "mariadb"),
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
