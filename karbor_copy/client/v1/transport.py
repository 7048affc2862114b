# SPDX-License-Identifier: Apache-2.0
"""Sends one request through a keystoneauth1 adapter and reads the answer."""

import urllib.parse
from collections.abc import Mapping
from typing import Any

import requests
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ks_exceptions

from karbor_copy.client.v1 import errors

#: A JSON object as it is on the wire.
Item = dict[str, Any]
#: What goes into a query string; None leaves the name out.
Query = Mapping[str, str | int | None]

_REQUEST_ID_HEADERS = ("x-openstack-request-id", "x-compute-request-id")
_MAX_TEXT = 200
_KINDS: Mapping[int, type[errors.ApiError]] = {
    404: errors.NotFound,
    503: errors.Unavailable,
}


def path(*parts: str) -> str:
    """Join the parts of a path, each quoted."""
    return "".join("/" + urllib.parse.quote(part, safe=":") for part in parts)


class Transport:
    """Speaks JSON with the endpoint that the adapter leads to."""

    def __init__(self, http: adapter.Adapter) -> None:
        self._http = http

    def get(self, where: str, query: Query | None = None) -> Item:
        """Return the object at a path.

        :raises ClientError: see :meth:`request`
        """
        return self.request("GET", where, query=query)

    def request(
        self,
        method: str,
        where: str,
        *,
        body: Item | None = None,
        query: Query | None = None,
    ) -> Item:
        """Send a request and return the object answered, empty if none.

        :raises Unreachable: no server answered
        :raises UnexpectedAnswer: what answered is not this API
        :raises NotFound: the server knows no such thing
        :raises Unavailable: the server needs something that is away
        :raises ApiError: the server refused
        """
        params = {k: v for k, v in (query or {}).items() if v is not None}
        options: dict[str, Any] = {"json": body} if body is not None else {}
        try:
            response = self._http.request(
                where, method, params=params, raise_exc=False, **options
            )
        except ks_exceptions.ClientException as e:
            url = self._http.get_endpoint() or where
            raise errors.Unreachable(url, _cause(e)) from e
        is_list = method == "GET" and where.count("/") == 1
        if response.status_code == 404 and is_list:
            # Every API has its collections, with something in them or not.
            raise errors.UnexpectedAnswer(response.url, "HTTP 404")
        if response.status_code >= 400:
            raise _api_error(response)
        return _content(response)


def unwrap(answer: Item, key: str, where: str) -> Any:
    """Return what an answer holds under its one key.

    :raises UnexpectedAnswer: it has no such key
    """
    if key not in answer:
        raise errors.UnexpectedAnswer(where, f"it has no {key!r}")
    return answer[key]


def _cause(error: BaseException) -> str:
    """Return the plainest words there are for why no server answered."""
    if isinstance(error, ks_exceptions.ConnectTimeout):
        return "it took too long"
    if isinstance(error, ks_exceptions.ConnectFailure):
        return "the connection failed"
    return str(error).rstrip(".")


def _content(response: requests.Response) -> Item:
    if not response.content:
        return {}
    try:
        content = response.json()
    except ValueError as e:
        raise errors.UnexpectedAnswer(response.url, "it is no JSON") from e
    if not isinstance(content, dict):
        raise errors.UnexpectedAnswer(response.url, "it is no JSON object")
    return content


def _api_error(response: requests.Response) -> errors.ApiError:
    """Make an error of a fault body: {"<name>": {"code", "message"}}."""
    request_id = next(
        (
            response.headers[name]
            for name in _REQUEST_ID_HEADERS
            if name in response.headers
        ),
        None,
    )
    code = response.status_code
    kind = _KINDS.get(code, errors.ApiError)
    return kind(code, _message(response), request_id)


def _message(response: requests.Response) -> str:
    try:
        fault = next(iter(response.json().values()))
        return str(fault["message"])
    except (ValueError, AttributeError, StopIteration, KeyError, TypeError):
        return response.text[:_MAX_TEXT].strip() or str(response.reason)
