# SPDX-License-Identifier: Apache-2.0
"""The headers that say who asks, and the paths that serve just anyone."""

from typing import Any

_HEADERS = (
    "HTTP_X_USER",
    "HTTP_X_PROJECT",
    "HTTP_X_TENANT",
    "HTTP_X_DOMAIN",
    "HTTP_X_ROLE",
    "HTTP_X_SERVICE_",
    "HTTP_X_IDENTITY",
    "HTTP_X_IS_ADMIN",
    "HTTP_OPENSTACK_SYSTEM_SCOPE",
)
#: The one that begins like them, and that is the caller's own to send.
_SERVICE_TOKEN = "HTTP_X_SERVICE_TOKEN"  # noqa: S105
DOCUMENT = "/v1/openapi.json"
#: Below /v1 these alone need no token: what tells of the version.
_OPEN = ("/v1", "/v1/", DOCUMENT)


def forget(environ: dict[str, Any]) -> None:
    """Remove what a caller has made up about himself."""
    for name in [name for name in environ if name.startswith(_HEADERS)]:
        if name != _SERVICE_TOKEN:
            del environ[name]


def is_open(path: str) -> bool:
    """Tell whether the path needs no token."""
    return path in _OPEN or not path.startswith("/v1/")
