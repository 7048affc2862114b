# SPDX-License-Identifier: Apache-2.0
"""Reads JSON that anyone may have written into a bank."""

import json
from typing import Any
from typing import Final

#: Far from where Python gives up, which the rest of the way must not reach.
MAX_DEPTH: Final = 100
_TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep"


def loads(text: bytes | str) -> Any:
    """Return the value, which every reader of JSON understands alike.

    :raises ValueError: no JSON or no UTF-8, nested too deeply, a name twice
        in one object, or a number that is none.
    """
    if isinstance(text, bytes):
        text = text.decode()
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number
        )
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    _check_depth(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("an object has a name twice")
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise ValueError(_TOO_DEEP)
