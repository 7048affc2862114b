# SPDX-License-Identifier: Apache-2.0
"""Request bodies of checkpoints."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

CREATE = common.obj(
    {
        "checkpoint": common.obj(
            {
                "plan_id": common.UUID,
                # Karbor's clients write it with a hyphen.
                "extra-info": common.METADATA,
                "extra_info": common.METADATA,
            },
            required=("plan_id",),
        )
    },
    required=("checkpoint",),
)

RESET = common.obj(
    {
        "os-resetState": common.obj(
            {
                "state": {
                    "enum": [
                        status.CheckpointStatus.AVAILABLE.value,
                        status.CheckpointStatus.ERROR.value,
                    ]
                }
            },
            required=("state",),
        )
    },
    required=("os-resetState",),
)
