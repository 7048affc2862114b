# SPDX-License-Identifier: Apache-2.0
"""Request bodies of restores."""

from karbor_copy.api.schemas import common

#: The last two are not served; whatever they hold is told in no message.
CREATE = common.obj(
    {
        "restore": common.obj(
            {
                "provider_id": common.UUID,
                "checkpoint_id": common.UUID,
                "parameters": common.PARAMETERS,
                "restore_target": {},
                "restore_auth": {},
            },
            required=("provider_id", "checkpoint_id", "parameters"),
        )
    },
    required=("restore",),
)
