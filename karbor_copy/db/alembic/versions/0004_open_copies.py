# SPDX-License-Identifier: Apache-2.0
"""The open checkpoint copies of a project are counted at once."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLE = "checkpoint_copies"
_COLUMNS = ("project_id", "status")
_INDEX = f"ix_{_TABLE}_{'_'.join(_COLUMNS)}"


def upgrade() -> None:
    """Add the index."""
    op.create_index(op.f(_INDEX), _TABLE, list(_COLUMNS))


def downgrade() -> None:
    """Take the index away."""
    op.drop_index(op.f(_INDEX), _TABLE)
