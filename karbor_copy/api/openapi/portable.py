# SPDX-License-Identifier: Apache-2.0
"""Makes schemas that others can read of those that the API checks."""

from collections.abc import Mapping
from typing import Any
from typing import Final

from karbor_copy.api.schemas import common

#: Formats that only this project knows, as others may understand them.
_FORMATS: Final = {
    "printable text": {
        "format": "printable text",
        "description": "Printable characters and spaces, of one line.",
    },
    "name that is not blank": {"pattern": "[^ ]"},
}
#: The end of a text: Python's "$" is also before a last newline.
_PYTHON_END: Final = r"\Z"


def portable(value: Any) -> Any:
    """Return a schema, or a part of one, as every validator reads it."""
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {
        _pattern(key): (_pattern(item) if key == "pattern" else portable(item))
        for key, item in value.items()
        if key != common.MESSAGES
    }
    name = found.get("format")
    if isinstance(name, str) and name in _FORMATS:
        found |= _FORMATS[found.pop("format")]
    return found


def _pattern(text: Any) -> Any:
    return text.replace(_PYTHON_END, "$") if isinstance(text, str) else text
