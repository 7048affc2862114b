# SPDX-License-Identifier: Apache-2.0
"""Makes the rows and cells of tables from the objects of the wire.

Columns have the names of the wire, so that JSON and YAML output can be read
with the API reference.
"""

import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from cliff import columns

from karbor_copy.client.v1 import transport

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class SizeColumn(columns.FormattableColumn[int]):
    """A number of bytes, for people with a unit."""

    def human_readable(self) -> str:
        """Return for example 64.0 MiB."""
        return human_size(self._value)


class JsonColumn(columns.FormattableColumn[Any]):
    """An object or array, for people as JSON text."""

    def human_readable(self) -> str:
        """Return texts as lines, else indented JSON; nothing for nothing."""
        if not self._value:
            return ""
        if isinstance(self._value, list) and isinstance(self._value[0], str):
            return "\n".join(self._value)
        return json.dumps(self._value, indent=1, ensure_ascii=False)


def human_size(size: float) -> str:
    """Return a number of bytes with the unit that fits."""
    unit = _UNITS[0]
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            break
        size /= _STEP
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def table(
    items: Iterable[transport.Item], names: Sequence[str]
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Return the head and the rows of a list."""
    rows = (tuple(_cell(n, item.get(n)) for n in names) for item in items)
    return tuple(names), rows


def details(item: transport.Item) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return the names and the values of one thing."""
    return tuple(item), tuple(_cell(n, value) for n, value in item.items())


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, dict | list):
        return JsonColumn(value)
    if name.startswith("bytes_") and isinstance(value, int):
        return SizeColumn(value)
    return "" if value is None else value
