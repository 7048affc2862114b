# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: checkpoints."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

#: Of extra_info these are the service's own word.
RESERVED = ("copied_from", "copy_status", "created_by")
_EXTRA_INFO = {
    **common.METADATA,
    "properties": {
        name: {"not": {}, common.MESSAGES: {"not": "The name is reserved."}}
        for name in RESERVED
    },
}
CREATE = common.obj(
    {
        "checkpoint": common.obj(
            {
                "plan_id": common.UUID,
                # Karbor's clients write it with a hyphen.
                "extra-info": _EXTRA_INFO,
                "extra_info": _EXTRA_INFO,
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

_RESOURCE = common.answer(
    {
        "id": common.TEXT,
        "type": common.TEXT,
        "name": common.TEXT,
        "extra_info": common.or_null(common.TEXT),
    }
)
COMPONENTS = {
    "checkpoint": common.answer(
        {
            "id": common.ID,
            "project_id": common.TEXT,
            "status": common.one_of(status.CheckpointStatus),
            "protection_plan": common.answer(
                {
                    "id": common.ID,
                    "name": common.TEXT,
                    "provider_id": common.ID,
                    "resources": common.list_of(_RESOURCE),
                }
            ),
            # JSON text, as Karbor answers it.
            "resource_graph": {"type": "string", "pattern": r"^\[.*\]$"},
            "created_at": {
                "type": "string",
                "format": "date",
                "pattern": r"^\d{4}-\d\d-\d\d$",
            },
            "extra_info": {"type": "string", "pattern": r"^\{.*\}$"},
        }
    )
}
ONE = common.one("checkpoint")
MANY = common.page("checkpoints", "checkpoint")
#: To a request whose work has only begun.
ACCEPTED = common.answer({})
