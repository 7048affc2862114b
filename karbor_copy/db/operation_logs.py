# SPDX-License-Identifier: Apache-2.0
"""Operation logs under their lease: renewed, committed, handed back.

Every write repeats the epoch that the claim gave, so that a worker which
lost its lease without knowing it changes nothing. All times are the
database's.
"""

import uuid
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import progress as progress_rows
from karbor_copy.db import reasons
from karbor_copy.db import transitions

_Child = models.CheckpointCopy
_Log = models.OperationLog
_State = status.OperationState
_FIELDS = tuple(operation_log.OperationLog.__dataclass_fields__)

_CANCEL_REQUESTED: Final = sa.select(_Child.cancel_requested).where(
    _Child.id == sa.bindparam("id")
)

_LOCK_FREE: Final = (
    sa.select(_Child.id)
    .where(_Child.id == sa.bindparam("id"))
    .with_for_update(skip_locked=True)
)

#: Of a type that this version knows: while another one runs beside it, or
#: has run before, there may be others. As literals, see transitions.
KNOWN: Final = _Log.operation_type.in_(
    [sa.literal(item.value) for item in status.OperationType]
)

#: When it is the turn of what is handed back: among all that are queued, or
#: since now.
_AT_ONCE: Final = sa.case(
    (_Log.state == _State.COMMITTING, functions.now_ms()), else_=0
)

#: What holds for all that are queued.
QUEUED: Final[Mapping[str, str | int]] = {
    "state": _State.QUEUED.value,
    "epoch": 0,
    "due_at": 0,
    "attempts": 0,
}


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
        **QUEUED,
        "id": str(uuid.uuid4()),
        "project_id": project_id,
        "target_provider_id": columns.get("provider_id"),
        "operation_type": operation_type,
        "status": queued,
        "progress": {},
        "parameters": dict(parameters or {}),
        "created_at": now,
        "started_at": now,
    } | columns


def or_stays(wanted: status.OperationState) -> sa.ColumnElement[str]:
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
) -> None:
    """Change a log that is still held under this epoch.

    :raises LeaseLost: it is another worker's by now, or has ended.
    """
    held = session.execute(
        sa.update(models.table(_Log))
        .where(
            _Log.id == log_id,
            _Log.epoch == epoch,
            _Log.state != _State.SETTLED,
        )
        .values(updated_at=functions.utcnow(), **columns)
    )
    if held.rowcount != 1:  # type: ignore[attr-defined]
        raise exceptions.LeaseLost(operation_log_id=log_id)


def cancel_requested(session: orm.Session, log_id: str) -> bool:
    """Tell whether a cancel was asked for; only a copy has one."""
    return bool(session.scalar(_CANCEL_REQUESTED, {"id": log_id}))


def heartbeat(
    log_id: str, epoch: int, lease: float, progress: Mapping[str, Any]
) -> bool:
    """Renew a lease and store the progress.

    Tell whether there is a checkpoint copy that shows it now: where another
    transaction has it locked, such as a large cancel, the lease matters more.

    :raises LeaseLost: it is another worker's by now; nothing was stored.
    :raises OperationCancelled: it has to stop; the lease was renewed, so
        that there is time to.
    """
    cancelled, shown = _renew(log_id, epoch, lease, progress)
    if cancelled:
        raise exceptions.OperationCancelled
    return shown


@engine.writer
def _renew(
    session: orm.Session,
    log_id: str,
    epoch: int,
    lease: float,
    progress: Mapping[str, Any],
) -> tuple[bool, bool]:
    """Store what a heartbeat tells.

    Tell whether a cancel was asked for, and whether the checkpoint copy shows
    the progress. It comes before the log, as wherever both are locked.
    """
    free = session.scalar(_LOCK_FREE, {"id": log_id}) is not None
    shown = free and progress_rows.store(session, log_id, progress)
    hold(
        session,
        log_id,
        epoch,
        lease_until=functions.now_ms() + int(lease * 1000),
        progress=progress_rows.counters(progress),
    )
    return cancel_requested(session, log_id), shown


@engine.writer
def mark_committing(
    session: orm.Session,
    log: operation_log.OperationLog,
    manifest_sha256: str,
    progress: Mapping[str, Any],
) -> None:
    """Pass the point of no return.

    The progress is final here, and whoever rolls forward can't count again.
    The row of a checkpoint copy is locked first, so that a cancel either
    comes before and wins, or after and is refused.

    :raises LeaseLost: it is another worker's by now.
    :raises OperationCancelled: a cancel was asked for.
    """
    if (
        log.operation_type is status.OperationType.COPY
        and not progress_rows.store(
            session, log.id, progress, _Child.cancel_requested.is_(sa.false())
        )
    ):
        raise exceptions.OperationCancelled
    if not transitions.move(
        session,
        _Log,
        _State.COMMITTING,
        _Log.id == log.id,
        _Log.epoch == log.epoch,
        manifest_sha256=manifest_sha256,
        progress=progress_rows.counters(progress),
    ):
        raise exceptions.LeaseLost(operation_log_id=log.id)


@engine.writer
def hand_back(
    session: orm.Session,
    log_id: str,
    epoch: int,
    delay: float = 0.0,
    reason: str | None = None,
) -> None:
    """Give up the lease so that another worker can go on.

    It takes its project's turn at once, or waits so many seconds for it, and
    shows why if there is a reason; the attempt does not count.

    :raises LeaseLost: it is another worker's already.
    """
    due_at = functions.now_ms() + int(delay * 1000) if delay else _AT_ONCE
    shown = {} if reason is None else {"error_info": reasons.storable(reason)}
    attempts = _Log.attempts - 1
    _release(session, log_id, epoch, due_at=due_at, attempts=attempts, **shown)


@engine.writer
def put_off(
    session: orm.Session, log_id: str, epoch: int, delay: float, reason: str
) -> None:
    """Let it be tried again after so many seconds, and show why.

    :raises LeaseLost: it is another worker's already.
    """
    due_at = functions.now_ms() + int(delay * 1000)
    _release(
        session,
        log_id,
        epoch,
        due_at=due_at,
        error_info=reasons.storable(reason),
    )


def _release(
    session: orm.Session,
    log_id: str,
    epoch: int,
    **columns: Any,
) -> None:
    """Give up the lease; a committing log stays committing.

    The epoch ends here, or a heartbeat that is late would renew the lease.
    """
    hold(
        session,
        log_id,
        epoch,
        owner=None,
        epoch=epoch + 1,
        lease_until=None,
        state=or_stays(_State.QUEUED),
        **columns,
    )


def enqueue(session: orm.Session, logs: Iterable[Mapping[str, Any]]) -> None:
    """Insert logs made by :func:`new_log`."""
    for row in logs:
        session.execute(sa.insert(_Log).values(**row))
