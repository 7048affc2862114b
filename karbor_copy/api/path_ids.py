# SPDX-License-Identifier: Apache-2.0
"""The ids in paths: UUIDs, but for these."""

from collections.abc import Mapping
from typing import Any
from typing import Final

_TEXT: Final = {"type": "string", "minLength": 1}

#: What stands in a path -> its JSON schema.
FREE: Final[Mapping[str, Mapping[str, Any]]] = {
    "project_id": _TEXT,
    "resource_type": _TEXT,
    "resource_id": _TEXT,
    "service_id": {"type": "integer", "minimum": 0},
    "target_project_id": {**_TEXT, "maxLength": 255},
    "class_name": _TEXT,
}
UUID: Final = {"type": "string", "format": "uuid"}


def schema(name: str) -> Mapping[str, Any]:
    """Return the JSON schema of an id in a path."""
    return FREE.get(name, UUID)
