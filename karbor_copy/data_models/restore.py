# SPDX-License-Identifier: Apache-2.0
"""A restore and a verification: Karbor's two records of using a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass

from karbor_copy.data_models import plan
from karbor_copy.data_models import status as statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """``resources_status`` and ``resources_reason`` are by ``type#id``."""

    id: str
    project_id: str
    provider_id: str
    checkpoint_id: str
    parameters: plan.Parameters
    status: statuses.RestoreStatus
    resources_status: Mapping[str, str]
    resources_reason: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Verification):
    restore_target: str | None
