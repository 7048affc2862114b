# SPDX-License-Identifier: Apache-2.0
"""The answer to a list: its items, and the way to the next ones."""

import urllib.parse
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import TypeVar

from karbor_copy.api import call

T = TypeVar("T")


def collection(
    this: call.Call,
    name: str,
    items: Sequence[T],
    limit: int,
    view: Callable[[T], dict[str, Any]],
    *,
    url: str | None = None,
) -> dict[str, Any]:
    """Return the items up to ``limit``, and a link if there are more.

    The link leads to ``url``, by default the address of the request, with
    all of its parameters but those that say where to begin.
    """
    shown = [view(item) for item in items[:limit]]
    answer: dict[str, Any] = {name: shown}
    if len(items) > limit:
        query = [
            (key, value)
            for key, value in this.query
            if key not in {"marker", "offset"}
        ]
        query.append(("marker", shown[-1]["id"]))
        href = f"{url or this.url}?{urllib.parse.urlencode(query)}"
        answer[f"{name}_links"] = [{"rel": "next", "href": href}]
    return answer
