# SPDX-License-Identifier: Apache-2.0
"""How an operation begins: its rows are shown as being worked on.

Fenced by the epoch of the claim: where the lease was lost, nothing is
changed and LeaseLost is raised.
"""

from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import transitions

_Type = status.OperationType
_Child = models.CheckpointCopy
_Checkpoint = models.Checkpoint
_Copy = orm.aliased(_Checkpoint)

#: What a copy has in common with its source.
_SAME: Final = (
    _Checkpoint.project_id,
    _Checkpoint.plan_id,
    _Checkpoint.created_at,
    _Checkpoint.timestamp,
    _Checkpoint.protection_plan,
    _Checkpoint.resource_graph,
    _Checkpoint.resource_types,
)
#: The source of a checkpoint copy whose target is not in the catalogue yet.
_SOURCE_OF_NEW: Final = (
    sa.select(
        _Child.checkpoint_copy_id,
        _Child.target_provider_id,
        _Child.checkpoint_id,
        _Child.provider_id,
        _Checkpoint.extra_info,
        *_SAME,
    )
    .join(_Checkpoint, _Checkpoint.id == _Child.checkpoint_id)
    .outerjoin(_Copy, _Copy.id == _Child.checkpoint_copy_id)
    .where(_Child.id == sa.bindparam("id"), _Copy.id.is_(None))
)
_INSERT: Final = sa.insert(models.table(_Checkpoint))


@engine.writer
def begin(session: orm.Session, log: operation_log.OperationLog) -> None:
    """Show that an operation is at work.

    :raises LeaseLost: it is another worker's by now, or has ended.
    :raises OperationCancelled: a cancel was asked for before.
    """
    running = status.OPERATION_LOG_STATUSES[log.operation_type][1]
    if log.operation_type is _Type.COPY:
        parents.member_began(session, log.id)
        _begin_copy(session, log)
        # A request may have adopted it since.
        parents.member_began(session, log.id)
    operation_logs.hold(session, log.id, log.epoch, status=running)


def _begin_copy(session: orm.Session, log: operation_log.OperationLog) -> None:
    model = models.CheckpointCopy
    if not transitions.move(
        session,
        model,
        status.CopyStatus.COPYING,
        model.id == log.id,
        model.cancel_requested.is_(sa.false()),
        attempts=log.attempts,
        started_at=sa.func.coalesce(model.started_at, functions.utcnow()),
    ):
        if operation_logs.cancel_requested(session, log.id):
            raise exceptions.OperationCancelled
        raise exceptions.LeaseLost(operation_log_id=log.id)
    source = session.execute(_SOURCE_OF_NEW, {"id": log.id}).one_or_none()
    if source is not None:
        session.execute(_INSERT, _copy_of(source))


def _copy_of(source: sa.Row[Any]) -> dict[str, Any]:
    """Return the catalogue row of a copy: the source's, with its origin."""
    origin = {
        "provider_id": source.provider_id,
        "checkpoint_id": source.checkpoint_id,
    }
    extra_info = {
        **source.extra_info,
        "copied_from": origin,
        "copy_status": status.CopyStatus.COPYING,
    }
    return {
        **{column.key: getattr(source, column.key) for column in _SAME},
        "id": source.checkpoint_copy_id,
        "provider_id": source.target_provider_id,
        "status": status.CheckpointStatus.COPYING,
        "copied_from": source.checkpoint_id,
        "extra_info": extra_info,
    }


@engine.writer
def set_graph(
    session: orm.Session,
    log: operation_log.OperationLog,
    graph: resource.ResourceGraph,
) -> None:
    """Remember what a protect found to be protected.

    :raises LeaseLost: it is another worker's by now.
    """
    operation_logs.hold(session, log.id, log.epoch)
    session.execute(
        sa.update(models.Checkpoint)
        .where(models.Checkpoint.id == log.checkpoint_id)
        .values(
            resource_graph=graph.serialize(),
            resource_types=",".join(graph.resource_types),
            updated_at=functions.utcnow(),
        )
    )
