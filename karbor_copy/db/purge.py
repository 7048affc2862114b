# SPDX-License-Identifier: Apache-2.0
"""Deletes rows that have come to their end and that nothing needs any more.

What is open stays, and so does all that a checkpoint which exists is listed,
copied or explained by. Rows go in batches, each a short transaction, so that
the service works meanwhile; the parts of a thing go with it.
"""

import datetime
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models

_Checkpoint = models.Checkpoint
_Child = models.CheckpointCopy
_Copy = models.Copy
_Log = models.OperationLog
_Member = models.CopyMember
_Plan = models.Plan

_Condition = sa.ColumnElement[bool]

#: Rows of one transaction, unless one thing has more parts.
_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The rows of one table that go.

    ``lock`` names the rows that could still bring some of them back, by the
    ids of these; ``parts`` are the columns by which other tables' rows are a
    part of one and go with it.
    """

    model: type[Any]
    goes: _Condition
    lock: sa.Select[Any] | None = None
    parts: Sequence[orm.InstrumentedAttribute[Any]] = ()


def purge(older_than: datetime.timedelta) -> dict[str, int]:
    """Delete what came to its end so long ago; return the rows by table."""
    steps = _steps(functions.utcnow() - older_than)
    deleted = {model.__tablename__: 0 for model in _going(steps)}
    for step in steps:
        last = ""
        while ids := _next(step, last):
            for going in _batches(_find(step, ids)):
                for table, rows in _delete(step, going).items():
                    deleted[table] += rows
            last = ids[-1]
    return deleted


@engine.reader
def count(
    session: orm.Session, older_than: datetime.timedelta
) -> dict[str, int]:
    """Return how many rows of each table :func:`purge` would delete."""
    going = _going(_steps(functions.utcnow() - older_than))
    return {
        model.__tablename__: session.scalars(
            sa.select(sa.func.count())
            .select_from(model)
            .where(sa.or_(*conditions))
        ).one()
        for model, conditions in going.items()
    }


def _going(steps: Sequence[_Step]) -> dict[Any, list[_Condition]]:
    """Return by table the conditions of which one holds for what goes."""
    going: dict[Any, list[_Condition]] = {}
    for step in steps:
        ids = sa.select(step.model.id).where(step.goes)
        going.setdefault(step.model, []).append(step.goes)
        for part in step.parts:
            going.setdefault(part.class_, []).append(part.in_(ids))
    return going


@engine.reader
def _next(session: orm.Session, step: _Step, last: str) -> list[str]:
    """Return the ids that come after this one, of what goes and what stays.

    So each row is looked at once, whatever plan the database would make.
    """
    key = step.model.id
    rows = session.scalars(
        sa.select(key).where(key > last).order_by(key).limit(_BATCH)
    )
    return list(rows)


@engine.reader
def _find(
    session: orm.Session, step: _Step, ids: Sequence[str]
) -> list[tuple[str, int]]:
    """Return those that go, and of how many rows each is."""
    key = step.model.id
    parts = [
        sa.select(sa.func.count()).where(part == key).scalar_subquery()
        for part in step.parts
    ]
    found = session.execute(
        sa.select(key, *parts).where(key.in_(ids), step.goes)
    )
    return [(row[0], 1 + sum(row[1:])) for row in found]


def _batches(found: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Yield the ids of what goes together."""
    batch: list[str] = []
    size = 0
    for id_, rows in found:
        if batch and size + rows > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(id_)
        size += rows
    if batch:
        yield batch


@engine.writer
def _delete(
    session: orm.Session, step: _Step, ids: Sequence[str]
) -> dict[str, int]:
    """Delete those that go even now."""
    if step.lock is not None:
        session.execute(step.lock.with_for_update(), {"ids": ids})
    key = step.model.id
    going = session.scalars(
        sa.select(key).where(key.in_(ids), step.goes)
    ).all()
    return {
        column.class_.__tablename__: session.execute(
            sa.delete(column.class_).where(column.in_(going))
        ).rowcount  # type: ignore[attr-defined]
        for column in (*step.parts, step.model.id)
    }


def _steps(before: datetime.datetime) -> tuple[_Step, ...]:
    """Return what goes, the parts of a thing before the thing."""
    return (*_final_steps(before), *_request_steps(before), _plan_step(before))


def _final_steps(before: datetime.datetime) -> Iterator[_Step]:
    """Yield what never changes again."""
    settled = _Log.state.not_in(status.OPEN_STATES)
    yield _Step(model=_Log, goes=sa.and_(settled, _ended(_Log, before)))
    for model in (models.Restore, models.Verification):
        open_status = status.RestoreStatus.IN_PROGRESS
        yield _Step(
            model=model,
            goes=sa.and_(model.status != open_status, _ended(model, before)),
        )
    yield _Step(model=_Checkpoint, goes=_checkpoint_goes(before))


def _request_steps(before: datetime.datetime) -> Iterator[_Step]:
    """Yield what belongs to requests, which a retry may open again."""
    ids: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
    of_members = sa.select(_Member.copy_id).where(
        _Member.checkpoint_copy_id.in_(ids)
    )
    requests = sa.select(_Copy.id).order_by(_Copy.id)
    yield _Step(
        model=_Child,
        goes=_child_goes(before),
        lock=requests.where(_Copy.id.in_(of_members)),
        parts=(_Member.checkpoint_copy_id,),
    )
    yield _Step(
        model=_Copy,
        goes=_copy_goes(before),
        lock=requests.where(_Copy.id.in_(ids)),
        parts=(_Member.copy_id,),
    )


def _plan_step(before: datetime.datetime) -> _Step:
    """Return the plans, which a checkpoint found in a bank may need."""
    ids: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
    plans = sa.select(_Plan.id).order_by(_Plan.id)
    return _Step(
        model=_Plan,
        goes=_plan_goes(before),
        lock=plans.where(_Plan.id.in_(ids)),
        parts=(models.PlanResource.plan_id,),
    )


def _ended(model: Any, before: datetime.datetime) -> _Condition:
    return sa.func.coalesce(model.updated_at, model.created_at) < before


def _checkpoint_goes(before: datetime.datetime) -> _Condition:
    """Deleted, with no clean-up to come; no slot hangs on it."""
    child = orm.aliased(_Child)
    return sa.and_(
        _Checkpoint.status == status.CheckpointStatus.DELETED,
        _ended(_Checkpoint, before),
        ~sa.exists().where(
            _Log.checkpoint_id == _Checkpoint.id,
            _Log.state != status.OperationState.SETTLED,
        ),
        ~sa.exists().where(
            child.checkpoint_copy_id == _Checkpoint.id,
            child.copy_slot.is_not(None),
        ),
    )


def _child_goes(before: datetime.datetime) -> _Condition:
    """Ended without a checkpoint that stays; no open request counts it."""
    member, copy = orm.aliased(_Member), orm.aliased(_Copy)
    return sa.and_(
        _Child.status.not_in(status.OPEN_COPY_STATUSES),
        _Child.copy_slot.is_(None),
        _ended(_Child, before),
        ~sa.exists().where(
            _Checkpoint.id == _Child.checkpoint_copy_id,
            ~_checkpoint_goes(before),
        ),
        ~sa.exists().where(
            member.checkpoint_copy_id == _Child.id,
            member.copy_id == copy.id,
            copy.status.in_(status.OPEN_COPY_STATUSES),
        ),
    )


def _copy_goes(before: datetime.datetime) -> _Condition:
    """Ended, and none of its members stays."""
    return sa.and_(
        _Copy.status.not_in(status.OPEN_COPY_STATUSES),
        _ended(_Copy, before),
        ~sa.exists().where(
            _Member.copy_id == _Copy.id,
            _Member.checkpoint_copy_id == _Child.id,
            ~_child_goes(before),
        ),
    )


def _plan_goes(before: datetime.datetime) -> _Condition:
    """Deleted, and nothing made from it stays."""
    return sa.and_(
        _Plan.deleted.is_(sa.true()),
        _Plan.deleted_at < before,
        *(
            ~sa.exists().where(model.plan_id == _Plan.id, ~goes)
            for model, goes in (
                (_Checkpoint, _checkpoint_goes(before)),
                (_Child, _child_goes(before)),
                (_Copy, _copy_goes(before)),
            )
        ),
    )
