# SPDX-License-Identifier: Apache-2.0
"""The first version: all tables.

Types stand here as they were then, whatever the models make of them later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _string(length: int) -> sa.String:
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"),
        "mysql",
        "mariadb",
    )


_ID = _string(36)
_TEXT = sa.Text().with_variant(
    mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"),
    "mysql",
    "mariadb",
)
_DATETIME = sa.DateTime().with_variant(
    mysql.DATETIME(fsp=6), "mysql", "mariadb"
)


def upgrade() -> None:
    """Make the tables; a table comes after those that it refers to."""
    _create_plans()
    _create_resources()
    _create_checkpoints()
    _create_copies()
    _create_checkpoint_copies()
    _create_copy_members()
    _create_operation_logs()
    _create_restores()
    _create_verifications()
    _create_services()


def _create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", _string(255), nullable=False),
        sa.Column("description", _string(255), nullable=True),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("status", _string(64), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.Column("deleted_at", _DATETIME, nullable=True),
        sa.Column(
            "deleted", sa.Boolean(), server_default=sa.false(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(
        op.f("ix_plans_project_id_created_at_id"),
        "plans",
        ["project_id", "created_at", "id"],
    )


def _create_resources() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("plan_id", _ID, nullable=False),
        sa.Column("resource_id", _string(255), nullable=False),
        sa.Column("resource_type", _string(64), nullable=False),
        sa.Column("resource_name", _string(255), nullable=False),
        sa.Column("resource_extra_info", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_resources_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    op.create_index(op.f("ix_resources_plan_id"), "resources", ["plan_id"])


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("plan_id", _ID, nullable=False),
        sa.Column("status", _ID, nullable=False),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("protection_plan", sa.JSON(), nullable=False),
        sa.Column("resource_graph", _TEXT, nullable=True),
        sa.Column("extra_info", sa.JSON(), nullable=False),
        sa.Column("copied_from", _ID, nullable=True),
        sa.Column("resource_types", _string(1024), nullable=False),
        sa.Column("committed_at", _DATETIME, nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    op.create_index(
        op.f("ix_checkpoints_plan_id_status"),
        "checkpoints",
        ["plan_id", "status"],
    )
    op.create_index(
        op.f("ix_checkpoints_provider_id_project_id_timestamp_id"),
        "checkpoints",
        ["provider_id", "project_id", "timestamp", "id"],
    )


def _create_copies() -> None:
    op.create_table(
        "copies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("target_provider_id", _ID, nullable=False),
        sa.Column("plan_id", _ID, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("status", _ID, nullable=False),
        sa.Column(
            "cancel_requested",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
        ),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
    )
    op.create_index(op.f("ix_copies_plan_id"), "copies", ["plan_id"])
    op.create_index(
        op.f("ix_copies_project_id_created_at_id"),
        "copies",
        ["project_id", "created_at", "id"],
    )
    op.create_index(op.f("ix_copies_status"), "copies", ["status"])


def _create_checkpoint_copies() -> None:
    op.create_table(
        "checkpoint_copies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("copy_id", _ID, nullable=True),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("plan_id", _ID, nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("target_provider_id", _ID, nullable=False),
        sa.Column("checkpoint_id", _ID, nullable=False),
        sa.Column("checkpoint_copy_id", _ID, nullable=False),
        sa.Column("copy_slot", _string(73), nullable=True),
        sa.Column("status", _ID, nullable=False),
        sa.Column(
            "cancel_requested",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("bytes_copied", sa.BigInteger(), nullable=False),
        sa.Column("bytes_skipped", sa.BigInteger(), nullable=False),
        sa.Column("objects_total", sa.BigInteger(), nullable=False),
        sa.Column("objects_copied", sa.BigInteger(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("error_info", _TEXT, nullable=True),
        sa.Column("started_at", _DATETIME, nullable=True),
        sa.Column("ended_at", _DATETIME, nullable=True),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_copies")),
        sa.UniqueConstraint(
            "checkpoint_copy_id",
            name=op.f("uq_checkpoint_copies_checkpoint_copy_id"),
        ),
        sa.UniqueConstraint(
            "copy_slot", name=op.f("uq_checkpoint_copies_copy_slot")
        ),
    )
    op.create_index(
        op.f("ix_checkpoint_copies_checkpoint_id"),
        "checkpoint_copies",
        ["checkpoint_id"],
    )
    op.create_index(
        op.f("ix_checkpoint_copies_copy_id"), "checkpoint_copies", ["copy_id"]
    )
    op.create_index(
        op.f("ix_checkpoint_copies_plan_id"), "checkpoint_copies", ["plan_id"]
    )


def _create_copy_members() -> None:
    op.create_table(
        "copy_members",
        sa.Column("copy_id", _ID, nullable=False),
        sa.Column("checkpoint_copy_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_copy_id"],
            ["checkpoint_copies.id"],
            name=op.f("fk_copy_members_checkpoint_copy_id"),
        ),
        sa.ForeignKeyConstraint(
            ["copy_id"], ["copies.id"], name=op.f("fk_copy_members_copy_id")
        ),
        sa.PrimaryKeyConstraint(
            "copy_id", "checkpoint_copy_id", name=op.f("pk_copy_members")
        ),
    )
    op.create_index(
        op.f("ix_copy_members_checkpoint_copy_id"),
        "copy_members",
        ["checkpoint_copy_id"],
    )


def _create_operation_logs() -> None:
    op.create_table(
        "operation_logs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("operation_type", _string(255), nullable=False),
        sa.Column("checkpoint_id", _ID, nullable=True),
        sa.Column("plan_id", _ID, nullable=True),
        sa.Column("provider_id", _ID, nullable=True),
        sa.Column("restore_id", _ID, nullable=True),
        sa.Column("verification_id", _ID, nullable=True),
        sa.Column("scheduled_operation_id", _ID, nullable=True),
        sa.Column("status", _string(64), nullable=False),
        sa.Column("started_at", _DATETIME, nullable=True),
        sa.Column("ended_at", _DATETIME, nullable=True),
        sa.Column("error_info", _TEXT, nullable=True),
        sa.Column("extra_info", sa.JSON(), nullable=True),
        sa.Column("state", _string(16), nullable=False),
        sa.Column("owner", _string(255), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("manifest_sha256", _string(64), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("request_id", _string(64), nullable=True),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_logs")),
    )
    op.create_index(
        op.f("ix_operation_logs_checkpoint_id"),
        "operation_logs",
        ["checkpoint_id"],
    )
    op.create_index(
        op.f("ix_operation_logs_project_id_created_at_id"),
        "operation_logs",
        ["project_id", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_operation_logs_state_due_at_created_at"),
        "operation_logs",
        ["state", "due_at", "created_at"],
    )


def _create_restores() -> None:
    op.create_table(
        "restores",
        sa.Column("restore_target", _string(255), nullable=True),
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("checkpoint_id", _ID, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("status", _string(64), nullable=False),
        sa.Column("resources_status", sa.JSON(), nullable=False),
        sa.Column("resources_reason", sa.JSON(), nullable=False),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restores")),
    )
    op.create_index(
        op.f("ix_restores_project_id_created_at_id"),
        "restores",
        ["project_id", "created_at", "id"],
    )


def _create_verifications() -> None:
    op.create_table(
        "verifications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _string(255), nullable=False),
        sa.Column("provider_id", _ID, nullable=False),
        sa.Column("checkpoint_id", _ID, nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("status", _string(64), nullable=False),
        sa.Column("resources_status", sa.JSON(), nullable=False),
        sa.Column("resources_reason", sa.JSON(), nullable=False),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index(
        op.f("ix_verifications_project_id_created_at_id"),
        "verifications",
        ["project_id", "created_at", "id"],
    )


def _create_services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host", _string(255), nullable=False),
        sa.Column("binary", _string(255), nullable=False),
        sa.Column("topic", _string(255), nullable=False),
        sa.Column("report_count", sa.Integer(), nullable=False),
        sa.Column(
            "disabled", sa.Boolean(), server_default=sa.false(), nullable=False
        ),
        sa.Column("disabled_reason", _string(255), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", _DATETIME, nullable=False),
        sa.Column("updated_at", _DATETIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint(
            "host", "binary", name=op.f("uq_services_host_binary")
        ),
    )


def downgrade() -> None:
    """Drop the tables and all that is in them."""
    for table in (
        "services",
        "verifications",
        "restores",
        "operation_logs",
        "copy_members",
        "checkpoint_copies",
        "copies",
        "checkpoints",
        "resources",
        "plans",
    ):
        op.drop_table(table)
