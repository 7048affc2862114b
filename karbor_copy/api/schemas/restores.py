# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: restores."""

from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import verifications

#: Karbor's fields for restoring to another cloud. Whatever they hold is told
#: in no message.
_UNSERVED = {
    "const": None,
    common.MESSAGES: {
        "const": "Restoring to another cloud is not served; leave it out."
    },
}
CREATE = common.obj(
    {
        "restore": common.obj(
            {
                "provider_id": common.UUID,
                "checkpoint_id": common.UUID,
                "parameters": common.PARAMETERS,
                "restore_target": _UNSERVED,
                "restore_auth": _UNSERVED,
            },
            required=("provider_id", "checkpoint_id", "parameters"),
        )
    },
    required=("restore",),
)

COMPONENTS = {
    "restore": common.answer(
        {
            **verifications.PROPERTIES,
            "restore_target": common.or_null(common.TEXT),
        }
    )
}
ONE = common.one("restore")
MANY = common.page("restores", "restore")
