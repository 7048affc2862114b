# SPDX-License-Identifier: Apache-2.0
"""Links from what an operation answers to what can be done with it."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy.api import expose
from karbor_copy.api.openapi import parameters
from karbor_copy.api.schemas import common
from karbor_copy.api.schemas import components


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An operation and where it is served."""

    id: str
    path: str
    method: str
    operation: expose.Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A thing in an answer: the name of its id, where its fields are."""

    id_name: str
    fields: Mapping[str, str]


def links(place: Place, others: Iterable[Place]) -> dict[str, Any]:
    """Return the links of an operation's good answer, by their targets.

    A thing that was made, or the first on a page, can be named wherever a
    path or a body asks for its id, if all else that is asked for is known.
    """
    if place.method not in ("GET", "POST"):
        return {}
    source = _source(place)
    if source is None:
        return {}
    found = {other.id: _link(source, other) for other in others}
    return {id_: link for id_, link in found.items() if link is not None}


def _source(place: Place) -> _Source | None:
    """Return the thing, if there is one; None of a GET that names it."""
    properties = (place.operation.answer or {}).get("properties", {})
    for key, schema in properties.items():
        item, pointer = schema, key
        if schema.get("type") == "array":
            item, pointer = schema["items"], f"{key}/0"
        elif place.method == "GET":
            return None
        fields = components.resolve(item).get("properties", {})
        if "id" not in fields:
            return None
        noun = key if item is schema else item["$ref"].rpartition("/")[2]
        known = {
            name: f"$request.path.{name}"
            for name in parameters.path_names(place.path)
        }
        for name in fields:
            known.setdefault(name, f"$response.body#/{pointer}/{name}")
        known[f"{noun}_id"] = known.pop("id")
        return _Source(id_name=f"{noun}_id", fields=known)
    return None


def _link(source: _Source, target: Place) -> dict[str, Any] | None:
    names = parameters.path_names(target.path)
    asked = _asked(target)
    if source.id_name not in (*names, *asked):
        return None
    if not set(names) <= set(source.fields):
        return None
    link: dict[str, Any] = {
        "operationId": target.id,
        "parameters": {name: source.fields[name] for name in names},
    }
    if source.id_name in asked:
        body = _body(source, asked)
        if body is None:
            return None
        (key,) = target.operation.schema["properties"]  # type: ignore[index]
        link["requestBody"] = {key: body}
    return link


def _asked(target: Place) -> Mapping[str, common.Schema]:
    """Return the fields that a body must have, below its one key."""
    properties = (target.operation.schema or {}).get("properties", {})
    if len(properties) != 1:
        return {}
    (inner,) = properties.values()
    return {
        name: inner["properties"][name] for name in inner.get("required", ())
    }


def _body(
    source: _Source, asked: Mapping[str, common.Schema]
) -> dict[str, Any] | None:
    body: dict[str, Any] = {}
    for name, schema in asked.items():
        if name in source.fields:
            body[name] = source.fields[name]
        elif schema.get("type") == "object":
            body[name] = {}
        else:
            return None
    return body
