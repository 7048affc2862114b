# SPDX-License-Identifier: Apache-2.0
"""A copy request, and each checkpoint copy that it waits for."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy.data_models import plan
from karbor_copy.data_models import status as statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequest:
    """What a user asked for, checked and with its defaults filled in."""

    project_id: str
    provider_id: str
    target_provider_id: str
    plan_id: str
    parameters: plan.Parameters
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One row of ``copies``; ``counts`` are its members by status."""

    id: str
    project_id: str
    provider_id: str
    target_provider_id: str
    plan_id: str
    parameters: plan.Parameters
    status: statuses.CopyStatus
    created_at: datetime.datetime
    updated_at: datetime.datetime | None
    counts: Mapping[statuses.CopyStatus, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointCopy:
    """One checkpoint's copy to one target provider.

    Its id is also its operation log's, where it has one: a copy that was
    found in a bank has none, nor a request (``copy_id`` is None).
    ``checkpoint_id`` is the source, ``checkpoint_copy_id`` the target.
    """

    id: str
    copy_id: str | None
    project_id: str
    plan_id: str
    provider_id: str
    target_provider_id: str
    checkpoint_id: str
    checkpoint_copy_id: str
    status: statuses.CopyStatus
    cancel_requested: bool
    attempts: int
    bytes_total: int
    bytes_copied: int
    bytes_skipped: int
    bytes_reused: int
    objects_total: int
    objects_copied: int
    resources: Mapping[str, Mapping[str, Any]]
    error_info: str | None
    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
