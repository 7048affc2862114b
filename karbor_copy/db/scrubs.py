# SPDX-License-Identifier: Apache-2.0
"""Scrubs in the catalogue: who works on a rotten checkpoint, and with what.

A scrub that has found rot opens an operation of its own, with the lease of
the process that found it. From then on nothing else begins to use the
checkpoint; if that process dies, a worker or the next scrub goes on.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import catalog
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import plans

_Child = models.CheckpointCopy
_Log = models.OperationLog
_Row = models.Checkpoint
_Type = status.OperationType

#: The key in a log's parameters that tells whether to repair.
REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Peer:
    """A checkpoint that should hold the same data."""

    provider_id: str
    checkpoint_id: str


@engine.writer
def begin(
    session: orm.Session,
    checkpoint_id: str,
    before: catalog.Known,
    *,
    repair: bool,
    owner: str,
    lease: float,
) -> operation_log.OperationLog | None:
    """Mark a checkpoint as ``error`` and take on the work on it.

    ``lease`` is in seconds. None if the row is no longer what it was
    before, or an open operation uses it.
    """
    if not catalog.move(
        session, checkpoint_id, before, status=status.CheckpointStatus.ERROR
    ):
        return None
    checkpoint_copies.free_slot(session, checkpoint_id)
    row = session.get_one(_Row, checkpoint_id)
    log = operation_logs.new_log(
        _Type.SCRUB,
        project_id=row.project_id,
        checkpoint_id=checkpoint_id,
        plan_id=row.plan_id,
        provider_id=row.provider_id,
        parameters={REPAIR: repair},
        state=status.OperationState.RUNNING,
        owner=owner,
        epoch=1,
        attempts=1,
        lease_until=session.scalar(
            sa.select(functions.now_ms() + int(lease * 1000))
        ),
    )
    operation_logs.enqueue(session, [log])
    return operation_logs.to_model(session.get_one(_Log, log["id"]))


@engine.reader
def lost(session: orm.Session, checkpoint_id: str) -> tuple[str, int] | None:
    """Return id and epoch of an open scrub of a checkpoint, if any."""
    row = session.execute(
        sa.select(_Log.id, _Log.epoch).where(
            _Log.checkpoint_id == checkpoint_id,
            _Log.operation_type == _Type.SCRUB,
            _Log.state.in_(status.OPEN_STATES),
        )
    ).one_or_none()
    return None if row is None else (row.id, row.epoch)


@engine.writer
def take_place(session: orm.Session, log: operation_log.OperationLog) -> bool:
    """Give a copy its place back; tell whether the checkpoint may live.

    :raises LeaseLost: it is another worker's by now.
    """
    plans.lock(session, str(log.plan_id))
    operation_logs.hold(session, log.id, log.epoch)
    row = session.get_one(_Row, log.checkpoint_id)
    return row.copied_from in (
        None,
        row.id,  # Karbor's, of an unknown source
    ) or checkpoint_copies.take_slot(session, row.id)


@engine.reader
def peers(session: orm.Session, checkpoint_id: str) -> list[Peer]:
    """Return what was copied from the same source, and the source itself."""
    source = (
        sa.select(_Child.checkpoint_id)
        .where(_Child.checkpoint_copy_id == checkpoint_id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            _Child.provider_id,
            _Child.checkpoint_id,
            _Child.target_provider_id,
            _Child.checkpoint_copy_id,
        )
        .where(
            sa.or_(
                _Child.checkpoint_id == checkpoint_id,
                _Child.checkpoint_id == source,
            ),
            _Child.status == status.CopyStatus.FINISHED,
        )
        .order_by(_Child.created_at, _Child.id)
    ).all()
    found = {
        Peer(*pair): None
        for row in rows
        for pair in (row[:2], row[2:])
        if pair[1] != checkpoint_id
    }
    return list(found)
