# SPDX-License-Identifier: Apache-2.0
"""Bytes that a target's back-end copied by itself are told apart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLE = "checkpoint_copies"
_COLUMN = "bytes_reused"


def upgrade() -> None:
    """Add the column; what was copied so far was sent."""
    op.add_column(
        _TABLE,
        sa.Column(
            _COLUMN, sa.BigInteger(), nullable=False, server_default="0"
        ),
    )


def downgrade() -> None:
    """Take the column away."""
    with op.batch_alter_table(_TABLE) as table:
        table.drop_column(_COLUMN)
