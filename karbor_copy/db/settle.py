# SPDX-License-Identifier: Apache-2.0
"""How an operation ends: all rows it concerns, in one transaction.

Everything here is fenced by the epoch of the claim: where the lease was
lost, nothing is changed and LeaseLost is raised. What a failed or cancelled
operation left in a bank is queued for clean-up in the same transaction.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final
from typing import TypeVar

import sqlalchemy as sa
from oslo_log import log as logging
from sqlalchemy import orm

from karbor_copy import exceptions
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import engine
from karbor_copy.db import functions
from karbor_copy.db import models
from karbor_copy.db import operation_logs
from karbor_copy.db import parents
from karbor_copy.db import progress
from karbor_copy.db import reasons
from karbor_copy.db import transitions

LOG = logging.getLogger(__name__)

_Model = TypeVar(
    "_Model",
    models.OperationLog,
    models.CheckpointCopy,
    models.Checkpoint,
    models.Restore,
    models.Verification,
)
_Type = status.OperationType
_Checkpoint = status.CheckpointStatus

_EXTRA_INFO: Final = sa.select(models.Checkpoint.extra_info).where(
    models.Checkpoint.id == sa.bindparam("id")
)

#: Seconds after which what a late writer may have written is swept again,
#: beside one lease: an hour and a day.
_LATE = (3600.0, 86400.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an operation ended.

    ``size`` is the bytes of data that a protect or a copy has committed;
    ``progress`` the last figures.
    """

    result: status.CopyStatus
    error_info: str | None = None
    size: int | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str | None:
        """Return the error as it is stored."""
        return reasons.storable(self.error_info)


SUCCESS = status.CopyStatus.FINISHED
FAILURE = status.CopyStatus.ERROR
CANCELLED = status.CopyStatus.CANCELLED


@engine.writer
def settle(
    session: orm.Session,
    log: operation_log.OperationLog,
    outcome: Outcome,
    lease: float,
) -> parents.Ended:
    """End an operation; all that waits for it learns of it here.

    ``lease`` is the length of one in seconds, after which the first sweep
    against late writers is due. Return the copy requests that end with it.

    :raises LeaseLost: it is another worker's by now, or has ended.
    :raises OperationCancelled: it is to end as a failure, but a cancel was
        asked for, and that is how it has to end.
    """
    ended: parents.Ended = {}
    if log.operation_type is _Type.COPY:
        waiting = parents.lock(session, log.id)
        if outcome.result is FAILURE and operation_logs.cancel_requested(
            session, log.id
        ):
            raise exceptions.OperationCancelled
        _end_copy(session, log, outcome)
        _settle_log(session, log, outcome)
        ended = parents.member_ended(session, log.id, waiting)
    else:
        _settle_log(session, log, outcome)
    _SETTLERS[log.operation_type](session, log, outcome)
    operation_logs.enqueue(session, _sweeps(log, outcome, lease))
    return ended


def _settle_log(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    model = models.OperationLog
    statuses = status.OPERATION_LOG_STATUSES[log.operation_type]
    shown = statuses[2] if outcome.result is SUCCESS else statuses[3]
    if outcome.result is CANCELLED:
        shown = status.OperationLogStatus.CANCELLED
    if not transitions.move(
        session,
        model,
        status.OperationState.SETTLED,
        model.id == log.id,
        model.epoch == log.epoch,
        status=shown,
        owner=None,
        lease_until=None,
        error_info=outcome.reason,
        ended_at=functions.utcnow(),
        progress=progress.counters(outcome.progress),
    ):
        raise exceptions.LeaseLost(operation_log_id=log.id)


def _move(
    session: orm.Session,
    model: type[_Model],
    row_id: str | None,
    wanted: str,
    /,
    **columns: Any,
) -> None:
    """Change one row; say so where its status does not let it."""
    if not transitions.move(
        session, model, wanted, model.id == row_id, **columns
    ):
        LOG.warning("%s %s is not %s now", model.__tablename__, row_id, wanted)


def _end_copy(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    columns = progress.columns(outcome.progress)
    if outcome.result is not SUCCESS:
        columns["copy_slot"] = None
    _move(
        session,
        models.CheckpointCopy,
        log.id,
        outcome.result,
        error_info=outcome.reason,
        ended_at=functions.utcnow(),
        **columns,
    )


def _settle_copy(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    extra_info = session.scalar(_EXTRA_INFO, {"id": log.checkpoint_id})
    if extra_info is not None:
        shown = {**extra_info, "copy_status": outcome.result}
        _settle_data(session, log, outcome, extra_info=shown)


def _settle_data(
    session: orm.Session,
    log: operation_log.OperationLog,
    outcome: Outcome,
    **columns: Any,
) -> None:
    wanted = _Checkpoint.ERROR
    if outcome.result is SUCCESS:
        wanted = _Checkpoint.AVAILABLE
        columns["committed_at"] = functions.utcnow()
        columns["size"] = outcome.size
    _move(session, models.Checkpoint, log.checkpoint_id, wanted, **columns)


def _settle_delete(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    wanted = (
        _Checkpoint.DELETED
        if outcome.result is SUCCESS
        else _Checkpoint.ERROR_DELETING
    )
    _move(session, models.Checkpoint, log.checkpoint_id, wanted)


def _settle_record(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    ended = (
        status.RestoreStatus.SUCCESS
        if outcome.result is SUCCESS
        else status.RestoreStatus.FAIL
    )
    if log.operation_type is _Type.VERIFY:
        _move(session, models.Verification, log.verification_id, ended)
    else:
        _move(session, models.Restore, log.restore_id, ended)


def _settle_reset(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    """A reset to ``available`` that its bank does not bear out is none."""
    row = models.Checkpoint
    if outcome.result is not SUCCESS and transitions.move(
        session,
        row,
        _Checkpoint.ERROR,
        row.id == log.checkpoint_id,
        row.status == _Checkpoint.AVAILABLE,
    ):
        checkpoint_copies.free_slot(session, str(log.checkpoint_id))


def _settle_scrub(
    session: orm.Session, log: operation_log.OperationLog, outcome: Outcome
) -> None:
    """What was repaired is available again; it was ``error`` meanwhile."""
    if outcome.result is SUCCESS:
        wanted = _Checkpoint.AVAILABLE
        _move(session, models.Checkpoint, log.checkpoint_id, wanted)
    else:
        checkpoint_copies.free_slot(session, str(log.checkpoint_id))


def _settle_nothing(
    _session: orm.Session, _log: operation_log.OperationLog, _out: Outcome
) -> None:
    """A clean-up concerns no row but its own."""


_SETTLERS = {
    _Type.COPY: _settle_copy,
    _Type.PROTECT: _settle_data,
    _Type.DELETE: _settle_delete,
    _Type.RESTORE: _settle_record,
    _Type.VERIFY: _settle_record,
    _Type.RESET: _settle_reset,
    _Type.CLEANUP: _settle_nothing,
    _Type.SCRUB: _settle_scrub,
}


def _sweeps(
    log: operation_log.OperationLog, outcome: Outcome, lease: float
) -> Iterator[dict[str, Any]]:
    """Yield the clean-up that an ended operation leaves to be done.

    After a failure all data under the dead id, at once and again later. A
    protect or copy that took several attempts leaves what the earlier ones
    wrote, or still write, and the manifest does not list; a delete what a
    late writer adds.
    """
    failed = outcome.result is not SUCCESS
    late = (lease, *_LATE)
    match log.operation_type:
        case _Type.PROTECT | _Type.COPY if failed or log.epoch > 1:
            delays: tuple[float, ...] = (0.0, *late)
        case _Type.DELETE if not failed:
            delays = late
        case _:
            return
    for delay in delays:
        yield operation_logs.new_log(
            _Type.CLEANUP,
            project_id=log.project_id,
            checkpoint_id=log.checkpoint_id,
            plan_id=log.plan_id,
            provider_id=None,
            target_provider_id=log.target_provider_id,
            due_at=functions.now_ms() + int(delay * 1000),
            request_id=log.request_id,
        )
