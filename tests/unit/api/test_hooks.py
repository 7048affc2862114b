# SPDX-License-Identifier: Apache-2.0
"""What is left of a request for pecan."""

import io
import types

import pecan
from webob import multidict

from karbor_copy.api import hooks


def test_nothing_is_left_that_could_be_a_form() -> None:
    body = b'{"copy": {"plan_id": "1"}}'
    request = pecan.Request.blank(
        "/?limit=1",
        method="POST",
        content_type="application/json",
        environ={"wsgi.input": io.BytesIO(body)},
    )
    request.context, request.pecan = {}, {}
    hooks.InputHook().on_route(types.SimpleNamespace(request=request))
    assert request.context["body"]() == {"copy": {"plan_id": "1"}}
    assert isinstance(request.POST, multidict.NoVars)
    assert dict(request.params) == {"limit": "1"}
    assert request.body == b""
