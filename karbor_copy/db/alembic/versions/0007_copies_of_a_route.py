# SPDX-License-Identifier: Apache-2.0
"""What is under way on a plan's route to a target is found at once."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "checkpoint_copies"
_OLD = ("plan_id",)
_NEW = ("plan_id", "target_provider_id", "status")


def upgrade() -> None:
    """Let the index on the plan know the target and the status too."""
    _replace_index(_OLD, _NEW)


def downgrade() -> None:
    """Let it be of the plan alone."""
    _replace_index(_NEW, _OLD)


def _replace_index(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    op.drop_index(op.f(f"ix_{_TABLE}_{'_'.join(old)}"), _TABLE)
    op.create_index(op.f(f"ix_{_TABLE}_{'_'.join(new)}"), _TABLE, list(new))
