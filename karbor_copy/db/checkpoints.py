# SPDX-License-Identifier: Apache-2.0
"""The catalogue as users see and change it: protect, show, delete, reset.

Deleting and resetting lock the plan, then the checkpoint, so that neither
crosses a copy or a restore which is just being asked for.
"""

import datetime
import time
import uuid
from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import page as page_model
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import quota
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import checkpoint_rows
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import paging
from karbor_copy.db import plans
from karbor_copy.db import quotas
from karbor_copy.db import transitions
from karbor_copy.db import usage

_Row = models.Checkpoint
_Status = status.CheckpointStatus
_Type = status.OperationType

_SORTABLE: Final = {
    "id": _Row.id,
    "status": _Row.status,
    # To the second, where created_at of what was imported is a mere date.
    "created_at": _Row.timestamp,
}
_FILTERABLE: Final = {"status": _Row.status}


@engine.writer
def create_protect(
    session: orm.Session,
    plan: plan_model.Plan,
    *,
    extra_info: Mapping[str, Any],
    request_id: str | None,
    defaults: quota.Limits = quota.NO_LIMITS,
) -> checkpoint.Checkpoint:
    """Store a new checkpoint of the plan, and queue the work of making it.

    ``defaults`` limit the project where it has no quota of its own.

    :raises PlanNotFound: the plan was deleted meanwhile.
    :raises QuotaExceeded: the project would have too many.
    """
    project_id, counted = plan.project_id, (quota.Resource.CHECKPOINTS,)
    locked = plans.lock_living(session, project_id, plan.id, *counted)
    limits = quotas.hold(session, project_id, counted, defaults, locked)
    row = _Row(
        id=str(uuid.uuid4()),
        project_id=plan.project_id,
        provider_id=plan.provider_id,
        plan_id=plan.id,
        status=_Status.PROTECTING,
        created_at=functions.utcnow(),
        timestamp=int(time.time()),
        protection_plan=plan.protection_plan(),
        extra_info=dict(extra_info),
        resource_types=",".join(
            sorted({item.type for item in plan.resources})
        ),
    )
    session.add(row)
    session.flush()
    quotas.check(session, project_id, limits)
    _enqueue(session, row, _Type.PROTECT, request_id, plan.parameters)
    return checkpoint_rows.to_model(row)


@engine.reader
def get(
    session: orm.Session,
    project_id: str,
    provider_id: str,
    checkpoint_id: str,
) -> checkpoint.Checkpoint:
    """Return a checkpoint, a deleted one too.

    :raises CheckpointNotFound: none such in this project and provider.
    """
    row = session.scalars(
        checkpoint_rows.one(project_id, provider_id, checkpoint_id)
    ).one_or_none()
    if row is None:
        raise exceptions.CheckpointNotFound(checkpoint_id=checkpoint_id)
    return checkpoint_rows.to_model(row)


@engine.reader
def list_page(
    session: orm.Session,
    page: page_model.Page,
    *,
    provider_id: str,
    project_id: str | None,
    plan_id: str | None = None,
    start: datetime.date | None = None,
    end: datetime.date | None = None,
) -> list[checkpoint.Checkpoint]:
    """Return a page of a provider's checkpoints, but for the deleted ones.

    ``start`` and ``end`` are days in UTC, both included; ``project_id`` None
    means all projects.

    :raises Invalid: an unknown marker, sort key or filter.
    """
    rows = sa.select(_Row).where(_Row.provider_id == provider_id)
    if project_id is not None:
        rows = rows.where(_Row.project_id == project_id)
    if plan_id is not None:
        rows = rows.where(_Row.plan_id == plan_id)
    if start is not None:
        rows = rows.where(_Row.timestamp >= _midnight(start))
    if end is not None:
        after = _midnight(end) + 86400
        rows = rows.where(_Row.timestamp < after)
    if "status" not in page.filters:
        rows = rows.where(_Row.status != _Status.DELETED)
    found = paging.fetch(
        session, rows, page, sortable=_SORTABLE, filterable=_FILTERABLE
    )
    return [checkpoint_rows.to_model(row) for row in found]


def _midnight(day: datetime.date) -> int:
    moment = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    return int(moment.timestamp())


def request_delete(
    project_id: str,
    provider_id: str,
    checkpoint_id: str,
    request_id: str | None,
) -> None:
    """Mark a checkpoint as going, and queue the work of deleting it.

    A copy gives its place up at once: its source counts as uncopied.

    :raises CheckpointNotFound: none such in this project and provider.
    :raises InvalidTransition: its status does not allow it.
    :raises OperationInProgress: an open operation uses it.
    """
    found = get(project_id, provider_id, checkpoint_id)
    _delete(found, request_id)


@engine.writer
def _delete(
    session: orm.Session,
    found: checkpoint.Checkpoint,
    request_id: str | None,
) -> None:
    row = _lock(session, found)
    if not transitions.move(
        session, _Row, _Status.DELETING, _Row.id == row.id
    ):
        raise exceptions.InvalidTransition(
            noun="Checkpoint",
            id=row.id,
            current=row.status,
            wanted=_Status.DELETING,
        )
    _check_unused(session, row.id)
    checkpoint_copies.free_slot(session, row.id)
    _enqueue(session, row, _Type.DELETE, request_id)


def request_reset(
    project_id: str,
    provider_id: str,
    checkpoint_id: str,
    wanted: status.CheckpointStatus,
    request_id: str | None,
) -> None:
    """Set ``available`` or ``error``, and queue writing it to the bank.

    :raises CheckpointNotFound: none such in this project and provider.
    :raises InvalidCheckpoint: its status can't be reset.
    :raises Conflict: it can't be available: it was never whole, or another
        copy of its source has taken its place.
    :raises OperationInProgress: an open operation uses it.
    """
    found = get(project_id, provider_id, checkpoint_id)
    _reset(found, wanted, request_id)


@engine.writer
def _reset(
    session: orm.Session,
    found: checkpoint.Checkpoint,
    wanted: status.CheckpointStatus,
    request_id: str | None,
) -> None:
    row = _lock(session, found)
    if not _can_be_reset(session, row, wanted):
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=row.id,
            reason=f"it can not be reset from {row.status}",
        )
    _check_unused(session, row.id)
    if wanted is not _Status.AVAILABLE:
        checkpoint_copies.free_slot(session, row.id)
    elif row.committed_at is None:
        raise exceptions.Conflict(
            reason=f"Checkpoint {row.id} was never whole."
        )
    elif row.copied_from not in (
        None,
        row.id,  # Karbor's, of an unknown source
    ) and not checkpoint_copies.take_slot(session, row.id):
        raise exceptions.Conflict(
            reason=f"There is another copy of checkpoint {row.copied_from}."
        )
    transitions.move(session, _Row, wanted, _Row.id == row.id)
    _enqueue(session, row, _Type.RESET, request_id)


def _can_be_reset(
    session: orm.Session,
    row: models.Checkpoint,
    wanted: status.CheckpointStatus,
) -> bool:
    if row.status not in status.CHECKPOINT_TRANSITIONS[wanted]:
        return False
    if row.status == _Status.PROTECTING:
        # One that a service elsewhere has left behind can be given up.
        return wanted is _Status.ERROR and not _is_used(session, row.id)
    return row.status in status.RESETTABLE_STATUSES


def _lock(
    session: orm.Session, found: checkpoint.Checkpoint
) -> models.Checkpoint:
    plans.lock(session, found.plan_id)
    return checkpoint_rows.lock(
        session, found.project_id, found.provider_id, found.id
    )


def _is_used(session: orm.Session, checkpoint_id: str) -> bool:
    return bool(session.scalar(sa.select(usage.in_use(checkpoint_id))))


def _check_unused(session: orm.Session, checkpoint_id: str) -> None:
    """:raises OperationInProgress: an open operation uses it."""
    if _is_used(session, checkpoint_id):
        raise exceptions.OperationInProgress(checkpoint_id=checkpoint_id)


def _enqueue(
    session: orm.Session,
    row: models.Checkpoint,
    operation_type: status.OperationType,
    request_id: str | None,
    parameters: plan_model.Parameters | None = None,
) -> None:
    log = operation_logs.new_log(
        operation_type,
        project_id=row.project_id,
        checkpoint_id=row.id,
        plan_id=row.plan_id,
        provider_id=row.provider_id,
        request_id=request_id,
        parameters={
            key: dict(value) for key, value in (parameters or {}).items()
        },
    )
    operation_logs.enqueue(session, [log])
