# SPDX-License-Identifier: Apache-2.0
"""Makes a controller's method a handler: policy, schema, JSON out."""

import functools
import json
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pecan

from karbor_copy import exceptions
from karbor_copy.api import call
from karbor_copy.api import hooks
from karbor_copy.api import query as api_query
from karbor_copy.api import schemas

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a handler takes and answers; what the API tells of it.

    The caller must pass the policy ``rule`` before anything is looked at.
    A ``listing`` or ``query`` names the parameters that are read. Without
    ``schema`` there is no body. None for ``answer`` is an empty one;
    ``others`` are its answers with another status that are no faults,
    ``headers`` what they bear, and ``errors`` the statuses of faults that
    can't be told from the rest.
    """

    rule: str | None = None
    listing: api_query.Listing | None = None
    query: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    status: int = 200
    content_type: str = hooks.CONTENT_TYPE
    others: Mapping[int, Mapping[str, Any] | None] = field(
        default_factory=dict
    )
    headers: tuple[str, ...] = ()
    errors: tuple[int, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return every query parameter that is read."""
        listed = () if self.listing is None else self.listing.names
        return (*listed, *self.query)


def expose(
    rule: str | None = None, **told: Any
) -> Callable[[Handler], Handler]:
    """Decorate a method ``(self, call, *ids)`` that returns what JSON can.

    Or a response of its own, which is answered as it is. The arguments are
    those of :class:`Operation`.
    """
    operation = Operation(rule=rule, **told)
    names, schema = operation.names, operation.schema
    validator = None if schema is None else schemas.Validator(schema)

    def decorate(handler: Handler) -> Handler:
        @pecan.expose("json")
        @functools.wraps(handler)
        def wrapper(self: Any, *ids: str) -> Any:
            request = pecan.request
            context = request.context["context"]
            if rule is not None:
                context.can(rule)
            api_query.check(request.context["query"], names)
            this = call.Call(
                context=context,
                root=request.application_url,
                url=request.path_url,
                query=request.context["query"],
                body=request.context["body"](),
            )
            _check_body(this.body, validator)
            answer = handler(self, this, *ids)
            if isinstance(answer, pecan.Response):
                return answer
            return respond(operation.status, answer)

        wrapper.operation = operation
        return wrapper  # type: ignore[no-any-return]

    return decorate


def operation_of(handler: Handler) -> Operation:
    """Return what was told of a handler."""
    told: Operation = handler.operation  # type: ignore[attr-defined]
    return told


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
