# SPDX-License-Identifier: Apache-2.0
"""The queue of work: claiming, leasing and handing back operation logs.

Every write repeats the epoch that the claim gave, so that a worker which
lost its lease without knowing it changes nothing. All times are the
database's.
"""

import uuid
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import progress as progress_rows
from karbor_copy.db import transitions

_Child = models.CheckpointCopy
_Log = models.OperationLog
_State = status.OperationState
_FIELDS = tuple(operation_log.OperationLog.__dataclass_fields__)

#: Candidates looked at in one claim; with many workers the first few are
#: likely to be taken by others.
_CANDIDATES = 16


def to_model(row: _Log) -> operation_log.OperationLog:
    """Return the value of a row."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["operation_type"] = status.OperationType(row.operation_type)
    values["status"] = status.OperationLogStatus(row.status)
    values["state"] = status.OperationState(row.state)
    return operation_log.OperationLog(**values)


def new_log(
    operation_type: status.OperationType,
    *,
    project_id: str,
    parameters: Mapping[str, Any] | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """Return the columns of a queued operation log, ready to insert."""
    now = functions.utcnow()
    queued = status.OPERATION_LOG_STATUSES[operation_type][0]
    return {
        "id": str(uuid.uuid4()),
        "project_id": project_id,
        "operation_type": operation_type,
        "status": queued,
        "state": _State.QUEUED,
        "epoch": 0,
        "due_at": 0,
        "attempts": 0,
        "progress": {},
        "parameters": dict(parameters or {}),
        "created_at": now,
        "started_at": now,
    } | columns


def _claimable(now: Any) -> Sequence[sa.ColumnElement[bool]]:
    return (
        _Log.state.in_(status.OPEN_STATES),
        _Log.due_at <= now,
        _unleased(now),
    )


def _unleased(now: Any) -> sa.ColumnElement[bool]:
    return sa.or_(_Log.lease_until.is_(None), _Log.lease_until < now)


def claim(owner: str, lease: float) -> operation_log.OperationLog | None:
    """Take the operation that has waited longest; None when there is none.

    ``lease`` is in seconds. A queued one becomes ``running``; one that its
    worker lost keeps its state and gets a new epoch.
    """
    for log_id, epoch in _candidates():
        taken = _take(log_id, epoch, owner, lease)
        if taken is not None:
            return taken
    return None


@engine.reader
def _candidates(session: orm.Session) -> list[tuple[str, int]]:
    # Read once: no index serves a comparison with a clock that goes on.
    now = session.scalar(sa.select(functions.now_ms()))
    oldest = [
        sa.select(_oldest(_Log.state == state, due, _unleased(now)))
        for state in sorted(status.OPEN_STATES)
        for due in (_Log.due_at == 0, _Log.due_at.between(1, now))
    ]
    rows = session.execute(
        sa.union_all(*oldest).order_by("created_at", "id").limit(_CANDIDATES)
    )
    return [(row.id, row.epoch) for row in rows]


def _oldest(*where: sa.ColumnElement[bool]) -> sa.Subquery:
    """Return the query of a few that match.

    In the order of the index, so that it neither reads nor sorts all that
    is settled, waits, or isn't due yet.
    """
    return (
        sa.select(_Log.id, _Log.epoch, _Log.created_at)
        .where(*where)
        .order_by(_Log.due_at, _Log.created_at, _Log.id)
        .limit(_CANDIDATES)
        .subquery()
    )


@engine.writer
def _take(
    session: orm.Session, log_id: str, epoch: int, owner: str, lease: float
) -> operation_log.OperationLog | None:
    now = functions.now_ms()
    taken = session.execute(
        sa.update(_Log)
        .where(_Log.id == log_id, _Log.epoch == epoch, *_claimable(now))
        .values(
            owner=owner,
            epoch=epoch + 1,
            attempts=_Log.attempts + 1,
            lease_until=now + int(lease * 1000),
            state=_or_stays(_State.RUNNING),
            updated_at=functions.utcnow(),
        )
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return to_model(session.get_one(_Log, log_id))


def _or_stays(wanted: status.OperationState) -> sa.ColumnElement[str]:
    """Return this state where it may follow, else the one there is."""
    return sa.case(
        (
            _Log.state.in_(status.OPERATION_TRANSITIONS[wanted]),
            wanted.value,
        ),
        else_=_Log.state,
    )


def hold(
    session: orm.Session, log_id: str, epoch: int, /, **columns: Any
) -> bool:
    """Change a log that is still held under this epoch; tell if it was."""
    held = session.execute(
        sa.update(_Log)
        .where(
            _Log.id == log_id,
            _Log.epoch == epoch,
            _Log.state != _State.SETTLED,
        )
        .values(updated_at=functions.utcnow(), **columns)
    )
    return bool(held.rowcount == 1)  # type: ignore[attr-defined]


def heartbeat(
    log_id: str, epoch: int, lease: float, progress: Mapping[str, Any]
) -> None:
    """Renew a lease and store the progress.

    :raises LeaseLost: it is another worker's by now; nothing was stored.
    :raises OperationCancelled: it has to stop; the lease was renewed, so
        that there is time to.
    """
    if _renew(log_id, epoch, lease, progress):
        raise exceptions.OperationCancelled


@engine.writer
def _renew(
    session: orm.Session,
    log_id: str,
    epoch: int,
    lease: float,
    progress: Mapping[str, Any],
) -> bool:
    """Store what a heartbeat tells; tell whether a cancel was asked for.

    The checkpoint copy comes before the log, as wherever both are locked.
    """
    progress_rows.store(session, log_id, progress)
    if not hold(
        session,
        log_id,
        epoch,
        lease_until=functions.now_ms() + int(lease * 1000),
        progress=progress_rows.counters(progress),
    ):
        raise exceptions.LeaseLost(operation_log_id=log_id)
    return bool(
        session.scalar(
            sa.select(_Child.cancel_requested).where(_Child.id == log_id)
        )
    )


@engine.writer
def mark_committing(
    session: orm.Session,
    log_id: str,
    epoch: int,
    manifest_sha256: str,
    progress: Mapping[str, Any],
) -> None:
    """Pass the point of no return.

    The progress is final here, and whoever rolls forward can't count again.
    The row of the checkpoint copy is locked first, so that a cancel either
    comes before and wins, or after and is refused.

    :raises LeaseLost: it is another worker's by now.
    :raises OperationCancelled: a cancel was asked for.
    """
    if session.scalar(
        sa.select(_Child.cancel_requested)
        .where(_Child.id == log_id)
        .with_for_update()
    ):
        raise exceptions.OperationCancelled
    progress_rows.store(session, log_id, progress)
    if not transitions.move(
        session,
        _Log,
        _State.COMMITTING,
        _Log.id == log_id,
        _Log.epoch == epoch,
        manifest_sha256=manifest_sha256,
        progress=progress_rows.counters(progress),
    ):
        raise exceptions.LeaseLost(operation_log_id=log_id)


@engine.writer
def hand_back(session: orm.Session, log_id: str, epoch: int) -> bool:
    """Give up the lease at once so that another worker can go on.

    The attempt does not count.
    """
    return _release(session, log_id, epoch, attempts=_Log.attempts - 1)


@engine.writer
def put_off(
    session: orm.Session, log_id: str, epoch: int, delay: float, reason: str
) -> bool:
    """Let it be tried again after so many seconds, and show why."""
    return _release(
        session, log_id, epoch, int(delay * 1000), error_info=reason
    )


def _release(
    session: orm.Session,
    log_id: str,
    epoch: int,
    milliseconds: int = 0,
    **columns: Any,
) -> bool:
    """Give up the lease; a committing log stays committing.

    The epoch ends here, or a heartbeat that is late would renew the lease.
    """
    return hold(
        session,
        log_id,
        epoch,
        owner=None,
        epoch=epoch + 1,
        lease_until=None,
        due_at=functions.now_ms() + milliseconds,
        state=_or_stays(_State.QUEUED),
        **columns,
    )


def enqueue(session: orm.Session, logs: Iterable[Mapping[str, Any]]) -> None:
    """Insert logs made by :func:`new_log`."""
    for row in logs:
        session.execute(sa.insert(_Log).values(**row))
