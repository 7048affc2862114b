# SPDX-License-Identifier: Apache-2.0
"""The pieces that the schemas of several nouns are made of."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import jsonschema

from karbor_copy.data_models import ids

Schema = Mapping[str, Any]

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or ids.is_uuid(value)


@FORMATS.checks("printable text")
def _is_printable(value: object) -> bool:
    return not isinstance(value, str) or value.isprintable()


@FORMATS.checks("name that is not blank")
def _is_not_blank(value: object) -> bool:
    return not isinstance(value, str) or bool(value.strip())


def obj(properties: Schema, required: Sequence[str] = ()) -> Schema:
    """Return the schema of an object with these properties only."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


UUID: Schema = {"type": "string", "format": "uuid"}
PRINTABLE: Schema = {
    "type": "string",
    "maxLength": 255,
    "format": "printable text",
}
NAME: Schema = {
    "allOf": [PRINTABLE, {"format": "name that is not blank"}],
}
DESCRIPTION: Schema = {**PRINTABLE, "type": ["string", "null"]}

_KEY = r"^[a-zA-Z0-9\-_:.# ]{1,255}\Z"
METADATA: Schema = {
    "type": ["object", "null"],
    "patternProperties": {
        _KEY: {"type": ["boolean", "string", "integer", "number"]}
    },
    "additionalProperties": False,
}
#: Keyed by resource type or ``type#id``.
PARAMETERS: Schema = {
    "type": "object",
    "patternProperties": {_KEY: METADATA},
    "additionalProperties": False,
}

#: A resource's id becomes a part of bank keys.
RESOURCE_ID: Schema = {
    "type": "string",
    "pattern": r"^(?!\.{1,2}\Z)[A-Za-z0-9_.@\-]{1,255}\Z",
}
RESOURCES: Schema = {
    "type": "array",
    "minItems": 1,
    "items": obj(
        {
            "id": RESOURCE_ID,
            "type": {**PRINTABLE, "minLength": 1, "maxLength": 64},
            "name": PRINTABLE,
            "extra_info": {"type": ["object", "null"]},
        },
        required=("id", "type", "name"),
    ),
}
