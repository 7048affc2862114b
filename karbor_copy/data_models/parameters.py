# SPDX-License-Identifier: Apache-2.0
"""Parameters keyed by resource type or ``type#id``: reading and merging."""

from collections.abc import Mapping
from typing import Any

from karbor_copy.data_models import ids


def split_key(key: str) -> tuple[str, str | None]:
    """Return (resource type, canonical resource id or None) of a key.

    :raises ValueError: where the part after ``#`` is no UUID.
    """
    resource_type, separator, resource_id = key.partition("#")
    if not separator:
        return resource_type, None
    if not ids.is_uuid(resource_id):
        raise ValueError(f"{resource_id!r} is no UUID")
    return resource_type, ids.canonical(resource_id)


def canonical(
    parameters: Mapping[str, Mapping[str, Any] | None],
) -> dict[str, Mapping[str, Any]]:
    """Return the parameters under their keys' one form.

    Null, which says nothing, becomes empty.

    :raises ValueError: a key is malformed, or says the same as another.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for key, values in parameters.items():
        try:
            resource_type, resource_id = split_key(key)
        except ValueError as error:
            raise ValueError(f"{key!r}: {error}") from error
        name = _key(resource_type, resource_id)
        if name in found:
            raise ValueError(f"{name!r} is given twice")
        found[name] = values or {}
    return found


def for_resource(
    parameters: Mapping[str, Mapping[str, Any] | None],
    resource_type: str,
    resource_id: str,
) -> dict[str, Any]:
    """Return what applies to one resource; ``type#id`` wins over the type.

    The keys are canonical; a resource's id is as its owner wrote it.
    """
    if ids.is_uuid(resource_id):
        resource_id = ids.canonical(resource_id)
    merged: dict[str, Any] = {}
    merged.update(parameters.get(resource_type) or {})
    merged.update(parameters.get(_key(resource_type, resource_id)) or {})
    return merged


def _key(resource_type: str, resource_id: str | None) -> str:
    if resource_id is None:
        return resource_type
    return f"{resource_type}#{resource_id}"
