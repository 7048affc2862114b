# SPDX-License-Identifier: Apache-2.0
"""Checkpoint copies by the set: what is uncopied, what is under way.

All of it runs under the lock of the plan. The place of the one copy of a
source at a target is the unique ``copy_slot``.
"""

from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import copy_request
from karbor_copy.data_models import status
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs

_Child = models.CheckpointCopy
_Log = models.OperationLog
_Source = models.Checkpoint

_FIELDS = tuple(copy_request.CheckpointCopy.__dataclass_fields__)
#: Terminal, and not what the user wanted.
UNFINISHED = (status.CopyStatus.ERROR, status.CopyStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From where to where the checkpoints of a plan are copied."""

    project_id: str
    plan_id: str
    provider_id: str
    target_provider_id: str


def slot(source_id: str, target_provider_id: str) -> str:
    """Return the name of the place of a source's one copy at a target."""
    return f"{source_id}:{target_provider_id}"


def slot_of(source_id: Any, target_provider_id: str) -> Any:
    """Return the SQL of :func:`slot` for a column of source ids."""
    return source_id.concat(f":{target_provider_id}")


def to_model(row: models.CheckpointCopy) -> copy_request.CheckpointCopy:
    """Return the value of a row."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["status"] = status.CopyStatus(row.status)
    return copy_request.CheckpointCopy(**values)


def sources(route: Route) -> tuple[Any, ...]:
    """Return what holds for the checkpoints that may be copied."""
    return (
        _Source.plan_id == route.plan_id,
        _Source.project_id == route.project_id,
        _Source.provider_id == route.provider_id,
        _Source.status == status.CheckpointStatus.AVAILABLE,
        _Source.copied_from.is_(None),
    )


def has_sources(session: orm.Session, route: Route) -> bool:
    """Tell whether there is anything that may be copied."""
    wanted = sa.select(_Source.id).where(*sources(route)).limit(1)
    return session.scalar(wanted) is not None


def uncopied(route: Route) -> tuple[Any, ...]:
    """Return what holds for the sources without a copy at the target."""
    holder = sa.select(_Child.id).where(
        _Child.copy_slot == slot_of(_Source.id, route.target_provider_id)
    )
    return (*sources(route), ~holder.exists())


def under_way(route: Route) -> tuple[Any, ...]:
    """Return what holds for the open checkpoint copies that hold a place.

    One that was told to stop has given its place up.
    """
    return (
        _Child.plan_id == route.plan_id,
        _Child.project_id == route.project_id,
        _Child.provider_id == route.provider_id,
        _Child.target_provider_id == route.target_provider_id,
        _Child.copy_slot.is_not(None),
        _Child.status.in_(status.OPEN_COPY_STATUSES),
    )


def lock_under_way(session: orm.Session, route: Route) -> None:
    """Let nothing that is under way end before this transaction does.

    One that is just failing is waited for here: it then counts as uncopied
    and is not adopted dead.
    """
    session.execute(
        sa.select(_Child.id)
        .where(*under_way(route))
        .order_by(_Child.id)
        .with_for_update()
    ).all()


def resource_types(
    session: orm.Session, criteria: Collection[Any]
) -> set[str]:
    """Return the types of resources in the checkpoints that match."""
    rows = session.scalars(
        sa.select(_Source.resource_types).where(*criteria).distinct()
    )
    return {name for row in rows for name in row.split(",") if name}


def insert(
    session: orm.Session,
    copy: models.Copy,
    criteria: Collection[Any],
    request_id: str | None,
) -> None:
    """Make a checkpoint copy with its work for each source that matches."""
    values = {
        "id": functions.new_uuid(),
        "copy_id": sa.literal(copy.id),
        "project_id": _Source.project_id,
        "plan_id": _Source.plan_id,
        "provider_id": _Source.provider_id,
        "target_provider_id": sa.literal(copy.target_provider_id),
        "checkpoint_id": _Source.id,
        "checkpoint_copy_id": functions.new_uuid(),
        "copy_slot": slot_of(_Source.id, copy.target_provider_id),
        "status": sa.literal(status.CopyStatus.WAIT_COPYING.value),
        "resources": sa.literal({}, _Child.resources.type),
        "created_at": sa.literal(functions.utcnow(), _Child.created_at.type),
    }
    _insert_from(session, _Child, values, criteria)
    _insert_logs(session, copy, request_id)


def _insert_logs(
    session: orm.Session, copy: models.Copy, request_id: str | None
) -> None:
    columns = operation_logs.new_log(
        status.OperationType.COPY,
        project_id=copy.project_id,
        plan_id=copy.plan_id,
        provider_id=copy.provider_id,
        parameters=copy.parameters,
        request_id=request_id,
    )
    values: dict[str, Any] = {
        name: sa.literal(value, getattr(_Log, name).type)
        for name, value in columns.items()
    }
    values["id"] = _Child.id
    values["checkpoint_id"] = _Child.checkpoint_copy_id
    has_log = sa.select(_Log.id).where(_Log.id == _Child.id)
    new = (
        _Child.copy_id == copy.id,
        _Child.status == status.CopyStatus.WAIT_COPYING,
        ~has_log.exists(),
    )
    _insert_from(session, _Log, values, new)


def _insert_from(
    session: orm.Session,
    model: type[models.Base],
    values: Mapping[str, Any],
    criteria: Collection[Any],
) -> None:
    session.execute(
        sa.insert(model).from_select(
            list(values), sa.select(*values.values()).where(*criteria)
        )
    )


def free_slot(session: orm.Session, checkpoint_copy_id: str) -> None:
    """Let the source of a copy, by the copy's checkpoint id, be uncopied."""
    session.execute(
        sa.update(_Child)
        .where(_Child.checkpoint_copy_id == checkpoint_copy_id)
        .values(copy_slot=None)
    )


def take_slot(session: orm.Session, checkpoint_copy_id: str) -> bool:
    """Give a copy its place back unless another one has it."""
    row = session.scalars(
        sa.select(_Child)
        .where(_Child.checkpoint_copy_id == checkpoint_copy_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    wanted = slot(row.checkpoint_id, row.target_provider_id)
    holder = session.scalar(
        sa.select(_Child.id).where(_Child.copy_slot == wanted)
    )
    if holder is None:
        row.copy_slot = wanted
    return holder in (None, row.id)
