# SPDX-License-Identifier: Apache-2.0
"""Cancels the members of a copy request that nobody else waits for."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import status
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import transitions

_Copy = models.Copy
_Child = models.CheckpointCopy
_Member = models.CopyMember
_Log = models.OperationLog
_State = status.OperationState

#: Ids in one statement.
_CHUNK: Final = 1000


def cancel_members(session: orm.Session, copy: models.Copy) -> None:
    """Cancel what only this request waits for.

    What no worker has ever taken ends here; the others' workers hear of it
    by their heartbeat. Either way the place at the target is free at once,
    so that a new request does not adopt what is dying. Plan and request are
    locked.

    :raises Conflict: there is nothing that can still be stopped.
    """
    exclusive = _lock_exclusive(session, copy)
    stopped = False
    for ids in _chunks(exclusive):
        stopped |= _cancel_chunk(session, ids)
    if (
        exclusive
        and not stopped
        and not _waits_for_more(session, copy, exclusive)
    ):
        raise exceptions.Conflict(reason=f"Copy {copy.id} is being committed.")


def _lock_exclusive(session: orm.Session, copy: models.Copy) -> list[str]:
    other = (
        sa.select(_Member.copy_id)
        .join(_Copy, _Copy.id == _Member.copy_id)
        .where(
            _Member.checkpoint_copy_id == _Child.id,
            _Member.copy_id != copy.id,
            _Copy.status.in_(status.OPEN_COPY_STATUSES),
            _Copy.cancel_requested.is_(sa.false()),
        )
    )
    mine = sa.select(_Member.checkpoint_copy_id).where(
        _Member.copy_id == copy.id
    )
    rows = session.scalars(
        sa.select(_Child.id)
        .where(
            _Child.id.in_(mine),
            _Child.status.in_(status.OPEN_COPY_STATUSES),
            ~other.exists(),
        )
        .order_by(_Child.id)
        .with_for_update()
    )
    return list(rows)


def _cancel_chunk(session: orm.Session, ids: Sequence[str]) -> bool:
    """Cancel these; tell whether any could be."""
    now = functions.utcnow()
    untouched = session.scalars(
        sa.select(_Log.id).where(
            _Log.id.in_(ids), _Log.state == _State.QUEUED, _Log.epoch == 0
        )
    ).all()
    # Of these a worker may have claimed some since: the state is repeated.
    transitions.move(
        session,
        _Log,
        _State.SETTLED,
        _Log.id.in_(untouched),
        _Log.state == _State.QUEUED,
        _Log.epoch == 0,
        status=status.OperationLogStatus.CANCELLED,
        ended_at=now,
    )
    found = session.execute(
        sa.select(_Log.id, _Log.state).where(_Log.id.in_(ids))
    )
    states = {row.id: row.state for row in found}
    ended = [id_ for id_ in ids if states.get(id_) == _State.SETTLED]
    told = [
        id_
        for id_ in ids
        if states.get(id_) in (_State.QUEUED, _State.RUNNING)
    ]
    _tell(session, [*ended, *told])
    transitions.move(
        session,
        _Child,
        status.CopyStatus.CANCELLED,
        _Child.id.in_(ended),
        ended_at=now,
    )
    return bool(ended or told)


def _tell(session: orm.Session, ids: Sequence[str]) -> None:
    session.execute(
        sa.update(_Child)
        .where(
            _Child.id.in_(ids), _Child.status.in_(status.OPEN_COPY_STATUSES)
        )
        .values(
            cancel_requested=True,
            copy_slot=None,
            updated_at=functions.utcnow(),
        )
        .execution_options(synchronize_session=False)
    )


def _waits_for_more(
    session: orm.Session, copy: models.Copy, exclusive: Sequence[str]
) -> bool:
    """Tell whether others keep any of its open members going."""
    members = session.scalar(
        sa.select(sa.func.count())
        .select_from(_Member)
        .join(_Child, _Child.id == _Member.checkpoint_copy_id)
        .where(
            _Member.copy_id == copy.id,
            _Child.status.in_(status.OPEN_COPY_STATUSES),
        )
    )
    return (members or 0) > len(exclusive)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]
