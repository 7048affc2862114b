# SPDX-License-Identifier: Apache-2.0
"""What is told, of copy requests and of checkpoints, in Karbor's form.

``start`` tells that a request was accepted, ``end`` or ``error`` how its work
has come out. Ids, status and sizes only: no parameters, no names.
"""

import functools
from collections.abc import Mapping
from typing import Any
from typing import Final

from karbor_copy.data_models import copy_request
from karbor_copy.data_models import operation_log
from karbor_copy.data_models import status
from karbor_copy.db import copy_totals
from karbor_copy.rpc import notifier

_Type = status.OperationType

#: Karbor's names.
_CHECKPOINT_EVENTS: Final[Mapping[_Type, str]] = {
    _Type.PROTECT: "checkpoint_create",
    _Type.DELETE: "checkpoint_delete",
    _Type.RESET: "checkpoint_update",
}


def copy_started(copy: copy_request.Copy, request_id: str | None) -> None:
    """Tell that a copy, or a retry of one, was accepted."""
    notifier.send("karbor.copy.start", lambda: _copy(copy, request_id))


def copy_ended(
    copy_id: str, result: status.CopyStatus, request_id: str | None
) -> None:
    """Tell that nothing is left to do for a copy."""
    notifier.send(
        f"karbor.copy.{_phase(result)}",
        functools.partial(_ended_copy, copy_id, request_id),
    )


def _phase(result: status.CopyStatus) -> str:
    return "error" if result is status.CopyStatus.ERROR else "end"


def _ended_copy(copy_id: str, request_id: str | None) -> notifier.Payload:
    copy, totals = copy_totals.read(copy_id)
    payload: dict[str, Any] = {**_copy(copy, request_id), **totals}
    if failed := copy.counts.get(status.CopyStatus.ERROR):
        payload["message"] = f"{failed} checkpoint copies have failed."
    return payload


def _copy(copy: copy_request.Copy, request_id: str | None) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "tenant_id": copy.project_id,
        "id": copy.id,
        "plan_id": copy.plan_id,
        "provider_id": copy.provider_id,
        "target_provider_id": copy.target_provider_id,
        "status": copy.status,
        "checkpoint_copies": dict(copy.counts),
    }


def checkpoint_started(
    operation_type: status.OperationType,
    *,
    project_id: str,
    provider_id: str,
    checkpoint_id: str,
    request_id: str | None,
) -> None:
    """Tell that a protect, delete or reset was accepted."""
    shown = status.OPERATION_LOG_STATUSES[operation_type][0]
    notifier.send(
        f"karbor.{_CHECKPOINT_EVENTS[operation_type]}.start",
        lambda: {
            "request_id": request_id,
            "tenant_id": project_id,
            "checkpoint_id": checkpoint_id,
            "provider_id": provider_id,
            "status": shown,
        },
    )


def operation_ended(
    log: operation_log.OperationLog,
    result: status.CopyStatus,
    *,
    size: int | None,
    reason: str | None,
) -> None:
    """Tell how a protect, delete or reset came out; of others nothing.

    ``size`` is the bytes of data that a protect has committed.
    """
    event = _CHECKPOINT_EVENTS.get(log.operation_type)
    if event is None:
        return
    statuses = status.OPERATION_LOG_STATUSES[log.operation_type]
    payload: dict[str, Any] = {
        "request_id": log.request_id,
        "tenant_id": log.project_id,
        "checkpoint_id": log.checkpoint_id,
        "plan_id": log.plan_id,
        "provider_id": log.provider_id,
    }
    if result is status.CopyStatus.ERROR:
        payload |= {"status": statuses[3], "message": reason}
    else:
        payload |= {"status": statuses[2], "size": size}
    notifier.send(f"karbor.{event}.{_phase(result)}", lambda: payload)
