# SPDX-License-Identifier: Apache-2.0
"""Bodies of answers: errors."""

from karbor_copy.api import faults
from karbor_copy.api.schemas import common

COMPONENTS = {
    "fault": common.obj(
        {
            "code": {"type": "integer", "minimum": 400},
            "message": {"type": "string", "minLength": 1},
            "request_id": {"type": "string", "pattern": "^req-"},
            "retryAfter": common.TEXT,
        },
        required=("code", "message", "request_id"),
    )
}


def fault(status: int) -> common.Schema:
    """Return the schema of the body of an error."""
    name = faults.NAMES.get(status, faults.DEFAULT_NAME)
    required = ["retryAfter"] if status == 413 else []
    return common.answer(
        {
            name: {
                **common.component("fault"),
                "properties": {"code": {"const": status}},
                "required": required,
            }
        }
    )
