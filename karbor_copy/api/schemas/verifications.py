# SPDX-License-Identifier: Apache-2.0
"""Request bodies of verifications."""

from karbor_copy.api.schemas import common

CREATE = common.obj(
    {
        "verification": common.obj(
            {
                "provider_id": common.UUID,
                "checkpoint_id": common.UUID,
                "parameters": common.PARAMETERS,
            },
            required=("provider_id", "checkpoint_id"),
        )
    },
    required=("verification",),
)
