# SPDX-License-Identifier: Apache-2.0
"""Turns whatever goes wrong into an answer with Karbor's fault body."""

import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import webob
from oslo_log import log as logging

from karbor_copy import exceptions

LOG = logging.getLogger(__name__)

NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    503: "serviceUnavailable",
}
DEFAULT_NAME = "computeFault"

#: The families of errors, the more special first.
STATUSES: tuple[tuple[type[exceptions.KarborCopyError], int], ...] = (
    (exceptions.NotFound, 404),
    (exceptions.Conflict, 409),
    (exceptions.Invalid, 400),
    (exceptions.Forbidden, 403),
    (exceptions.OverLimit, 413),
    (exceptions.ServiceUnavailable, 503),
)
#: Seconds after which it is worth trying again.
RETRY_AFTER = {413: "60", 503: "10"}
#: Characters of a message: what it quotes may be as long as a request.
MAX_MESSAGE = 1000
UNAUTHENTICATED = "This request requires authentication."
NOT_FOUND = "The resource could not be found."
UNEXPECTED = (
    "The server has either erred or is incapable of performing the"
    " requested operation."
)


class HTTPFault(Exception):
    """An answer that only the protocol has a word for."""

    def __init__(
        self,
        status: int,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class FaultMiddleware:
    """Answers for every error that comes from further in."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request."""
        try:
            answer: Iterable[bytes] = self._application(
                environ, start_response
            )
        except Exception as error:  # noqa: BLE001  the border of the API
            response = _respond(error, environ)
            return response(environ, start_response)  # type: ignore[no-any-return]
        return answer


def _respond(error: Exception, environ: Mapping[str, Any]) -> webob.Response:
    status, message = _classify(error)
    message = _shortened(message)
    if status >= 500 and status != 503:
        LOG.error(
            "Unexpected error in %s %s",
            environ.get("REQUEST_METHOD"),
            environ.get("PATH_INFO"),
            exc_info=error,
        )
    fault: dict[str, Any] = {"code": status, "message": message}
    headers = _headers(error, status)
    if status == 413:
        fault["retryAfter"] = headers.get("Retry-After", "0")
    if "openstack.request_id" in environ:
        fault["request_id"] = environ["openstack.request_id"]
    body = json.dumps({NAMES.get(status, DEFAULT_NAME): fault})
    response = webob.Response(
        status=status,
        body=body.encode(),
        content_type="application/json",
        charset=None,
    )
    response.headers.update(headers)
    return response


def _shortened(message: str) -> str:
    """Return a message that repeats no more of a request than helps."""
    if len(message) <= MAX_MESSAGE:
        return message
    return f"{message[:MAX_MESSAGE]}..."


def _headers(error: Exception, status: int) -> Mapping[str, str]:
    if isinstance(error, HTTPFault):
        return error.headers
    if status in RETRY_AFTER:
        return {"Retry-After": RETRY_AFTER[status]}
    return {}


def _classify(error: Exception) -> tuple[int, str]:
    """Return the status and what the caller may know."""
    if isinstance(error, HTTPFault):
        return error.status, str(error)
    for family, status in STATUSES:
        if isinstance(error, family):
            return status, str(error)
    return 500, UNEXPECTED
