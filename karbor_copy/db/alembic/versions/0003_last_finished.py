# SPDX-License-Identifier: Apache-2.0
"""The last finished copy from one provider to another is found at once."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEX = "ix_copies_last_finished"
_COLUMNS = (
    "provider_id",
    "target_provider_id",
    "status",
    "updated_at",
    "created_at",
)


def upgrade() -> None:
    """Add the index."""
    op.create_index(_INDEX, "copies", list(_COLUMNS))


def downgrade() -> None:
    """Take the index away."""
    op.drop_index(_INDEX, "copies")
