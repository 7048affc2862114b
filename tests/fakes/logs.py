# SPDX-License-Identifier: Apache-2.0
"""Operation logs as a claim returns them."""

from typing import Any

from karbor_copy.data_models import operation_log as model
from karbor_copy.data_models import status


def operation_log(**changes: Any) -> model.OperationLog:
    """Return a running copy, with these fields changed."""
    fields: dict[str, Any] = {
        "id": "8a3f1c52-6d57-4b0c-9b1e-0d7e4f2a9c11",
        "project_id": "demo",
        "operation_type": status.OperationType.COPY,
        "checkpoint_id": "6f0b9a52-63b5-4b39-a7a0-4a8ff2a4a4d0",
        "plan_id": "3523a271-68aa-42f5-b9ba-56e5200a2ebb",
        "provider_id": "cf56bd3e-97a7-4078-b6d5-f36246333fd9",
        "target_provider_id": "5d6a1b4e-7e5b-4f0e-9d6c-0b8f4a1c2d3e",
        "restore_id": None,
        "verification_id": None,
        "scheduled_operation_id": None,
        "status": status.OperationLogStatus.COPYING,
        "started_at": None,
        "ended_at": None,
        "error_info": None,
        "extra_info": None,
        "state": status.OperationState.RUNNING,
        "owner": "worker",
        "epoch": 1,
        "lease_until": None,
        "due_at": 0,
        "attempts": 1,
        "progress": {},
        "manifest_sha256": None,
        "parameters": {},
        "request_id": None,
    }
    return model.OperationLog(**(fields | changes))
