# SPDX-License-Identifier: Apache-2.0
"""What a restore and a verification ask alike: use this checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal

from karbor_copy.api import call
from karbor_copy.api import ids
from karbor_copy.api.v1 import parameters
from karbor_copy.data_models import plan as plan_model
from karbor_copy.db import checkpoints
from karbor_copy.providers import registry as provider_registry


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointUse:
    """A checkpoint of the caller's, and what to mind in its use."""

    provider_id: str
    checkpoint_id: str
    parameters: plan_model.Parameters


def read(
    this: call.Call,
    registry: provider_registry.Registry,
    body: Mapping[str, Any],
    operation: Literal["restore", "verify"],
) -> CheckpointUse:
    """Return what the body asks for, checked.

    :raises NotFound: no such provider, or no such checkpoint of the caller.
    :raises Invalid: a parameter, or the provider lacks the operation.
    """
    provider = registry.get(ids.canonical(body["provider_id"]))
    checkpoint = checkpoints.get(
        this.project_id, provider.id, ids.canonical(body["checkpoint_id"])
    )
    given = parameters.without_nulls(body.get("parameters", {}))
    provider.check_parameters(operation, given)
    parameters.check_supported(provider, operation, checkpoint.resource_types)
    return CheckpointUse(
        provider_id=provider.id,
        checkpoint_id=checkpoint.id,
        parameters=given,
    )
