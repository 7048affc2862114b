# SPDX-License-Identifier: Apache-2.0
"""What restores and verifications have in common: rows, work, progress."""

from typing import Any
from typing import Final
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import restore
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_rows
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import paging
from karbor_copy.db import reasons

Row = TypeVar("Row", models.Restore, models.Verification)
Value = TypeVar("Value", bound=restore.Verification)

_MAPPINGS: Final = ("parameters", "resources_status", "resources_reason")


def insert(
    session: orm.Session,
    model: type[Row],
    record: restore.Verification,
    operation_type: status.OperationType,
    log_columns: dict[str, Any],
) -> None:
    """Store a record and queue its work.

    The checkpoint's row is locked, so that a delete comes before or after.

    :raises CheckpointNotFound: none such in this project and provider.
    :raises InvalidCheckpoint: the checkpoint is not available.
    """
    source = checkpoint_rows.lock(
        session, record.project_id, record.provider_id, record.checkpoint_id
    )
    if source.status != status.CheckpointStatus.AVAILABLE:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=source.id,
            reason=f"it is {source.status}, not available",
        )
    columns = {
        name: getattr(record, name) for name in record.__dataclass_fields__
    }
    columns |= {name: dict(columns[name]) for name in _MAPPINGS}
    session.add(model(created_at=functions.utcnow(), **columns))
    log = operation_logs.new_log(
        operation_type,
        project_id=record.project_id,
        provider_id=record.provider_id,
        checkpoint_id=record.checkpoint_id,
        plan_id=source.plan_id,
        parameters=record.parameters,
        **log_columns,
    )
    operation_logs.enqueue(session, [log])


def find(
    session: orm.Session, model: type[Row], project_id: str, record_id: str
) -> Row | None:
    """Return the row of a project's record."""
    return session.scalars(
        sa.select(model).where(
            model.id == record_id, model.project_id == project_id
        )
    ).one_or_none()


def fetch(
    session: orm.Session,
    model: type[Row],
    page: page_model.Page,
    project_id: str | None,
) -> list[Row]:
    """Return a page of a project's rows, of all projects' for None.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    wanted = sa.select(model)
    if project_id is not None:
        wanted = wanted.where(model.project_id == project_id)
    return paging.fetch(
        session,
        wanted,
        page,
        sortable={
            "id": model.id,
            "status": model.status,
            "created_at": model.created_at,
        },
        filterable={
            "status": model.status,
            "provider_id": model.provider_id,
            "checkpoint_id": model.checkpoint_id,
        },
    )


def store_resource_status(
    session: orm.Session,
    model: type[Row],
    record_id: str | None,
    log: operation_log.OperationLog,
    key: str,
    resource_status: str,
    reason: str | None,
) -> None:
    """Note how a resource fares; the record's operation has to be held.

    :raises LeaseLost: it is another worker's by now, or has ended.
    """
    # Whoever changes the record holds its log first: this locks both.
    operation_logs.hold(session, log.id, log.epoch)
    row = session.get_one(model, record_id)
    row.resources_status = {**row.resources_status, key: resource_status}
    others = {k: v for k, v in row.resources_reason.items() if k != key}
    stored = reasons.storable(reason)
    row.resources_reason = (
        others if stored is None else {**others, key: stored}
    )
    row.updated_at = functions.utcnow()


def to_model(row: Row, value: type[Value]) -> Value:
    """Return the value of a row."""
    values = {name: getattr(row, name) for name in value.__dataclass_fields__}
    values["status"] = status.RestoreStatus(row.status)
    return value(**values)
