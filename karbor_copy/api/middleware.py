# SPDX-License-Identifier: Apache-2.0
"""What every request passes through before it is known who asks."""

import io
import time
import urllib.parse
from collections.abc import Iterable
from typing import Any

from oslo_log import log as logging
from oslo_middleware import request_id

from karbor_copy import context as request_context
from karbor_copy import metrics
from karbor_copy.api import faults

LOG = logging.getLogger(__name__)

#: Where the router leaves the template of the path that it has found.
ROUTE = "karbor_copy.route"
_NO_ROUTE = "none"
#: Asked every few seconds: nothing for the eyes of people.
_QUIET = ("/healthcheck", "/healthcheck/ready", "/metrics")


class RequestId(request_id.RequestId):
    """oslo.middleware's, with the second header that Karbor sends."""

    compat_headers: list[str] = ["x-compute-request-id"]


class RequestLog:
    """Gives a request its context; logs and counts it at its end."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        What is logged before it is known who asks bears this request's id,
        and not that of the one before on the same thread.
        """
        request_context.RequestContext(
            request_id=environ[request_id.ENV_REQUEST_ID]
        )
        begin = time.monotonic()
        told = ["-"]

        def start(status: str, *args: Any) -> Any:
            told[0] = status.partition(" ")[0]
            return start_response(status, *args)

        answer: Iterable[bytes] = self._application(environ, start)
        seconds = time.monotonic() - begin
        route = environ.get(ROUTE, _NO_ROUTE)
        metrics.request_answered(
            environ["REQUEST_METHOD"], route, told[0], seconds
        )
        LOG.log(
            logging.DEBUG if route in _QUIET else logging.INFO,
            "%s %s %s, project %s, %.0f ms",
            environ["REQUEST_METHOD"],
            urllib.parse.quote(
                environ.get("PATH_INFO", ""), safe="/:", encoding="latin-1"
            ),
            told[0],
            environ.get("HTTP_X_PROJECT_ID") or "-",
            seconds * 1000,
        )
        return answer


class SizeLimit:
    """Refuses a body that is too large and holds any other in memory."""

    def __init__(self, application: Any, limit: int) -> None:
        self._application = application
        self._limit = limit

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request.

        :raises HTTPFault: 413 for a body that is too large, 400 for one
            that does not come whole.
        """
        body = self._body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return self._application(environ, start_response)  # type: ignore[no-any-return]

    def _body(self, environ: dict[str, Any]) -> bytes:
        """Return the body, whether its length is announced or not."""
        length = environ.get("CONTENT_LENGTH") or ""
        stream = environ["wsgi.input"]
        if not length:
            if not environ.get("HTTP_TRANSFER_ENCODING"):
                return b""
            # NOTE(chunked): a server ends the stream where the body ends.
            body = _read(stream, self._limit + 1)
            if len(body) > self._limit:
                raise self._too_large()
            return body
        if not (length.isascii() and length.isdigit()):
            raise faults.HTTPFault(400, "Content-Length must be a number.")
        if len(length) > 18 or int(length) > self._limit:
            raise self._too_large()
        body = _read(stream, int(length))
        if len(body) < int(length):
            raise _unreadable()
        return body

    def _too_large(self) -> faults.HTTPFault:
        return faults.HTTPFault(
            413,
            f"The request body is larger than {self._limit} bytes.",
            {"Retry-After": "0", "Connection": "close"},
        )


class PublicEndpoint:
    """Lets every request have come to the address that clients know."""

    def __init__(self, application: Any, url: str) -> None:
        """Take the address of the root.

        :raises ValueError: it is more than a scheme, a host and a path.
        """
        parts = urllib.parse.urlsplit(url)
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError(
                "[api] public_endpoint: only a scheme, a host, a port and a"
                " path are allowed"
            )
        self._application = application
        path = urllib.parse.unquote_to_bytes(parts.path.rstrip("/"))
        self._address = {
            "wsgi.url_scheme": parts.scheme.lower(),
            "HTTP_HOST": parts.netloc,
            "SCRIPT_NAME": path.decode("latin-1"),
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Serve one request."""
        environ.update(self._address)
        return self._application(environ, start_response)  # type: ignore[no-any-return]


def _read(stream: Any, size: int) -> bytes:
    try:
        body: bytes = stream.read(size)
    except (ValueError, OSError) as error:
        # A chunk without a size, or a caller who has fallen silent.
        raise _unreadable() from error
    return body


def _unreadable() -> faults.HTTPFault:
    return faults.HTTPFault(
        400,
        "The request body could not be read.",
        {"Connection": "close"},
    )
