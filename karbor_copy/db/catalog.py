# SPDX-License-Identifier: Apache-2.0
"""Bringing the catalogue in line with what the banks hold.

Each change is a transaction of its own under the lock of the plan, and
leaves alone every row that an open operation uses.
"""

import datetime
import uuid
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import engine
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import plans
from karbor_copy.db import usage

_Row = models.Checkpoint
_Status = status.CheckpointStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the catalogue says of one checkpoint of a provider."""

    plan_id: str
    status: status.CheckpointStatus
    committed_at: datetime.datetime | None
    in_use: bool


@engine.reader
def known(session: orm.Session, provider_id: str) -> Mapping[str, Known]:
    """Return what the catalogue knows of a provider, by checkpoint id."""
    rows = session.execute(
        sa.select(
            _Row.id,
            _Row.plan_id,
            _Row.status,
            _Row.committed_at,
            usage.in_use(_Row.id).label("in_use"),
        ).where(_Row.provider_id == provider_id)
    )
    return {
        row.id: Known(
            plan_id=row.plan_id,
            status=_Status(row.status),
            committed_at=row.committed_at,
            in_use=row.in_use,
        )
        for row in rows
    }


@engine.writer
def add(
    session: orm.Session,
    found: checkpoint.Checkpoint,
    plan: plan_model.Plan,
) -> bool:
    """Add a checkpoint that was found in a bank; False if it is known.

    With it the plan's row where that is missing, and, for a copy, its
    relation to the source.
    """
    plans.lock(session, found.plan_id)
    if session.get(_Row, found.id) is not None:
        return False
    plans.insert_missing(session, plan)
    session.add(
        _Row(
            id=found.id,
            project_id=found.project_id,
            provider_id=found.provider_id,
            plan_id=found.plan_id,
            status=found.status,
            created_at=found.created_at,
            timestamp=found.timestamp,
            protection_plan=dict(found.protection_plan),
            resource_graph=found.resource_graph,
            extra_info=dict(found.extra_info),
            copied_from=_origin(found),
            resource_types=",".join(found.resource_types),
            committed_at=found.committed_at,
            size=found.size,
        )
    )
    session.flush()
    if found.copied_from and found.status is _Status.AVAILABLE:
        _add_relation(session, found, found.copied_from)
    return True


def _origin(found: checkpoint.Checkpoint) -> str | None:
    """Return the id of what a copy was made from; None for what is none.

    Karbor marks its copies but does not tell of what: such a one names
    itself, so that it never counts as a source.
    """
    if found.copied_from is not None:
        return found.copied_from.checkpoint_id
    return found.id if "copy_status" in found.extra_info else None


def _add_relation(
    session: orm.Session,
    found: checkpoint.Checkpoint,
    origin: checkpoint.CopiedFrom,
) -> None:
    child = models.CheckpointCopy
    held = session.scalar(
        sa.select(child.id).where(child.checkpoint_copy_id == found.id)
    )
    if held is not None:
        return
    now = operation_logs.utcnow()
    session.add(
        child(
            id=str(uuid.uuid4()),
            copy_id=None,
            project_id=found.project_id,
            plan_id=found.plan_id,
            provider_id=origin.provider_id,
            target_provider_id=found.provider_id,
            checkpoint_id=origin.checkpoint_id,
            checkpoint_copy_id=found.id,
            status=status.CopyStatus.FINISHED,
            bytes_total=found.size or 0,
            resources={},
            created_at=now,
            ended_at=now,
        )
    )
    session.flush()
    checkpoint_copies.take_slot(session, found.id)


@engine.writer
def change_status(
    session: orm.Session,
    checkpoint_id: str,
    before: Known,
    wanted: status.CheckpointStatus,
    is_so: Callable[[], bool],
) -> bool:
    """Give a row the status that its bank tells; tell whether it was done.

    ``is_so`` looks into the bank once more, under the lock of the plan.
    """
    plans.lock(session, before.plan_id)
    if not is_so():
        return False
    changed = session.execute(
        sa.update(_Row)
        .where(
            _Row.id == checkpoint_id,
            _Row.status == before.status,
            ~usage.in_use(checkpoint_id),
        )
        .values(
            status=wanted,
            updated_at=operation_logs.utcnow(),
            committed_at=sa.func.coalesce(
                _Row.committed_at, operation_logs.utcnow()
            ),
        )
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    if wanted is _Status.AVAILABLE:
        checkpoint_copies.take_slot(session, checkpoint_id)
    else:
        checkpoint_copies.free_slot(session, checkpoint_id)
    return True
