# SPDX-License-Identifier: Apache-2.0
"""A call knows the one project that it may touch."""

import pytest

from karbor_copy import context as request_context
from karbor_copy.api import call


def test_the_project() -> None:
    context = request_context.RequestContext(project_id="p1")
    assert (
        call.Call(context=context, root="", url="", query=()).project_id
        == "p1"
    )


def test_no_project() -> None:
    context = request_context.RequestContext()
    with pytest.raises(RuntimeError):
        _ = call.Call(context=context, root="", url="", query=()).project_id
