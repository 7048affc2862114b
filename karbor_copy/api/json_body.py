# SPDX-License-Identifier: Apache-2.0
"""Reads a JSON body strictly: what is doubtful is refused by name."""

import json
import math
from typing import Any

from karbor_copy import exceptions

MAX_DEPTH = 20
#: Beyond this databases and other languages disagree about a number.
MAX_INTEGER = 2**63 - 1


def parse(body: bytes) -> Any:
    """Return the value that the body holds.

    :raises Invalid: naming what is wrong with it.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _malformed("it is not valid JSON in UTF-8") from error
    _check(value)
    return value


def _malformed(reason: str) -> exceptions.Invalid:
    return exceptions.Invalid(f"Malformed request body: {reason}.")


def _too_deep() -> exceptions.Invalid:
    return _malformed(f"it is nested more than {MAX_DEPTH} levels deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value:
            raise _malformed(f"the key {key!r} is given twice")
        value[key] = item
    return value


def _constant(name: str) -> Any:
    raise _malformed(f"{name} is no JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _malformed("a number is too large")
    return value


def _integer(text: str) -> int:
    # A longer text costs quadratic time to read.
    if len(text) > 20 or abs(value := int(text)) > MAX_INTEGER:
        raise _malformed("an integer is too large")
    return value


def _check(value: Any) -> None:
    """Refuse deep nesting and text that no database can keep."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        for item in level:
            if isinstance(item, str):
                _check_text(item)
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return
        level = []
        for item in containers:
            level += item
            if isinstance(item, dict):
                level += item.values()
    raise _too_deep()


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise _malformed("a string holds a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _malformed("a string holds half a surrogate pair")
