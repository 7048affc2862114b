# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: plans."""

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
        "plan": {
            **common.obj(
                {
                    "name": common.NAME,
                    "description": common.DESCRIPTION,
                    "resources": common.RESOURCES,
                    "status": common.one_of(status.PlanStatus),
                }
            ),
            "minProperties": 1,
            common.MESSAGES: {
                "minProperties": "Missing updated parameters in request body."
            },
        }
    },
    required=("plan",),
)

_RESOURCE = common.obj(
    {
        "id": common.TEXT,
        "type": common.TEXT,
        "name": common.TEXT,
        "extra_info": common.OBJECT,
    },
    required=("id", "type", "name"),
)
COMPONENTS = {
    "plan": common.answer(
        {
            "id": common.ID,
            "name": common.TEXT,
            "description": common.or_null(common.TEXT),
            "resources": {**common.list_of(_RESOURCE), "minItems": 1},
            "provider_id": common.ID,
            "status": common.one_of(status.PlanStatus),
            "parameters": common.map_of(common.OBJECT),
        }
    )
}
ONE = common.one("plan")
MANY = common.page("plans", "plan")
