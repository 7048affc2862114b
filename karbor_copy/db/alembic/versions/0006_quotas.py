# SPDX-License-Identifier: Apache-2.0
"""Quotas of projects and of classes, and what they are counted under."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text() -> sa.types.TypeEngine[str]:
    return sa.String(255).with_variant(
        mysql.VARCHAR(255, charset="utf8mb4", collation="utf8mb4_bin"),
        "mysql",
        "mariadb",
    )


def upgrade() -> None:
    """Make the tables."""
    for table, owner in (
        ("quotas", "project_id"),
        ("quota_classes", "class_name"),
    ):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column(owner, _text(), nullable=False),
            sa.Column("resource", _text(), nullable=False),
            sa.Column("hard_limit", sa.Integer(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint(
                owner, "resource", name=f"uq_{table}_{owner}_resource"
            ),
        )
    op.create_table(
        "quota_projects",
        sa.Column("project_id", _text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_quota_projects"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("quota_projects", "quota_classes", "quotas"):
        op.drop_table(table)
