# SPDX-License-Identifier: Apache-2.0
"""How an operation begins: its rows are shown as being worked on.

Fenced by the epoch of the claim: where the lease was lost, nothing is
changed and LeaseLost is raised.
"""

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


@engine.writer
def begin(session: orm.Session, log: operation_log.OperationLog) -> None:
    """Show that an operation is at work.

    :raises LeaseLost: it is another worker's by now, or has ended.
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
        attempts=log.attempts,
        started_at=sa.func.coalesce(model.started_at, functions.utcnow()),
    ):
        raise exceptions.LeaseLost(operation_log_id=log.id)
    target = orm.aliased(models.Checkpoint)
    row, source, missing = session.execute(
        sa.select(model, models.Checkpoint, target.id.is_(None))
        .join(models.Checkpoint, models.Checkpoint.id == model.checkpoint_id)
        .outerjoin(target, target.id == model.checkpoint_copy_id)
        .where(model.id == log.id)
    ).one()
    if missing:
        session.add(_copy_of(source, row))


def _copy_of(
    source: models.Checkpoint, row: models.CheckpointCopy
) -> models.Checkpoint:
    """Return the catalogue row of a copy: the source's, with its origin."""
    return models.Checkpoint(
        id=row.checkpoint_copy_id,
        project_id=source.project_id,
        provider_id=row.target_provider_id,
        plan_id=source.plan_id,
        status=status.CheckpointStatus.COPYING,
        created_at=source.created_at,
        timestamp=source.timestamp,
        protection_plan=source.protection_plan,
        resource_graph=source.resource_graph,
        resource_types=source.resource_types,
        copied_from=source.id,
        extra_info={
            **source.extra_info,
            "copied_from": {
                "provider_id": source.provider_id,
                "checkpoint_id": source.id,
            },
            "copy_status": status.CopyStatus.COPYING,
        },
    )


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
