# SPDX-License-Identifier: Apache-2.0
"""The tables. Rows of these classes never leave ``db``.

Portable between sqlite, PostgreSQL and MariaDB: a length on every String,
64-bit integers for the times of leases (milliseconds of the database's
clock) and for bytes, JSON only where the database compares nothing inside.
Names and columns are Karbor's where Karbor had the table.
"""

import datetime
from typing import Annotated
from typing import Any
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import mysql

#: UTC without a zone, to the microsecond everywhere.
DateTime = sa.DateTime().with_variant(
    mysql.DATETIME(fsp=6), "mysql", "mariadb"
)
#: TEXT of MariaDB ends at 64 KiB; a graph or a reason may be longer.
LongText = sa.Text().with_variant(
    mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"),
    "mysql",
    "mariadb",
)


def string(length: int) -> sa.String:
    """Return a string type that is compared by its characters' codes.

    MariaDB would take ``Admin`` and ``admin`` for one and the same project.
    """
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"),
        "mysql",
        "mariadb",
    )


Id = string(36)
#: Of bytes or of objects.
Count = Annotated[int, orm.mapped_column(sa.BigInteger, default=0)]


class Base(orm.DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime.datetime: DateTime,
        dict[str, Any]: sa.JSON(),
    }
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def table(model: type[Base]) -> sa.Table:
    """Return a model's table: its UPDATE costs far less than the ORM's."""
    return Base.metadata.tables[model.__tablename__]


class Timestamps:
    created_at: orm.Mapped[datetime.datetime]
    updated_at: orm.Mapped[datetime.datetime | None]


class SoftDelete:
    deleted_at: orm.Mapped[datetime.datetime | None]
    deleted: orm.Mapped[bool] = orm.mapped_column(
        default=False, server_default=sa.false()
    )


class Plan(Timestamps, SoftDelete, Base):
    __tablename__ = "plans"
    __table_args__ = (sa.Index(None, "project_id", "created_at", "id"),)

    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(string(255))
    description: orm.Mapped[str | None] = orm.mapped_column(string(255))
    provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    status: orm.Mapped[str] = orm.mapped_column(string(64))
    parameters: orm.Mapped[dict[str, Any]]


class PlanResource(Base):
    __tablename__ = "resources"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    plan_id: orm.Mapped[str] = orm.mapped_column(
        Id, sa.ForeignKey("plans.id"), index=True
    )
    resource_id: orm.Mapped[str] = orm.mapped_column(string(255))
    resource_type: orm.Mapped[str] = orm.mapped_column(string(64))
    resource_name: orm.Mapped[str] = orm.mapped_column(string(255))
    resource_extra_info: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(
        sa.JSON(none_as_null=True)
    )


class Checkpoint(Base):
    """The catalogue: what is known of the checkpoints in all banks."""

    __tablename__ = "checkpoints"
    __table_args__ = (
        sa.Index(None, "provider_id", "project_id", "timestamp", "id"),
        sa.Index(None, "plan_id", "provider_id", "status"),
    )

    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    plan_id: orm.Mapped[str] = orm.mapped_column(Id)
    status: orm.Mapped[str] = orm.mapped_column(string(36))
    created_at: orm.Mapped[datetime.datetime]
    updated_at: orm.Mapped[datetime.datetime | None]
    timestamp: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    protection_plan: orm.Mapped[dict[str, Any]]
    resource_graph: orm.Mapped[str | None] = orm.mapped_column(LongText)
    extra_info: orm.Mapped[dict[str, Any]]
    #: The source checkpoint's id, NULL for what is no copy; the source's
    #: provider stands in extra_info.
    copied_from: orm.Mapped[str | None] = orm.mapped_column(Id)
    #: Sorted and joined with commas, so that SELECT DISTINCT works.
    resource_types: orm.Mapped[str] = orm.mapped_column(string(1024))
    committed_at: orm.Mapped[datetime.datetime | None]
    size: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)


class Copy(Timestamps, Base):
    __tablename__ = "copies"
    __table_args__ = (
        sa.Index(None, "project_id", "created_at", "id"),
        sa.Index(
            "ix_copies_last_finished",
            "provider_id",
            "target_provider_id",
            "status",
            "updated_at",
            "created_at",
        ),
    )

    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    target_provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    plan_id: orm.Mapped[str] = orm.mapped_column(Id, index=True)
    parameters: orm.Mapped[dict[str, Any]]
    status: orm.Mapped[str] = orm.mapped_column(string(36), index=True)
    #: It waits no longer for what goes on for other requests.
    cancel_requested: orm.Mapped[bool] = orm.mapped_column(
        default=False, server_default=sa.false()
    )


class CheckpointCopy(Timestamps, Base):
    """One checkpoint's copy to one target; its operation log has its id."""

    __tablename__ = "checkpoint_copies"
    __table_args__ = (
        sa.Index(None, "project_id", "status"),
        sa.Index(None, "plan_id", "target_provider_id", "status"),
    )

    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    #: The request that made it, NULL where a reconcile found it in a bank.
    copy_id: orm.Mapped[str | None] = orm.mapped_column(Id, index=True)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    plan_id: orm.Mapped[str] = orm.mapped_column(Id)
    provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    target_provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    checkpoint_id: orm.Mapped[str] = orm.mapped_column(Id, index=True)
    checkpoint_copy_id: orm.Mapped[str] = orm.mapped_column(Id, unique=True)
    #: ``<source checkpoint id>:<target provider id>`` while it holds the
    #: place of the one copy of its source there; else NULL.
    copy_slot: orm.Mapped[str | None] = orm.mapped_column(
        string(73), unique=True
    )
    status: orm.Mapped[str] = orm.mapped_column(string(36))
    cancel_requested: orm.Mapped[bool] = orm.mapped_column(
        default=False, server_default=sa.false()
    )
    attempts: orm.Mapped[int] = orm.mapped_column(default=0)
    bytes_total: orm.Mapped[Count]
    bytes_copied: orm.Mapped[Count]
    bytes_skipped: orm.Mapped[Count]
    bytes_reused: orm.Mapped[Count] = orm.mapped_column(server_default="0")
    objects_total: orm.Mapped[Count]
    objects_copied: orm.Mapped[Count]
    #: type#id -> {status, bytes_copied, error_info}
    resources: orm.Mapped[dict[str, Any]]
    error_info: orm.Mapped[str | None] = orm.mapped_column(LongText)
    started_at: orm.Mapped[datetime.datetime | None]
    ended_at: orm.Mapped[datetime.datetime | None]


class CopyMember(Base):
    """Which checkpoint copies a request waits for, its own or adopted."""

    __tablename__ = "copy_members"

    copy_id: orm.Mapped[str] = orm.mapped_column(
        Id, sa.ForeignKey("copies.id"), primary_key=True
    )
    checkpoint_copy_id: orm.Mapped[str] = orm.mapped_column(
        Id,
        sa.ForeignKey("checkpoint_copies.id"),
        primary_key=True,
        index=True,
    )


class OperationLog(Timestamps, Base):
    """One run of one operation, with its lease: the unit of work."""

    __tablename__ = "operation_logs"
    __table_args__ = (
        sa.Index(None, "state", "due_at", "project_id", "created_at", "id"),
        sa.Index(None, "project_id", "created_at", "id"),
    )

    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    operation_type: orm.Mapped[str] = orm.mapped_column(string(255))
    checkpoint_id: orm.Mapped[str | None] = orm.mapped_column(Id, index=True)
    plan_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    provider_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    #: Of the bank that is worked in: a copy's target, else its own.
    target_provider_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    restore_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    verification_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    scheduled_operation_id: orm.Mapped[str | None] = orm.mapped_column(Id)
    status: orm.Mapped[str] = orm.mapped_column(string(64))
    started_at: orm.Mapped[datetime.datetime | None]
    ended_at: orm.Mapped[datetime.datetime | None]
    error_info: orm.Mapped[str | None] = orm.mapped_column(LongText)
    extra_info: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(
        sa.JSON(none_as_null=True)
    )
    state: orm.Mapped[str] = orm.mapped_column(string(16))
    owner: orm.Mapped[str | None] = orm.mapped_column(string(255))
    epoch: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, default=0)
    lease_until: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    #: 0 is at once; no NULL, by which not every database can sort.
    due_at: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, default=0)
    attempts: orm.Mapped[int] = orm.mapped_column(default=0)
    progress: orm.Mapped[dict[str, Any]]
    manifest_sha256: orm.Mapped[str | None] = orm.mapped_column(string(64))
    parameters: orm.Mapped[dict[str, Any]]
    request_id: orm.Mapped[str | None] = orm.mapped_column(string(64))


class _ResourceRecord(Timestamps):
    id: orm.Mapped[str] = orm.mapped_column(Id, primary_key=True)
    project_id: orm.Mapped[str] = orm.mapped_column(string(255))
    provider_id: orm.Mapped[str] = orm.mapped_column(Id)
    checkpoint_id: orm.Mapped[str] = orm.mapped_column(Id)
    parameters: orm.Mapped[dict[str, Any]]
    status: orm.Mapped[str] = orm.mapped_column(string(64))
    resources_status: orm.Mapped[dict[str, Any]]
    resources_reason: orm.Mapped[dict[str, Any]]


class Restore(_ResourceRecord, Base):
    __tablename__ = "restores"
    __table_args__ = (sa.Index(None, "project_id", "created_at", "id"),)

    restore_target: orm.Mapped[str | None] = orm.mapped_column(string(255))


class Verification(_ResourceRecord, Base):
    __tablename__ = "verifications"
    __table_args__ = (sa.Index(None, "project_id", "created_at", "id"),)


class Service(Timestamps, Base):
    __tablename__ = "services"
    __table_args__ = (sa.UniqueConstraint("host", "binary"),)

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    host: orm.Mapped[str] = orm.mapped_column(string(255))
    binary: orm.Mapped[str] = orm.mapped_column(string(255))
    topic: orm.Mapped[str] = orm.mapped_column(string(255))
    report_count: orm.Mapped[int] = orm.mapped_column(default=0)
    disabled: orm.Mapped[bool] = orm.mapped_column(
        default=False, server_default=sa.false()
    )
    disabled_reason: orm.Mapped[str | None] = orm.mapped_column(string(255))
    #: Time of the last report, milliseconds of the database's clock.
    reported_at: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
