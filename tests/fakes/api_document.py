# SPDX-License-Identifier: Apache-2.0
"""The routes of the API, and its document as callers read it."""

import functools
import json
from typing import Any

from karbor_copy.api import collaborators
from karbor_copy.api import routes
from karbor_copy.api.openapi import document
from karbor_copy.providers import registry


@functools.cache
def table() -> dict[str, routes.Methods]:
    """Return path -> method -> handler, of no providers."""
    nothing: Any = None
    return routes.table(
        collaborators.Collaborators(
            registry=registry.Registry({}),
            client=nothing,
            max_limit=1,
            quotas={},
            service_down_time=1.0,
        )
    )


def served() -> set[str]:
    """Return every method and path, without other names of the same."""
    return {
        f"{method} {path}"
        for path, methods in table().items()
        if path not in routes.ALIASES
        for method in methods
    }


@functools.cache
def load() -> Any:
    """Return the document."""
    paths = {
        path: methods
        for path, methods in table().items()
        if path not in routes.ALIASES
    }
    return json.loads(json.dumps(document.document(paths, "/")))
