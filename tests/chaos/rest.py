# SPDX-License-Identifier: Apache-2.0
"""The service's API as the plainest client sees it."""

import json
import urllib.request
from typing import Any

PROJECT = "chaos"
TIMEOUT = 30.0


def call(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    user: str = "admin",
) -> dict[str, Any]:
    """Send a request to a project's part of the API; return the answer.

    :raises OSError: refused, or the service went away meanwhile.
    """
    request = urllib.request.Request(  # noqa: S310 - http, our own child
        f"{url}/v1/{PROJECT}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "X-Auth-Token": f"{user}:{PROJECT}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        text = answer.read()
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
