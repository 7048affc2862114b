# SPDX-License-Identifier: Apache-2.0
"""The queue of work: claiming, leasing and handing back operation logs.

Every write repeats the epoch that the claim gave, so that a worker which
lost its lease without knowing it changes nothing. All times are the
database's.
"""

import datetime
import uuid
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models

_Log = models.OperationLog
_State = status.OperationState
_FIELDS = tuple(operation_log.OperationLog.__dataclass_fields__)

#: Candidates looked at in one claim; with many workers the first few are
#: likely to be taken by others.
_CANDIDATES = 16


def utcnow() -> datetime.datetime:
    """Return the time for people to read: UTC, without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


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
    now = utcnow()
    queued = status.OPERATION_LOG_STATUSES[operation_type][0]
    return {
        "id": str(uuid.uuid4()),
        "project_id": project_id,
        "operation_type": operation_type,
        "status": queued,
        "state": _State.QUEUED,
        "epoch": 0,
        "attempts": 0,
        "progress": {},
        "parameters": dict(parameters or {}),
        "created_at": now,
        "started_at": now,
    } | columns


def _claimable(now: Any) -> Sequence[Any]:
    return (
        _Log.state != _State.SETTLED,
        sa.or_(_Log.due_at.is_(None), _Log.due_at <= now),
        sa.or_(_Log.lease_until.is_(None), _Log.lease_until < now),
    )


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
    rows = session.execute(
        sa.select(_Log.id, _Log.epoch)
        .where(*_claimable(functions.now_ms()))
        .order_by(_Log.created_at, _Log.id)
        .limit(_CANDIDATES)
    )
    return [(row.id, row.epoch) for row in rows]


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
            state=sa.case(
                (_Log.state == _State.QUEUED, _State.RUNNING.value),
                else_=_Log.state,
            ),
            updated_at=utcnow(),
        )
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return to_model(session.get_one(_Log, log_id))


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
        .values(updated_at=utcnow(), **columns)
    )
    return bool(held.rowcount == 1)  # type: ignore[attr-defined]


@engine.writer
def heartbeat(
    session: orm.Session,
    log_id: str,
    epoch: int,
    lease: float,
    progress: Mapping[str, Any],
) -> str | None:
    """Renew a lease and store the progress.

    Return None to go on, else why to stop: ``"lost"`` or ``"cancelled"``.
    """
    until = functions.now_ms() + int(lease * 1000)
    if not hold(
        session, log_id, epoch, lease_until=until, progress=dict(progress)
    ):
        return "lost"
    store_progress(session, log_id, progress)
    cancelled = session.scalar(
        sa.select(models.CheckpointCopy.cancel_requested).where(
            models.CheckpointCopy.id == log_id
        )
    )
    return "cancelled" if cancelled else None


_COUNTERS = (
    "bytes_total",
    "bytes_copied",
    "bytes_skipped",
    "objects_total",
    "objects_copied",
)


def store_progress(
    session: orm.Session, log_id: str, progress: Mapping[str, Any]
) -> None:
    """Show the progress of a copy in its checkpoint copy too."""
    if not progress:
        return
    session.execute(
        sa.update(models.CheckpointCopy)
        .where(models.CheckpointCopy.id == log_id)
        .values(
            resources=progress["resources"],
            **{name: progress[name] for name in _COUNTERS},
        )
    )


@engine.writer
def mark_committing(
    session: orm.Session,
    log_id: str,
    epoch: int,
    manifest_sha256: str,
    progress: Mapping[str, Any] | None = None,
) -> str | None:
    """Pass the point of no return; None, or why not, as in heartbeat.

    The progress is final here, and whoever rolls forward can't count again.
    The row of the checkpoint copy is locked first, so that a cancel either
    comes before and wins, or after and is refused.
    """
    cancelled = session.scalar(
        sa.select(models.CheckpointCopy.cancel_requested)
        .where(models.CheckpointCopy.id == log_id)
        .with_for_update()
    )
    if cancelled:
        return "cancelled"
    marked = session.execute(
        sa.update(_Log)
        .where(
            _Log.id == log_id,
            _Log.epoch == epoch,
            _Log.state.in_(status.OPERATION_TRANSITIONS[_State.COMMITTING]),
        )
        .values(
            state=_State.COMMITTING,
            manifest_sha256=manifest_sha256,
            progress=_Log.progress if progress is None else dict(progress),
            updated_at=utcnow(),
        )
    )
    return None if marked.rowcount == 1 else "lost"  # type: ignore[attr-defined]


@engine.writer
def hand_back(
    session: orm.Session,
    log_id: str,
    epoch: int,
    *,
    delay: float = 0.0,
    counts: bool = False,
) -> bool:
    """Give up the lease at once so that another worker can go on.

    ``delay`` seconds must pass before that. The attempt counts only where
    ``counts`` says so. A committing log stays committing. The epoch ends
    here, or a heartbeat that is late would renew the lease.
    """
    now = functions.now_ms()
    return hold(
        session,
        log_id,
        epoch,
        owner=None,
        epoch=epoch + 1,
        lease_until=None,
        due_at=now + int(delay * 1000),
        attempts=_Log.attempts - (0 if counts else 1),
        state=sa.case(
            (_Log.state == _State.RUNNING, _State.QUEUED.value),
            else_=_Log.state,
        ),
    )


def enqueue(session: orm.Session, logs: Iterable[Mapping[str, Any]]) -> None:
    """Insert logs made by :func:`new_log`."""
    for row in logs:
        session.execute(sa.insert(_Log).values(**row))
