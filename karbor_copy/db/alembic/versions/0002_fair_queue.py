# SPDX-License-Identifier: Apache-2.0
"""The queue is walked by project, and knows the target of its work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLE = "operation_logs"
_OLD = ("state", "due_at", "created_at", "id")
_NEW = ("state", "due_at", "project_id", "created_at", "id")
_ID = sa.String(36).with_variant(
    mysql.VARCHAR(36, charset="utf8mb4", collation="utf8mb4_bin"),
    "mysql",
    "mariadb",
)


def upgrade() -> None:
    """Add the target, and let the index have the projects together."""
    op.add_column(_TABLE, sa.Column("target_provider_id", _ID, nullable=True))
    _replace_index(_OLD, _NEW)
    _fill()


def downgrade() -> None:
    """Take the target away."""
    _replace_index(_NEW, _OLD)
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_column("target_provider_id")


def _replace_index(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    op.drop_index(op.f(f"ix_{_TABLE}_{'_'.join(old)}"), _TABLE)
    op.create_index(op.f(f"ix_{_TABLE}_{'_'.join(new)}"), _TABLE, list(new))


def _fill() -> None:
    """Let open operations have the provider of the checkpoint in hand."""
    logs = sa.table(
        _TABLE,
        sa.column("checkpoint_id"),
        sa.column("provider_id"),
        sa.column("target_provider_id"),
        sa.column("state"),
    )
    copies = sa.table(
        "checkpoint_copies",
        sa.column("checkpoint_copy_id"),
        sa.column("target_provider_id"),
    )
    target = (
        sa.select(copies.c.target_provider_id)
        .where(copies.c.checkpoint_copy_id == logs.c.checkpoint_id)
        .scalar_subquery()
    )
    op.execute(
        sa.update(logs)
        .where(logs.c.state != "settled")
        .values(
            target_provider_id=sa.func.coalesce(target, logs.c.provider_id)
        )
    )
