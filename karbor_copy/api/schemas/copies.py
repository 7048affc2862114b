# SPDX-License-Identifier: Apache-2.0
"""Request bodies of copies."""

from karbor_copy.api.schemas import common

_COPY = common.obj(
    {
        "plan_id": common.UUID,
        "provider_id": common.UUID,
        "target_provider_id": common.UUID,
        "parameters": common.PARAMETERS,
    },
    required=("plan_id",),
)

#: One object, or a list of exactly one: an array's keywords say nothing of
#: an object, nor an object's of an array.
CREATE = common.obj(
    {
        "copy": {
            **_COPY,
            "type": ["object", "array"],
            "items": _COPY,
            "minItems": 1,
            "maxItems": 1,
        }
    },
    required=("copy",),
)

ACTION = {
    **common.obj({"cancel": {"type": "null"}, "retry": {"type": "null"}}),
    "minProperties": 1,
    "maxProperties": 1,
}
