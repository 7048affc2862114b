# SPDX-License-Identifier: Apache-2.0
"""pecan's hooks: who asks, and what the request brings along."""

import functools
import urllib.parse
from typing import Any
from typing import BinaryIO

from pecan import hooks
from webob import exc

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy import policy
from karbor_copy.api import call
from karbor_copy.api import faults
from karbor_copy.api import identity
from karbor_copy.api import json_body

CONTENT_TYPE = "application/json"
MAX_PARAMETERS = 100
_UNSCOPED = "The token must be scoped to a project."
#: The type of a body that has been read: neither JSON nor a form.
_READ = "application/octet-stream"


class ContextHook(hooks.PecanHook):
    """Puts the RequestContext on the request; below /v1/ there must be one.

    The project in the URL must be the caller's, administrators included.
    """

    priority = 10

    def on_route(self, state: Any) -> None:
        """Run before the request is routed.

        :raises HTTPFault: 401 where nobody is known to ask.
        :raises Forbidden: who asks does so for no project.
        :raises Invalid: the URL names another project.
        """
        environ = state.request.environ
        path = state.request.path_info
        # Tokens end with the request, which the context outlives.
        context = request_context.RequestContext.from_environ(
            environ, auth_token=None, service_token=None
        )
        context.is_admin = policy.is_admin(context)
        state.request.context["context"] = context
        if identity.is_open(path):
            return
        if not context.user_id:
            raise faults.HTTPFault(
                401,
                faults.UNAUTHENTICATED,
                {"WWW-Authenticate": "X-Auth-Token"},
            )
        if not context.project_id:
            raise exceptions.Forbidden(_UNSCOPED)
        if path.split("/")[2] != context.project_id:
            raise exceptions.Invalid("Malformed request url")


class InputHook(hooks.PecanHook):
    """Takes query and body once, before pecan guesses what they are.

    The body is read by whoever takes one: a path or a method that is not
    there is told before anything that is wrong with a body.
    """

    priority = 20

    def on_route(self, state: Any) -> None:
        """Run before the request is routed.

        :raises Invalid: the query can't be read.
        """
        request = state.request
        request.context["query"] = _query(request)
        # NOTE(SizeLimit): it holds the whole body, within bounds, in memory.
        request.context["body"] = functools.partial(
            read_body, request.environ["wsgi.input"], request.content_type
        )
        # Nothing is left for pecan to parse, and JSON for it to answer. A
        # body without a type would be searched for a form, at some cost.
        request.body = b""
        request.environ["CONTENT_TYPE"] = _READ
        request.pecan["content_type"] = CONTENT_TYPE


class FaultHook(hooks.PecanHook):
    """Gives pecan's own refusals the form of all others."""

    def on_error(self, state: Any, error: Exception) -> None:
        """Run when anything was raised.

        :raises HTTPFault: in place of what pecan raised.
        """
        if isinstance(error, exc.HTTPException):
            raise faults.HTTPFault(
                error.status_int, error.detail or error.explanation
            ) from error


def _query(request: Any) -> list[tuple[str, str]]:
    try:
        pairs = urllib.parse.parse_qsl(
            request.query_string,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:
        raise exceptions.Invalid(
            "The query is not UTF-8, or too long."
        ) from error
    for name, value in pairs:
        if not (name + value).isprintable():
            raise exceptions.Invalid(
                f"Query parameter {name!r} holds an unprintable character."
            )
    return pairs


def read_body(stream: BinaryIO, content_type: str) -> Any:
    """Return the JSON that the body is, or that there is none.

    :raises Invalid: it can't be read.
    :raises HTTPFault: 415 for a body that is no JSON by its own word.
    """
    body = stream.read()
    if not body:
        return call.NO_BODY
    if content_type.lower() != CONTENT_TYPE:
        raise faults.HTTPFault(
            415, f"The Content-Type of a body must be {CONTENT_TYPE}."
        )
    return json_body.parse(body)
