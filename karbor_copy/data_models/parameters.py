# SPDX-License-Identifier: Apache-2.0
"""Parameters keyed by resource type or ``type#id``: reading and merging."""

import uuid
from collections.abc import Mapping
from typing import Any


def split_key(key: str) -> tuple[str, str | None]:
    """Return (resource type, resource id or None) of a parameter key.

    :raises ValueError: where the part after ``#`` is no UUID.
    """
    resource_type, separator, resource_id = key.partition("#")
    if not separator:
        return resource_type, None
    try:
        uuid.UUID(resource_id)
    except ValueError as error:
        raise ValueError(f"{resource_id!r} is no UUID") from error
    return resource_type, resource_id


def for_resource(
    parameters: Mapping[str, Mapping[str, Any] | None],
    resource_type: str,
    resource_id: str,
) -> dict[str, Any]:
    """Return what applies to one resource; ``type#id`` wins over the type."""
    merged: dict[str, Any] = {}
    merged.update(parameters.get(resource_type) or {})
    merged.update(parameters.get(f"{resource_type}#{resource_id}") or {})
    return merged
