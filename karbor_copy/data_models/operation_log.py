# SPDX-License-Identifier: Apache-2.0
"""An operation log: the row of one run of an operation, the unit of work."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy.data_models import status as statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationLog:
    """One row of ``operation_logs``.

    ``epoch`` rises with each claim and fences every later write; times of
    the lease are the database's, in milliseconds since the epoch.
    ``parameters`` are what the run needs and no other row holds;
    ``target_provider_id`` tells whose bank is worked in.
    """

    id: str
    project_id: str
    operation_type: statuses.OperationType
    checkpoint_id: str | None
    plan_id: str | None
    provider_id: str | None
    target_provider_id: str | None
    restore_id: str | None
    verification_id: str | None
    scheduled_operation_id: str | None
    status: statuses.OperationLogStatus
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    error_info: str | None
    extra_info: Mapping[str, Any] | None
    state: statuses.OperationState
    owner: str | None
    epoch: int
    lease_until: int | None
    due_at: int
    attempts: int
    progress: Mapping[str, Any]
    manifest_sha256: str | None
    parameters: Mapping[str, Any]
    request_id: str | None
