# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests and answers: copies."""

from karbor_copy.api.schemas import common
from karbor_copy.data_models import status

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

_NEW_COPY = {
    "id": common.ID,
    "project_id": common.TEXT,
    "provider_id": common.ID,
    "target_provider_id": common.ID,
    "plan_id": common.ID,
    "parameters": common.map_of(common.OBJECT),
    "status": common.one_of(status.CopyStatus),
}
_OLD_COPY = {
    **_NEW_COPY,
    "created_at": common.or_null(common.TIME),
    "updated_at": common.or_null(common.TIME),
    "counts": {
        **common.map_of(common.NUMBER),
        "propertyNames": common.one_of(status.CopyStatus),
    },
}
_PAGE = common.page_properties("checkpoint_copies", "checkpoint_copy")
COMPONENTS = {
    "new_copy": common.answer(_NEW_COPY),
    "copy": common.answer(_OLD_COPY),
    "copy_with_members": common.obj(
        {**_OLD_COPY, **_PAGE}, required=(*_OLD_COPY, "checkpoint_copies")
    ),
    "checkpoint_copy": common.answer(
        {
            "id": common.ID,
            "checkpoint_id": common.ID,
            "checkpoint_copy_id": common.ID,
            "status": common.one_of(status.CopyStatus),
            "attempts": common.NUMBER,
            "bytes_total": common.NUMBER,
            "bytes_copied": common.NUMBER,
            "bytes_skipped": common.NUMBER,
            "bytes_reused": common.NUMBER,
            "objects_total": common.NUMBER,
            "objects_copied": common.NUMBER,
            "resources": common.map_of(
                {
                    "type": "object",
                    "properties": {
                        "status": common.TEXT,
                        "bytes_copied": common.NUMBER,
                        "error_info": common.or_null(common.TEXT),
                    },
                    "required": ["status"],
                }
            ),
            "error_info": common.or_null(common.TEXT),
            "started_at": common.or_null(common.TIME),
            "ended_at": common.or_null(common.TIME),
        }
    ),
}
CREATED = common.one("copy", "new_copy")
CHANGED = common.one("copy")
ONE = common.one("copy", "copy_with_members")
MANY = common.page("copies", "copy")
MEMBERS = common.page("checkpoint_copies", "checkpoint_copy")
