# SPDX-License-Identifier: Apache-2.0
"""A checkpoint as the catalogue and its bank tell of it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy.data_models import status as statuses

#: The only version of index.json there is; Karbor's.
INDEX_VERSION = "0.9"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFrom:
    """Where a copy comes from."""

    provider_id: str
    checkpoint_id: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON form that stands in extra_info and manifest."""
        return {
            "provider_id": self.provider_id,
            "checkpoint_id": self.checkpoint_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One row of the catalogue.

    ``resource_graph`` is Karbor's JSON text, ``extra_info`` the parsed
    object, ``timestamp`` seconds since the epoch, ``size`` bytes of data.
    """

    id: str
    project_id: str
    provider_id: str
    plan_id: str
    status: statuses.CheckpointStatus
    created_at: datetime.datetime
    timestamp: int
    protection_plan: Mapping[str, Any]
    resource_graph: str | None
    extra_info: Mapping[str, Any]
    copied_from: CopiedFrom | None
    resource_types: tuple[str, ...]
    committed_at: datetime.datetime | None
    size: int | None
