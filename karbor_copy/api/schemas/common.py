# SPDX-License-Identifier: Apache-2.0
"""The pieces that the schemas of several nouns are made of."""

import enum
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy.data_models import ids
from karbor_copy.providers import schemas

Schema = Mapping[str, Any]

#: In a schema: keyword -> what is told in place of the library's message,
#: which would begin with the value.
MESSAGES = "errorMessage"

FORMATS = schemas.new_formats()


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or ids.is_uuid(value)


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


def answer(properties: Schema) -> Schema:
    """Return the schema of an object that has these and no others."""
    return obj(properties, required=tuple(properties))


def component(name: str) -> Schema:
    """Return a reference to what answers are made of, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def one(key: str, name: str | None = None) -> Schema:
    """Return the schema of an answer with one thing under its key."""
    return answer({key: component(name or key)})


def page(key: str, name: str) -> Schema:
    """Return the schema of an answer with a page of a list."""
    return {
        **answer({key: list_of(component(name))}),
        "properties": page_properties(key, name),
    }


def page_properties(key: str, name: str) -> Schema:
    """Return a page's items, and the link to the next ones."""
    return {
        key: list_of(component(name)),
        f"{key}_links": {
            **list_of(answer({"rel": {"const": "next"}, "href": _HREF})),
            "minItems": 1,
            "maxItems": 1,
        },
    }


def list_of(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    """Return the schema of an object with keys of any name."""
    return {"type": "object", "additionalProperties": values}


def one_of(values: type[enum.StrEnum]) -> Schema:
    """Return the schema of a status or a type."""
    return {"enum": [item.value for item in values]}


def or_null(schema: Schema) -> Schema:
    """Return the schema of what may be missing."""
    return {**schema, "type": [schema["type"], "null"]}


# Of answers.
TEXT: Schema = {"type": "string"}
OBJECT: Schema = {"type": "object"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
ID: Schema = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
}
TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$",
}
_HREF: Schema = {"type": "string", "pattern": "^https?://"}

# Of requests.
UUID: Schema = {"type": "string", "format": "uuid"}
PRINTABLE: Schema = {
    "type": "string",
    "maxLength": 255,
    "format": schemas.PRINTABLE,
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
