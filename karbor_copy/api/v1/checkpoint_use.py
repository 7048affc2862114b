# SPDX-License-Identifier: Apache-2.0
"""What a restore and a verification ask alike: use this checkpoint."""

import uuid
from collections.abc import Mapping
from typing import Any
from typing import Literal

from karbor_copy.api import call
from karbor_copy.api import query
from karbor_copy.api.v1 import parameters
from karbor_copy.data_models import ids
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import status
from karbor_copy.db import checkpoints
from karbor_copy.providers import registry as provider_registry

LISTING = query.Listing(filters=("status", "provider_id", "checkpoint_id"))


def read(
    this: call.Call,
    registry: provider_registry.Registry,
    body: Mapping[str, Any],
    operation: Literal["restore", "verify"],
) -> restore_model.Verification:
    """Return what the body asks for, checked and about to begin.

    :raises NotFound: no such provider, or no such checkpoint of the caller.
    :raises Invalid: a parameter, or the provider lacks the operation.
    """
    provider = registry.get(ids.canonical(body["provider_id"]))
    checkpoint = checkpoints.get(
        this.project_id, provider.id, ids.canonical(body["checkpoint_id"])
    )
    given = parameters.read(body, provider, operation)
    parameters.check_supported(provider, operation, checkpoint.resource_types)
    return restore_model.Verification(
        id=str(uuid.uuid4()),
        project_id=this.project_id,
        provider_id=provider.id,
        checkpoint_id=checkpoint.id,
        parameters=given,
        status=status.RestoreStatus.IN_PROGRESS,
        resources_status={},
        resources_reason={},
    )
