# SPDX-License-Identifier: Apache-2.0
"""What Karbor answered, and how an answer is compared with it.

Ids are roles in braces, ``{x*9}`` is nine times an x. A shape has the keys
and JSON types of an answer; ``any`` is a type that varies.
"""

import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

_FILE = pathlib.Path(__file__).with_name("exchanges.jsonl")
_ROLE = re.compile(r"\{([a-z_]+)\}")
_RUN = re.compile(r"\{([a-z])\*(\d+)\}")
_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what Karbor answered."""

    name: str
    method: str
    path: str
    user: str | None
    status: int
    shape: Any
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: str | None = None


def load() -> list[Exchange]:
    """Read all exchanges in the order in which they can be replayed."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [Exchange(**json.loads(line)) for line in lines]


def fill(text: str, roles: Mapping[str, str]) -> str:
    """Replace roles and runs in a text."""
    text = _RUN.sub(lambda found: found[1] * int(found[2]), text)
    return _ROLE.sub(lambda found: roles[found[1]], text)


def missing(shape: Any, value: Any, where: str = "") -> Iterator[str]:
    """Tell what of the shape a value has not."""
    if shape in ("any", "null") or value is None:
        return
    kind = _kind(shape)
    if _TYPES[type(value)] != kind:
        yield f"{where} is no {kind}"
    elif isinstance(shape, dict):
        for key, inner in shape.items():
            if key in value:
                yield from missing(inner, value[key], f"{where}/{key}")
            else:
                yield f"{where}/{key} is missing"
    elif isinstance(shape, list) and shape:
        if not value:
            yield f"{where} is empty"
        for item in value:
            yield from missing(shape[0], item, f"{where}[]")


def _kind(shape: Any) -> str:
    return shape if isinstance(shape, str) else _TYPES[type(shape)]
