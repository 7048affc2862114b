# SPDX-License-Identifier: Apache-2.0
"""The root of the URL space: routes a request, tells the versions."""

from collections.abc import Sequence
from typing import Any

from karbor_copy.api import collaborators
from karbor_copy.api import expose
from karbor_copy.api import faults
from karbor_copy.api import middleware
from karbor_copy.api import routes


class RootController:
    """Finds the handler of every path."""

    def __init__(self, collaborators: collaborators.Collaborators) -> None:
        self._router = routes.Router(routes.table(collaborators))

    def find(
        self, segments: Sequence[str], request: Any
    ) -> tuple[expose.Handler, list[str]]:
        """Return the handler and the ids in the path.

        :raises HTTPFault: no such path, or not with this method.
        """
        path, methods, ids = self._router.match(segments)
        request.environ[middleware.ROUTE] = path
        method = "GET" if request.method == "HEAD" else request.method
        if method not in methods:
            allowed = {*methods, *(["HEAD"] if "GET" in methods else [])}
            raise faults.HTTPFault(
                405,
                f"{request.method} is not allowed here.",
                {"Allow": ", ".join(sorted(allowed))},
            )
        return methods[method], ids
