# SPDX-License-Identifier: Apache-2.0
"""pecan's hooks: who asks, and what the request brings along."""

import urllib.parse
from typing import Any

from pecan import hooks
from webob import exc

from karbor_copy import context as request_context
from karbor_copy import exceptions
from karbor_copy import policy
from karbor_copy.api import call
from karbor_copy.api import faults
from karbor_copy.api import json_body

CONTENT_TYPE = "application/json"
MAX_PARAMETERS = 100
#: The type of a body that has been read: neither JSON nor a form.
_READ = "application/octet-stream"
#: Below /v1 these alone need no token: the version's own document.
OPEN = ("/v1", "/v1/")


class ContextHook(hooks.PecanHook):
    """Puts the RequestContext on the request; below /v1/ there must be one.

    The project in the URL must be the caller's, administrators included.
    """

    priority = 10

    def on_route(self, state: Any) -> None:
        """Run before the request is routed.

        :raises HTTPFault: 401 where nobody is known to ask.
        :raises Invalid: the URL names another project.
        """
        environ = state.request.environ
        path = state.request.path_info
        context = request_context.RequestContext.from_environ(environ)
        context.is_admin = policy.is_admin(context)
        state.request.context["context"] = context
        _, version, project_id = (*path.split("/"), "", "")[:3]
        if version != "v1" or path in OPEN:
            return
        if not context.user_id or not context.project_id:
            raise faults.HTTPFault(
                401,
                "This request requires authentication.",
                {"WWW-Authenticate": "X-Auth-Token"},
            )
        if project_id != context.project_id:
            raise exceptions.Invalid("Malformed request url")


class InputHook(hooks.PecanHook):
    """Reads query and body once, before pecan guesses what they are."""

    priority = 20

    def on_route(self, state: Any) -> None:
        """Run before the request is routed.

        :raises Invalid: the query or the body can't be read.
        :raises HTTPFault: 415 for a body that is no JSON by its own word.
        """
        request = state.request
        request.context["query"] = _query(request)
        request.context["body"] = _body(request)
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


def _body(request: Any) -> Any:
    # NOTE(SizeLimit): it holds the whole body, within bounds, in memory.
    body = request.environ["wsgi.input"].read()
    if not body:
        return call.NO_BODY
    if request.content_type.lower() != CONTENT_TYPE:
        raise faults.HTTPFault(
            415, f"The Content-Type of a body must be {CONTENT_TYPE}."
        )
    return json_body.parse(body)
