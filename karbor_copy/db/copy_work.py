# SPDX-License-Identifier: Apache-2.0
"""The operation logs of the checkpoint copies that a request has made."""

from typing import Any
from typing import Final

import sqlalchemy as sa

from karbor_copy.data_models import copy_request
from karbor_copy.data_models import status
from karbor_copy.db import checkpoint_copies
from karbor_copy.db import functions
from karbor_copy.db import insertions
from karbor_copy.db import models
from karbor_copy.db import operation_logs

_Child = models.CheckpointCopy
_Log = models.OperationLog

_TYPE: Final = status.OperationType.COPY
_QUEUED: Final = {
    **operation_logs.QUEUED,
    "operation_type": _TYPE.value,
    "status": status.OPERATION_LOG_STATUSES[_TYPE][0].value,
    "progress": "{}",
}
_VALUES: Final = {
    **{key: functions.constant(_QUEUED[key]) for key in _QUEUED},
    "id": _Child.id,
    "project_id": _Child.project_id,
    "plan_id": _Child.plan_id,
    "provider_id": _Child.provider_id,
    "target_provider_id": _Child.target_provider_id,
    "checkpoint_id": _Child.checkpoint_copy_id,
    "parameters": checkpoint_copies.bound(_Log.parameters),
    "request_id": checkpoint_copies.bound(_Log.request_id),
    "created_at": _Child.created_at,
    "started_at": _Child.created_at,
}
_WAITING: Final = (
    _Child.copy_id == checkpoint_copies.bound(_Child.copy_id),
    _Child.status == functions.constant(status.CopyStatus.WAIT_COPYING.value),
)
_INSERT: Final = insertions.from_select(_Log, _VALUES, *_WAITING)
_INSERT_MISSING: Final = insertions.from_select(
    _Log,
    _VALUES,
    *_WAITING,
    ~sa.select(_Log.id).where(_Log.id == _Child.id).exists(),
)


def of_new(
    copy: copy_request.Copy, request_id: str | None
) -> insertions.Insertion:
    """Return what gives a log to all that a new request has made.

    It does not ask who has one: a PostgreSQL that knows of few logs would
    read them all for each.
    """
    return insertions.Insertion(_INSERT, _parameters(copy, request_id))


def of_retried(
    copy: copy_request.Copy, request_id: str | None
) -> insertions.Insertion:
    """Return what gives a log to all that a retry has newly made."""
    return insertions.Insertion(_INSERT_MISSING, _parameters(copy, request_id))


def _parameters(
    copy: copy_request.Copy, request_id: str | None
) -> dict[str, Any]:
    return {
        "copy_id": copy.id,
        "parameters": copy.parameters,
        "request_id": request_id,
    }
