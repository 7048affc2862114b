# SPDX-License-Identifier: Apache-2.0
"""The first version: all tables.

Types stand here as they were then, whatever the models make of them later.
"""

from typing import Any

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


def _column(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False)


def _optional(name: str, type_: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(
        name, sa.Boolean(), server_default=sa.false(), nullable=False
    )


def _index(table: str, *columns: str) -> None:
    name = op.f(f"ix_{table}_{'_'.join(columns)}")
    op.create_index(name, table, list(columns))


def upgrade() -> None:
    """Make the tables; a table comes after those that it refers to."""
    _create_plans()
    _create_resources()
    _create_checkpoints()
    _create_copies()
    _create_checkpoint_copies()
    _create_copy_members()
    _create_operation_logs()
    _create_records("restores", _optional("restore_target", _string(255)))
    _create_records("verifications")
    _create_services()


def _create_plans() -> None:
    op.create_table(
        "plans",
        _column("id", _ID),
        _column("name", _string(255)),
        _optional("description", _string(255)),
        _column("provider_id", _ID),
        _column("project_id", _string(255)),
        _column("status", _string(64)),
        _column("parameters", sa.JSON()),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        _optional("deleted_at", _DATETIME),
        _flag("deleted"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    _index("plans", "project_id", "created_at", "id")


def _create_resources() -> None:
    op.create_table(
        "resources",
        _column("id", sa.Integer()),
        _column("plan_id", _ID),
        _column("resource_id", _string(255)),
        _column("resource_type", _string(64)),
        _column("resource_name", _string(255)),
        _optional("resource_extra_info", sa.JSON()),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_resources_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
    )
    _index("resources", "plan_id")


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        _column("id", _ID),
        _column("project_id", _string(255)),
        _column("provider_id", _ID),
        _column("plan_id", _ID),
        _column("status", _ID),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        _column("timestamp", sa.BigInteger()),
        _column("protection_plan", sa.JSON()),
        _optional("resource_graph", _TEXT),
        _column("extra_info", sa.JSON()),
        _optional("copied_from", _ID),
        _column("resource_types", _string(1024)),
        _optional("committed_at", _DATETIME),
        _optional("size", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    _index("checkpoints", "plan_id", "provider_id", "status")
    _index("checkpoints", "provider_id", "project_id", "timestamp", "id")


def _create_copies() -> None:
    op.create_table(
        "copies",
        _column("id", _ID),
        _column("project_id", _string(255)),
        _column("provider_id", _ID),
        _column("target_provider_id", _ID),
        _column("plan_id", _ID),
        _column("parameters", sa.JSON()),
        _column("status", _ID),
        _flag("cancel_requested"),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
    )
    _index("copies", "plan_id")
    _index("copies", "project_id", "created_at", "id")
    _index("copies", "status")


def _create_checkpoint_copies() -> None:
    op.create_table(
        "checkpoint_copies",
        _column("id", _ID),
        _optional("copy_id", _ID),
        _column("project_id", _string(255)),
        _column("plan_id", _ID),
        _column("provider_id", _ID),
        _column("target_provider_id", _ID),
        _column("checkpoint_id", _ID),
        _column("checkpoint_copy_id", _ID),
        _optional("copy_slot", _string(73)),
        _column("status", _ID),
        _flag("cancel_requested"),
        _column("attempts", sa.Integer()),
        _column("bytes_total", sa.BigInteger()),
        _column("bytes_copied", sa.BigInteger()),
        _column("bytes_skipped", sa.BigInteger()),
        _column("objects_total", sa.BigInteger()),
        _column("objects_copied", sa.BigInteger()),
        _column("resources", sa.JSON()),
        _optional("error_info", _TEXT),
        _optional("started_at", _DATETIME),
        _optional("ended_at", _DATETIME),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_copies")),
        sa.UniqueConstraint(
            "checkpoint_copy_id",
            name=op.f("uq_checkpoint_copies_checkpoint_copy_id"),
        ),
        sa.UniqueConstraint(
            "copy_slot", name=op.f("uq_checkpoint_copies_copy_slot")
        ),
    )
    _index("checkpoint_copies", "checkpoint_id")
    _index("checkpoint_copies", "copy_id")
    _index("checkpoint_copies", "plan_id")


def _create_copy_members() -> None:
    op.create_table(
        "copy_members",
        _column("copy_id", _ID),
        _column("checkpoint_copy_id", _ID),
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
    _index("copy_members", "checkpoint_copy_id")


def _create_operation_logs() -> None:
    op.create_table(
        "operation_logs",
        _column("id", _ID),
        _column("project_id", _string(255)),
        _column("operation_type", _string(255)),
        _optional("checkpoint_id", _ID),
        _optional("plan_id", _ID),
        _optional("provider_id", _ID),
        _optional("restore_id", _ID),
        _optional("verification_id", _ID),
        _optional("scheduled_operation_id", _ID),
        _column("status", _string(64)),
        _optional("started_at", _DATETIME),
        _optional("ended_at", _DATETIME),
        _optional("error_info", _TEXT),
        _optional("extra_info", sa.JSON()),
        _column("state", _string(16)),
        _optional("owner", _string(255)),
        _column("epoch", sa.BigInteger()),
        _optional("lease_until", sa.BigInteger()),
        _column("due_at", sa.BigInteger()),
        _column("attempts", sa.Integer()),
        _column("progress", sa.JSON()),
        _optional("manifest_sha256", _string(64)),
        _column("parameters", sa.JSON()),
        _optional("request_id", _string(64)),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_logs")),
    )
    _index("operation_logs", "checkpoint_id")
    _index("operation_logs", "project_id", "created_at", "id")
    _index("operation_logs", "state", "due_at", "created_at", "id")


def _create_records(table: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        table,
        *columns,
        _column("id", _ID),
        _column("project_id", _string(255)),
        _column("provider_id", _ID),
        _column("checkpoint_id", _ID),
        _column("parameters", sa.JSON()),
        _column("status", _string(64)),
        _column("resources_status", sa.JSON()),
        _column("resources_reason", sa.JSON()),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    _index(table, "project_id", "created_at", "id")


def _create_services() -> None:
    op.create_table(
        "services",
        _column("id", sa.Integer()),
        _column("host", _string(255)),
        _column("binary", _string(255)),
        _column("topic", _string(255)),
        _column("report_count", sa.Integer()),
        _flag("disabled"),
        _optional("disabled_reason", _string(255)),
        _optional("reported_at", sa.BigInteger()),
        _column("created_at", _DATETIME),
        _optional("updated_at", _DATETIME),
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
