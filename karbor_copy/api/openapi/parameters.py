# SPDX-License-Identifier: Apache-2.0
"""Parameters of operations: the ids in the path, and the query."""

import re
from typing import Any
from typing import Final

from karbor_copy.api import expose
from karbor_copy.api import path_ids
from karbor_copy.api import query
from karbor_copy.api.openapi import portable
from karbor_copy.api.schemas import common

_TEXT: Final = {"type": "string", "format": "printable text"}
_DATE: Final = {"type": "string", "format": "date"}
_SCHEMAS: Final[dict[str, common.Schema]] = {
    "all_tenants": {"type": "boolean"},
    "end_date": _DATE,
    "limit": {"type": "integer", "minimum": 1},
    "offset": {
        "type": "integer",
        "minimum": 0,
        "maximum": query.MAX_OFFSET,
    },
    "parameters": {
        "type": "string",
        "format": "mapping as Python writes it",
    },
    "start_date": _DATE,
}
_DESCRIPTIONS: Final = {
    "all_tenants": "Whether to list the things of all projects. It has an"
    " effect for administrators only.",
    "end_date": "List only what was created on this day (2026-01-31, in UTC)"
    " or earlier.",
    "limit": "Most items on the page; a larger number than the deployment"
    " allows (1000 by default) is lowered to that.",
    "marker": "The id of the last item of the page before.",
    "offset": "How many items to pass over after the marker.",
    "parameters": "A mapping for the plugin, written as Python does:"
    " {'key': 'value'}.",
    "project_id": "With all_tenants, list only the things of this project.",
    "sort": "Keys to sort by, the most significant first, as in"
    " name:asc,created_at:desc; the direction is desc where it is left out.",
    "sort_dir": "The direction (asc, desc) of the sort_key in the same place;"
    " may be repeated.",
    "sort_key": "A key to sort by, another way to write sort; may be"
    " repeated.",
    "start_date": "List only what was created on this day (2026-01-31, in"
    " UTC) or later.",
}


def path_names(path: str) -> list[str]:
    """Return the names of the ids in a path."""
    return re.findall(r"\{(\w+)\}", path)


def parameters(path: str, operation: expose.Operation) -> list[Any]:
    """Return the parameters of an operation."""
    return [
        *(_in_path(name) for name in path_names(path)),
        *(_in_query(name, operation) for name in operation.names),
    ]


def _in_path(name: str) -> dict[str, Any]:
    noun = name.removesuffix("_id").replace("_", " ")
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": (
            "The project, which must be the one of the token."
            if name == "project_id"
            else f"Which {noun}."
        ),
        "schema": path_ids.schema(name),
    }


def _in_query(name: str, operation: expose.Operation) -> dict[str, Any]:
    listing = operation.listing
    told = {
        "name": name,
        "in": "query",
        "description": _DESCRIPTIONS.get(
            name, f"List only what has this {name}."
        ),
        "schema": portable.portable(_query_schema(name, listing)),
    }
    if listing is not None and name in listing.ignored:
        told |= {"description": "Has no effect.", "deprecated": True}
    return told


def _query_schema(name: str, listing: query.Listing | None) -> common.Schema:
    if name in _SCHEMAS:
        return _SCHEMAS[name]
    if listing is None:
        return _TEXT
    if name == "sort":
        return _sort(listing)
    if name == "sort_key":
        items: common.Schema = {"enum": list(listing.sort_keys)}
        return {**common.list_of(items), "uniqueItems": True}
    if name == "sort_dir":
        return common.list_of({"enum": list(query.DIRECTIONS)})
    return common.UUID if listing.is_uuid(name) else _TEXT


def _sort(listing: query.Listing) -> common.Schema:
    key = f"({'|'.join(listing.sort_keys)})(:({'|'.join(query.DIRECTIONS)}))?"
    return {
        "type": "string",
        "pattern": f"^{key}(,{key})*$",
        "default": ",".join(map(":".join, listing.default_sort)),
    }
