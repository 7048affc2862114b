# SPDX-License-Identifier: Apache-2.0
"""Request bodies of plans."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

CREATE = common.obj(
    {
        "plan": common.obj(
            {
                "name": common.NAME,
                "description": common.DESCRIPTION,
                "provider_id": common.UUID,
                "parameters": common.PARAMETERS,
                "resources": common.RESOURCES,
            },
            required=("name", "provider_id", "parameters", "resources"),
        )
    },
    required=("plan",),
)

UPDATE = common.obj(
    {
        "plan": common.obj(
            {
                "name": common.NAME,
                "description": common.DESCRIPTION,
                "resources": common.RESOURCES,
                "status": {"enum": [item.value for item in status.PlanStatus]},
            }
        )
    },
    required=("plan",),
)
