# SPDX-License-Identifier: Apache-2.0
"""How an operation ends: all rows it concerns, in one transaction.

Everything here is fenced by the epoch of the claim: where the lease was
lost, nothing is changed and the answer is False. What a failed or cancelled
operation left in a bank is queued for clean-up in the same transaction.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents

_Type = status.OperationType
_Checkpoint = status.CheckpointStatus

#: Seconds after which what a late writer may have written is swept again,
#: beside one lease: an hour and a day.
_LATE = (3600.0, 86400.0)

#: What the user may see of an error.
_MAX_ERROR = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an operation ended.

    ``size`` is the bytes of data that a protect or a copy has committed;
    ``progress`` the last figures; ``lease`` the length of a lease in
    seconds, for the sweep against late writers.
    """

    result: status.CopyStatus
    error_info: str | None = None
    size: int | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    lease: float = 0.0


SUCCESS = status.CopyStatus.FINISHED
FAILURE = status.CopyStatus.ERROR
CANCELLED = status.CopyStatus.CANCELLED


@engine.writer
def settle(
    session: orm.Session,
    log: operation_log.OperationLog,
    outcome: Outcome,
) -> bool:
    """End an operation; all that waits for it learns of it here."""
    if log.operation_type is _Type.COPY:
        parents.lock(session, [log.id])
    statuses = status.OPERATION_LOG_STATUSES[log.operation_type]
    shown = statuses[2] if outcome.result is SUCCESS else statuses[3]
    if outcome.result is CANCELLED:
        shown = status.OperationLogStatus.CANCELLED
    error_info = outcome.error_info and outcome.error_info[:_MAX_ERROR]
    if not operation_logs.hold(
        session,
        log.id,
        log.epoch,
        state=status.OperationState.SETTLED,
        status=shown,
        owner=None,
        lease_until=None,
        error_info=error_info,
        ended_at=operation_logs.utcnow(),
        progress=dict(outcome.progress),
    ):
        return False
    _SETTLERS[log.operation_type](session, log, outcome)
    if log.operation_type is _Type.COPY:
        # A request may have adopted it since the lock above.
        parents.settle(session, parents.lock(session, [log.id]))
    operation_logs.enqueue(session, _sweeps(log, outcome))
    return True


def _settle_copy(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    row = session.get_one(models.CheckpointCopy, log.id)
    row.status = outcome.result
    row.error_info = outcome.error_info
    row.ended_at = operation_logs.utcnow()
    if outcome.result is not SUCCESS:
        row.copy_slot = None
    operation_logs.store_progress(session, log.id, outcome.progress)
    target = session.get(models.Checkpoint, row.checkpoint_copy_id)
    if target is None:
        return
    target.extra_info = {**target.extra_info, "copy_status": outcome.result}
    _settle_data(target, outcome)


def _settle_protect(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    _settle_data(
        session.get_one(models.Checkpoint, log.checkpoint_id), outcome
    )


def _settle_data(row: models.Checkpoint, outcome: Outcome) -> None:
    row.updated_at = operation_logs.utcnow()
    if outcome.result is SUCCESS:
        row.status = _Checkpoint.AVAILABLE
        row.committed_at = operation_logs.utcnow()
        row.size = outcome.size
    else:
        row.status = _Checkpoint.ERROR


def _settle_delete(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    row = session.get_one(models.Checkpoint, log.checkpoint_id)
    row.updated_at = operation_logs.utcnow()
    if outcome.result is not SUCCESS:
        row.status = _Checkpoint.ERROR_DELETING
        return
    row.status = _Checkpoint.DELETED


def _settle_record(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    model: type[models.Restore | models.Verification] = models.Restore
    record_id = log.restore_id
    if log.operation_type is _Type.VERIFY:
        model, record_id = models.Verification, log.verification_id
    ended = (
        status.RestoreStatus.SUCCESS
        if outcome.result is SUCCESS
        else status.RestoreStatus.FAIL
    )
    session.execute(
        sa.update(model)
        .where(model.id == record_id)
        .values(status=ended, updated_at=operation_logs.utcnow())
    )


def _settle_nothing(
    _session: orm.Session, _log: operation_log.OperationLog, _out: Outcome
) -> None:
    """A reset and a clean-up concern no row but their own."""


_SETTLERS = {
    _Type.COPY: _settle_copy,
    _Type.PROTECT: _settle_protect,
    _Type.DELETE: _settle_delete,
    _Type.RESTORE: _settle_record,
    _Type.VERIFY: _settle_record,
    _Type.RESET: _settle_nothing,
    _Type.CLEANUP: _settle_nothing,
}


def _sweeps(
    log: operation_log.OperationLog, outcome: Outcome
) -> Iterator[dict[str, Any]]:
    """Yield the clean-up that an ended operation leaves to be done.

    After a failure all data under the dead id, at once and again later. A
    protect or copy that took several attempts leaves what the earlier ones
    wrote and the manifest does not list; a delete what a late writer adds.
    """
    failed = outcome.result is not SUCCESS
    match log.operation_type:
        case _Type.PROTECT | _Type.COPY if failed:
            delays: tuple[float, ...] = (0.0, outcome.lease, *_LATE)
        case _Type.PROTECT | _Type.COPY if log.attempts > 1:
            delays = (0.0, outcome.lease)
        case _Type.DELETE if not failed:
            delays = (outcome.lease, *_LATE)
        case _:
            return
    for delay in delays:
        yield operation_logs.new_log(
            _Type.CLEANUP,
            project_id=log.project_id,
            checkpoint_id=log.checkpoint_id,
            plan_id=log.plan_id,
            provider_id=None,
            due_at=functions.now_ms() + int(delay * 1000),
            request_id=log.request_id,
        )
