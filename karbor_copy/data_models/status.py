# SPDX-License-Identifier: Apache-2.0
"""Every status and type the service knows, and the allowed transitions."""

import enum
from collections.abc import Mapping
from typing import Final


class PlanStatus(enum.StrEnum):
    SUSPENDED = "suspended"
    STARTED = "started"


class CheckpointStatus(enum.StrEnum):
    PROTECTING = "protecting"
    WAIT_COPYING = "wait_copying"
    COPYING = "copying"
    AVAILABLE = "available"
    ERROR = "error"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR_DELETING = "error-deleting"


class CopyStatus(enum.StrEnum):
    """Of a copy request, a checkpoint copy and each resource in it."""

    WAIT_COPYING = "wait_copying"
    COPYING = "copying"
    FINISHED = "finished"
    ERROR = "error"
    CANCELLED = "cancelled"


CHECKPOINT_STATUS_WAIT_COPYING: Final = CopyStatus.WAIT_COPYING
CHECKPOINT_STATUS_COPYING: Final = CopyStatus.COPYING
CHECKPOINT_STATUS_COPY_FINISHED: Final = CopyStatus.FINISHED


class ResourceStatus(enum.StrEnum):
    """Of one resource in a checkpoint, a restore or a verification."""

    PROTECTING = "protecting"
    RESTORING = "restoring"
    VERIFYING = "verifying"
    AVAILABLE = "available"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


class RestoreStatus(enum.StrEnum):
    """Of a restore and of a verification."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAIL = "fail"


class OperationType(enum.StrEnum):
    PROTECT = "protect"
    COPY = "copy"
    RESTORE = "restore"
    VERIFY = "verify"
    DELETE = "delete"
    RESET = "reset"
    CLEANUP = "cleanup"
    SCRUB = "scrub"


#: Listed for administrators only.
INTERNAL_OPERATION_TYPES: Final = frozenset(
    {OperationType.RESET, OperationType.CLEANUP, OperationType.SCRUB}
)


class OperationState(enum.StrEnum):
    """Where an operation log is on its way; ``status`` is what users see."""

    QUEUED = "queued"
    RUNNING = "running"
    COMMITTING = "committing"
    SETTLED = "settled"


class OperationLogStatus(enum.StrEnum):
    """Karbor's, by operation type: see :data:`OPERATION_LOG_STATUSES`."""

    PROTECTING = "protecting"
    AVAILABLE = "available"
    WAIT_COPYING = "wait_copying"
    COPYING = "copying"
    IN_PROGRESS = "in_progress"
    DELETING = "deleting"
    DELETED = "deleted"
    SUCCESS = "success"
    FAIL = "fail"
    ERROR = "error"
    ERROR_DELETING = "error-deleting"
    CANCELLED = "cancelled"


_Log = OperationLogStatus

#: Operation type -> (while queued, while running, success, failure).
OPERATION_LOG_STATUSES: Final[
    Mapping[OperationType, tuple[_Log, _Log, _Log, _Log]]
] = {
    OperationType.PROTECT: (
        _Log.PROTECTING,
        _Log.PROTECTING,
        _Log.AVAILABLE,
        _Log.ERROR,
    ),
    OperationType.COPY: (
        _Log.WAIT_COPYING,
        _Log.COPYING,
        _Log.SUCCESS,
        _Log.ERROR,
    ),
    OperationType.RESTORE: (
        _Log.IN_PROGRESS,
        _Log.IN_PROGRESS,
        _Log.SUCCESS,
        _Log.FAIL,
    ),
    OperationType.VERIFY: (
        _Log.IN_PROGRESS,
        _Log.IN_PROGRESS,
        _Log.SUCCESS,
        _Log.FAIL,
    ),
    OperationType.DELETE: (
        _Log.DELETING,
        _Log.DELETING,
        _Log.DELETED,
        _Log.ERROR_DELETING,
    ),
    OperationType.RESET: (
        _Log.IN_PROGRESS,
        _Log.IN_PROGRESS,
        _Log.SUCCESS,
        _Log.FAIL,
    ),
    OperationType.CLEANUP: (
        _Log.IN_PROGRESS,
        _Log.IN_PROGRESS,
        _Log.SUCCESS,
        _Log.FAIL,
    ),
    OperationType.SCRUB: (
        _Log.IN_PROGRESS,
        _Log.IN_PROGRESS,
        _Log.SUCCESS,
        _Log.FAIL,
    ),
}


class ServiceStatus(enum.StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class ServiceState(enum.StrEnum):
    UP = "up"
    DOWN = "down"


_Checkpoint = CheckpointStatus
_Copy = CopyStatus
_State = OperationState

#: Status wanted -> the statuses it may follow; db/transitions.py enforces it
#: in the UPDATE itself. An administrator may reset to what a checkpoint is
#: already, to write it to the bank anew. A bank may tell that another service
#: has finished or deleted one, whatever it was here, or has it no more.
CHECKPOINT_TRANSITIONS: Final[
    Mapping[CheckpointStatus, frozenset[CheckpointStatus]]
] = {
    _Checkpoint.PROTECTING: frozenset(),
    _Checkpoint.WAIT_COPYING: frozenset(),
    _Checkpoint.COPYING: frozenset({_Checkpoint.WAIT_COPYING}),
    _Checkpoint.AVAILABLE: frozenset(
        {
            _Checkpoint.PROTECTING,
            _Checkpoint.WAIT_COPYING,
            _Checkpoint.COPYING,
            _Checkpoint.AVAILABLE,
            _Checkpoint.ERROR,
        }
    ),
    _Checkpoint.ERROR: frozenset(
        {
            _Checkpoint.PROTECTING,
            _Checkpoint.WAIT_COPYING,
            _Checkpoint.COPYING,
            _Checkpoint.AVAILABLE,
            _Checkpoint.ERROR,
            _Checkpoint.ERROR_DELETING,
        }
    ),
    _Checkpoint.DELETING: frozenset(
        {
            _Checkpoint.AVAILABLE,
            _Checkpoint.ERROR,
            _Checkpoint.ERROR_DELETING,
        }
    ),
    _Checkpoint.DELETED: frozenset(
        {
            _Checkpoint.PROTECTING,
            _Checkpoint.WAIT_COPYING,
            _Checkpoint.COPYING,
            _Checkpoint.AVAILABLE,
            _Checkpoint.ERROR,
            _Checkpoint.DELETING,
            _Checkpoint.ERROR_DELETING,
        }
    ),
    _Checkpoint.ERROR_DELETING: frozenset({_Checkpoint.DELETING}),
}

#: Of a checkpoint copy: finished, error and cancelled are terminal; each
#: attempt begins it again.
CHECKPOINT_COPY_TRANSITIONS: Final[
    Mapping[CopyStatus, frozenset[CopyStatus]]
] = {
    _Copy.WAIT_COPYING: frozenset(),
    _Copy.COPYING: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
    _Copy.FINISHED: frozenset({_Copy.COPYING}),
    _Copy.ERROR: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
    _Copy.CANCELLED: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
}

#: Of a copy request: a retry opens it again.
COPY_TRANSITIONS: Final[Mapping[CopyStatus, frozenset[CopyStatus]]] = {
    _Copy.WAIT_COPYING: frozenset({_Copy.ERROR, _Copy.CANCELLED}),
    _Copy.COPYING: frozenset({_Copy.WAIT_COPYING}),
    _Copy.FINISHED: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
    _Copy.ERROR: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
    _Copy.CANCELLED: frozenset({_Copy.WAIT_COPYING, _Copy.COPYING}),
}

#: Of a restore and of a verification.
RECORD_TRANSITIONS: Final[Mapping[RestoreStatus, frozenset[RestoreStatus]]] = {
    RestoreStatus.IN_PROGRESS: frozenset(),
    RestoreStatus.SUCCESS: frozenset({RestoreStatus.IN_PROGRESS}),
    RestoreStatus.FAIL: frozenset({RestoreStatus.IN_PROGRESS}),
}

#: Of an operation log: a drain hands a running one back to the queue.
OPERATION_TRANSITIONS: Final[
    Mapping[OperationState, frozenset[OperationState]]
] = {
    _State.QUEUED: frozenset({_State.RUNNING}),
    _State.RUNNING: frozenset({_State.QUEUED, _State.RUNNING}),
    _State.COMMITTING: frozenset({_State.RUNNING}),
    _State.SETTLED: frozenset(
        {_State.QUEUED, _State.RUNNING, _State.COMMITTING}
    ),
}

OPEN_COPY_STATUSES: Final = frozenset({_Copy.WAIT_COPYING, _Copy.COPYING})
OPEN_STATES: Final = frozenset(
    {_State.QUEUED, _State.RUNNING, _State.COMMITTING}
)
#: From which an administrator may reset.
RESETTABLE_STATUSES: Final = frozenset(
    {
        _Checkpoint.AVAILABLE,
        _Checkpoint.ERROR,
        _Checkpoint.COPYING,
        _Checkpoint.WAIT_COPYING,
    }
)


def settle_copy(members: Mapping[CopyStatus, int]) -> CopyStatus:
    """Return the status of a copy request from its members' counts.

    Open while any member is; then error before cancelled before finished.
    """
    if members.get(CopyStatus.COPYING):
        return CopyStatus.COPYING
    if members.get(CopyStatus.WAIT_COPYING):
        settled = sum(members.values()) - members[CopyStatus.WAIT_COPYING]
        return CopyStatus.COPYING if settled else CopyStatus.WAIT_COPYING
    for status in (CopyStatus.ERROR, CopyStatus.CANCELLED):
        if members.get(status):
            return status
    return CopyStatus.FINISHED
