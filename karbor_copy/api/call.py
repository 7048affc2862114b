# SPDX-License-Identifier: Apache-2.0
"""One request as controllers see it: who asks, for what, with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

from karbor_copy import context as request_context

#: The body of a request that has none, as null is one.
NO_BODY: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that has passed the hooks.

    ``body`` is the parsed JSON or ``NO_BODY``; ``root`` is the absolute
    address of the API, without a slash at its end; ``url`` is that of the
    request, without its query; ``query`` holds the query's pairs.
    """

    context: request_context.RequestContext
    root: str
    url: str
    query: Sequence[tuple[str, str]]
    body: Any = NO_BODY

    @property
    def project_id(self) -> str:
        """Return the one project whose things this caller may touch."""
        project_id: str | None = self.context.project_id
        if project_id is None:
            raise RuntimeError("a path below /v1/ was served to nobody")
        return project_id
