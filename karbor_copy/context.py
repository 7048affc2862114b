# SPDX-License-Identifier: Apache-2.0
"""Who asks, for which project, under which request id."""

from collections.abc import Mapping
from typing import Any

from oslo_context import context

from karbor_copy import policy


class RequestContext(context.RequestContext):
    """oslo.context's, with the one question that policy answers."""

    def can(self, rule: str, target: Mapping[str, Any] | None = None) -> None:
        """Let the caller go on only if policy allows it.

        ``target`` defaults to the caller's own project.

        :raises Forbidden: policy says no.
        """
        policy.authorize(self, rule, target or {"project_id": self.project_id})


def for_project(
    project_id: str, request_id: str | None = None
) -> RequestContext:
    """Return the context of work done later on behalf of a project.

    From now on this thread's log lines show the id of the request.
    """
    return RequestContext(project_id=project_id, request_id=request_id)
