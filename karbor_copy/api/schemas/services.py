# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: services."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

#: Flat, as Karbor's clients send it.
UPDATE = {
    **common.obj(
        {
            "status": common.one_of(status.ServiceStatus),
            "disabled_reason": common.DESCRIPTION,
        },
        required=("status",),
    ),
    "if": {
        "properties": {"status": {"const": status.ServiceStatus.ENABLED.value}}
    },
    "then": {
        "properties": {
            "disabled_reason": {
                "const": None,
                common.MESSAGES: {
                    "const": "It can't be given with status enabled."
                },
            }
        }
    },
}

COMPONENTS = {
    "service": common.answer(
        {
            "id": common.NUMBER,
            "binary": common.TEXT,
            "host": common.TEXT,
            "status": common.one_of(status.ServiceStatus),
            "state": common.one_of(status.ServiceState),
            "updated_at": common.or_null(common.TIME),
            "disabled_reason": common.or_null(common.TEXT),
        }
    )
}
ONE = common.one("service")
MANY = common.answer({"services": common.list_of(common.component("service"))})
