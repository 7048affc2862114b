# SPDX-License-Identifier: Apache-2.0
"""Makes a controller's method a handler: policy, schema, JSON out."""

import functools
import json
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

import pecan

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import hooks
from karbor_copy.api import query as api_query
from karbor_copy.api import schemas

Handler = Callable[..., Any]


def expose(
    rule: str | None = None,
    *,
    query: Collection[str] = (),
    schema: Mapping[str, Any] | None = None,
    status: int = 200,
) -> Callable[[Handler], Handler]:
    """Decorate a method ``(self, call, *ids)`` that returns what JSON can.

    Or a response of its own, which is answered as it is.

    The caller must pass the policy ``rule`` before anything is looked at.
    ``query`` names the parameters that the method reads. A method without
    ``schema`` takes no body. None is an empty answer.
    """
    validator = None if schema is None else schemas.Validator(schema)

    def decorate(handler: Handler) -> Handler:
        @pecan.expose("json")
        @functools.wraps(handler)
        def wrapper(self: Any, *ids: str) -> Any:
            this = _current_call()
            if rule is not None:
                this.context.can(rule)
            api_query.check(this.query, query)
            _check_body(this.body, validator)
            answer = handler(self, this, *ids)
            if isinstance(answer, pecan.Response):
                return answer
            return respond(status, answer)

        return wrapper  # type: ignore[no-any-return]

    return decorate


def _current_call() -> call.Call:
    request = pecan.request
    return call.Call(
        context=request.context["context"],
        url=request.path_url,
        query=request.context["query"],
        body=request.context["body"],
    )


def _check_body(body: Any, validator: schemas.Validator | None) -> None:
    if validator is None:
        if body is not call.NO_BODY:
            raise exceptions.Invalid("This request takes no body.")
    elif body is call.NO_BODY:
        raise exceptions.Invalid("The request has no body.")
    else:
        validator.validate(body)


def respond(status: int, value: Any) -> Any:
    """Return the response with this value as JSON."""
    body = b"" if value is None else json.dumps(value).encode()
    return pecan.Response(
        status=status,
        body=body,
        content_type=hooks.CONTENT_TYPE,
        charset=None,
    )
