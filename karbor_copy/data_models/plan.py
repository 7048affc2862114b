# SPDX-License-Identifier: Apache-2.0
"""A plan: what a user protects, where, and how."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy.data_models import resource
from karbor_copy.data_models import status as statuses
from karbor_copy.data_models import strict_json

#: type or type#id -> property -> value, as users write it.
Parameters = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    id: str
    project_id: str
    provider_id: str
    name: str
    description: str | None
    status: statuses.PlanStatus
    resources: tuple[resource.Resource, ...]
    parameters: Parameters

    def protection_plan(self) -> dict[str, Any]:
        """Return what a checkpoint remembers of the plan, as Karbor does.

        ``extra_info`` of a resource is JSON text or null there.
        """
        return {
            "id": self.id,
            "name": self.name,
            "provider_id": self.provider_id,
            "resources": [
                {
                    "id": item.id,
                    "name": item.name,
                    "type": item.type,
                    "extra_info": (
                        None
                        if item.extra_info is None
                        else json.dumps(dict(item.extra_info))
                    ),
                }
                for item in self.resources
            ],
        }


def resources_of(
    protection_plan: Mapping[str, Any],
) -> tuple[resource.Resource, ...]:
    """Return the resources that a checkpoint remembers of its plan.

    :raises KeyError, TypeError, ValueError: it is not as Karbor writes it.
    """
    return tuple(
        _resource_of(item) for item in protection_plan.get("resources") or ()
    )


def _resource_of(item: Mapping[str, Any]) -> resource.Resource:
    extra_info = item.get("extra_info")
    if isinstance(extra_info, str):
        extra_info = strict_json.loads(extra_info)
    return resource.Resource(
        str(item["type"]), str(item["id"]), item.get("name") or "", extra_info
    )
