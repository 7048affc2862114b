# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: verifications."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

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

PROPERTIES = {
    "id": common.ID,
    "project_id": common.TEXT,
    "provider_id": common.ID,
    "checkpoint_id": common.ID,
    "parameters": common.map_of(common.OBJECT),
    "status": common.one_of(status.RestoreStatus),
    "resources_status": common.map_of(common.TEXT),
    "resources_reason": common.map_of(common.TEXT),
}
COMPONENTS = {"verification": common.answer(PROPERTIES)}
ONE = common.one("verification")
MANY = common.page("verifications", "verification")
