# SPDX-License-Identifier: Apache-2.0
"""What every request passes through before it is routed."""

import io
import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from oslo_middleware import request_id

from karbor_copy.api import faults

#: A project's id becomes a part of bank keys.
PROJECT_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.@-]{0,254}")
ADMIN_USER = "admin"

_IDENTITY = (
    "HTTP_X_USER",
    "HTTP_X_PROJECT",
    "HTTP_X_TENANT",
    "HTTP_X_DOMAIN",
    "HTTP_X_ROLE",
    "HTTP_X_SERVICE",
    "HTTP_X_IDENTITY",
    "HTTP_X_IS_ADMIN",
    "HTTP_X_STORAGE_TOKEN",
    "HTTP_OPENSTACK_SYSTEM_SCOPE",
)


class RequestId(request_id.RequestId):
    """oslo.middleware's, with the second header that Karbor sends."""

    compat_headers: list[str] = ["x-compute-request-id"]


class SizeLimit:
    """Refuses a body that is too large and holds any other in memory."""

    def __init__(self, application: Any, limit: int) -> None:
        self._application = application
        self._limit = limit

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request."""
        body = self._read(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return self._application(environ, start_response)  # type: ignore[no-any-return]

    def _read(self, environ: dict[str, Any]) -> bytes:
        """Return the body, whether its length is announced or not."""
        length = environ.get("CONTENT_LENGTH") or ""
        stream = environ["wsgi.input"]
        if not length:
            if not environ.get("HTTP_TRANSFER_ENCODING"):
                return b""
            # NOTE(chunked): a server ends the stream where the body ends.
            body: bytes = stream.read(self._limit + 1)
        elif not (length.isascii() and length.isdigit()):
            raise faults.HTTPFault(400, "Content-Length must be a number.")
        elif len(length) > 18 or int(length) > self._limit:
            raise self._too_large()
        else:
            body = stream.read(int(length))
        if len(body) > self._limit:
            raise self._too_large()
        return body

    def _too_large(self) -> faults.HTTPFault:
        return faults.HTTPFault(
            413,
            f"The request body is larger than {self._limit} bytes.",
            {"Retry-After": "0", "Connection": "close"},
        )


def _is_local(address: str) -> bool:
    """Tell whether an address is this host's; none is a local socket."""
    try:
        return not address or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class NoAuth:
    """Takes the caller's word: the token is ``user:project``.

    Whoever can reach it is believed, so it serves its own host only. It
    sets the headers that Keystone's middleware would set, and removes
    those that the caller has made up.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        :raises HTTPFault: 403 for a caller on another machine.
        """
        if not _is_local(environ.get("REMOTE_ADDR", "")):
            raise faults.HTTPFault(
                403, "With auth_strategy = noauth only this host is served."
            )
        for name in [name for name in environ if name.startswith(_IDENTITY)]:
            del environ[name]
        user, _, project = environ.get("HTTP_X_AUTH_TOKEN", "").partition(":")
        project = project or user
        if user and PROJECT_ID.fullmatch(project):
            admin = user == ADMIN_USER
            environ["HTTP_X_USER_ID"] = user
            environ["HTTP_X_PROJECT_ID"] = project
            environ["HTTP_X_ROLES"] = (
                "admin,member,reader" if admin else "member,reader"
            )
        return self._application(environ, start_response)  # type: ignore[no-any-return]
