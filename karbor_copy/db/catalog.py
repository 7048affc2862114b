# SPDX-License-Identifier: Apache-2.0
"""Bringing the catalogue in line with what the banks hold.

Each change is a transaction of its own under the locks of the plan and of
the row, and leaves alone every row that an open operation uses. No bank is
asked here: what was read there counts only if the row is still the one that
was read before.
"""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import plans
from karbor_copy.db import transitions
from karbor_copy.db import usage

_Row = models.Checkpoint
_Status = status.CheckpointStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the catalogue says of one checkpoint of a provider."""

    project_id: str
    plan_id: str
    status: status.CheckpointStatus
    committed_at: datetime.datetime | None
    updated_at: datetime.datetime | None
    in_use: bool


@engine.reader
def known(session: orm.Session, provider_id: str) -> Mapping[str, Known]:
    """Return what the catalogue knows of a provider, by checkpoint id."""
    return _known(session, _Row.provider_id == provider_id)


@engine.reader
def known_one(session: orm.Session, checkpoint_id: str) -> Known | None:
    """Return what the catalogue knows of one checkpoint, if anything."""
    return _known(session, _Row.id == checkpoint_id).get(checkpoint_id)


def _known(
    session: orm.Session, criterion: sa.ColumnElement[bool]
) -> Mapping[str, Known]:
    rows = session.execute(
        sa.select(
            _Row.id,
            _Row.project_id,
            _Row.plan_id,
            _Row.status,
            _Row.committed_at,
            _Row.updated_at,
            usage.in_use(_Row.id).label("in_use"),
        ).where(criterion)
    )
    return {
        row.id: Known(
            project_id=row.project_id,
            plan_id=row.plan_id,
            status=_Status(row.status),
            committed_at=row.committed_at,
            updated_at=row.updated_at,
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
    relation to the source. Copies of it that were found before have their
    places from now on.

    :raises InvalidCheckpoint: its plan is another project's.
    """
    # In this order: without a row there is nothing to lock.
    plans.insert_missing(session, plan)
    owner = plans.lock(session, plan.id)
    if owner is None or owner.project_id != found.project_id:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=found.id, reason="its plan is another project's"
        )
    if session.get(_Row, found.id) is not None:
        return False
    row = _Row(
        id=found.id,
        project_id=found.project_id,
        provider_id=found.provider_id,
        plan_id=found.plan_id,
        created_at=found.created_at,
        timestamp=found.timestamp,
        protection_plan=dict(found.protection_plan),
        **_told(found),
        committed_at=found.committed_at,
    )
    session.add(row)
    session.flush()
    _relate(session, row)
    checkpoint_copies.take_slots(session, row)
    return True


def _told(found: checkpoint.Checkpoint) -> dict[str, Any]:
    """Return the columns that change while a checkpoint comes to be."""
    return {
        "status": found.status,
        "resource_graph": found.resource_graph,
        "extra_info": dict(found.extra_info),
        "copied_from": _origin(found),
        "resource_types": ",".join(found.resource_types),
        "size": found.size,
    }


def _origin(found: checkpoint.Checkpoint) -> str | None:
    """Return the id of what a copy was made from; None for what is none.

    Karbor marks its copies but does not tell of what: such a one names
    itself, so that it never counts as a source.
    """
    if found.copied_from is not None:
        return found.copied_from.checkpoint_id
    return found.id if "copy_status" in found.extra_info else None


def _relate(session: orm.Session, row: models.Checkpoint) -> None:
    """Relate a copy to its source; its place is for what is available."""
    origin = row.extra_info.get("copied_from")
    if origin is None:
        return
    child = models.CheckpointCopy
    held = session.scalar(
        sa.select(child.id).where(child.checkpoint_copy_id == row.id)
    )
    if held is None:
        now = functions.utcnow()
        session.add(
            child(
                id=str(uuid.uuid4()),
                copy_id=None,
                project_id=row.project_id,
                plan_id=row.plan_id,
                provider_id=origin["provider_id"],
                target_provider_id=row.provider_id,
                checkpoint_id=origin["checkpoint_id"],
                checkpoint_copy_id=row.id,
                status=status.CopyStatus.FINISHED,
                bytes_total=row.size or 0,
                resources={},
                created_at=now,
                ended_at=now,
            )
        )
        session.flush()
    if row.status == _Status.AVAILABLE:
        # Where another copy has the place, this one is kept without it.
        checkpoint_copies.take_slot(session, row.id)
    else:
        checkpoint_copies.free_slot(session, row.id)


@engine.writer
def take_over(
    session: orm.Session, before: Known, found: checkpoint.Checkpoint
) -> bool:
    """Make a row available as its bank tells; tell whether it was done."""
    moved = move(
        session,
        found.id,
        before,
        **_told(found),
        committed_at=sa.func.coalesce(_Row.committed_at, found.committed_at),
    )
    if moved:
        _relate(session, session.get_one(_Row, found.id))
    return moved


@engine.writer
def give_up(
    session: orm.Session,
    checkpoint_id: str,
    before: Known,
    wanted: status.CheckpointStatus,
) -> bool:
    """Let a row end as its bank tells; tell whether it was done."""
    moved = move(session, checkpoint_id, before, status=wanted)
    if moved:
        checkpoint_copies.free_slot(session, checkpoint_id)
    return moved


def move(
    session: orm.Session,
    checkpoint_id: str,
    before: Known,
    *,
    status: str,
    **columns: Any,
) -> bool:
    """Change a row that is still what it was before its bank was read.

    Tell whether it was done; it is not if an open operation uses it.
    """
    plans.lock(session, before.plan_id)
    _lock(session, _Row.id == checkpoint_id)
    moved = transitions.move(
        session,
        _Row,
        status,
        _Row.id == checkpoint_id,
        _Row.status == before.status,
        _Row.updated_at.is_not_distinct_from(before.updated_at),
        ~usage.in_use(checkpoint_id),
        **columns,
    )
    return moved == 1


def _lock(session: orm.Session, *criteria: sa.ColumnElement[bool]) -> None:
    """Let no operation begin to use these until the transaction ends.

    Whether one does is asked after it: a statement that had to wait for the
    rows would know of no other rows but those it saw before.
    """
    session.execute(
        sa.select(_Row.id).where(*criteria).order_by(_Row.id).with_for_update()
    )


@engine.writer
def move_plan(
    session: orm.Session, plan_id: str, project_id: str, wanted: str
) -> int:
    """Give a plan and all that was made from it to another project.

    Return how many checkpoints have moved.

    :raises OperationInProgress: an open operation uses one of them.
    """
    plans.lock(session, plan_id)
    mine = (_Row.plan_id == plan_id, _Row.project_id == project_id)
    _lock(session, *mine)
    used = session.scalar(
        sa.select(_Row.id).where(*mine, usage.in_use(_Row.id)).limit(1)
    )
    if used is not None:
        raise exceptions.OperationInProgress(checkpoint_id=used)
    child, plan = models.CheckpointCopy, models.Plan
    for model, of_plan in (
        (child, child.plan_id == plan_id),
        (plan, plan.id == plan_id),
    ):
        session.execute(
            sa.update(model)
            .where(of_plan, model.project_id == project_id)
            .values(project_id=wanted)
        )
    moved = session.execute(
        sa.update(_Row).where(*mine).values(project_id=wanted)
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]
