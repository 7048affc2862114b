# SPDX-License-Identifier: Apache-2.0
"""Serves the OpenAPI document."""

import functools
import hashlib
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any
from typing import Final

import pecan

from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api import hooks
from karbor_copy.api.openapi import document
from karbor_copy.api.schemas import common

#: For a path it changes with the release only, and is cheap to ask for.
_CACHE_CONTROL: Final = "public, max-age=300"
#: One for each path below which the API is served.
_MAX_KEPT: Final = 4


class DocumentController:
    """/v1/openapi.json, which needs no token."""

    def __init__(
        self, paths: Mapping[str, Mapping[str, expose.Handler]]
    ) -> None:
        self._built = functools.lru_cache(_MAX_KEPT)(
            functools.partial(_build, paths)
        )

    @expose.expose(
        answer=common.OBJECT,
        others={304: None},
        headers=("ETag", "Cache-Control"),
    )
    def show(self, this: call.Call) -> Any:
        """Show this description of the API."""
        body, tag = self._built(urllib.parse.urlsplit(this.root).path or "/")
        return pecan.Response(
            body=body,
            content_type=hooks.CONTENT_TYPE,
            charset=None,
            cache_control=_CACHE_CONTROL,
            etag=tag,
            conditional_response=True,
        )


def _build(
    paths: Mapping[str, Mapping[str, expose.Handler]], root: str
) -> tuple[bytes, str]:
    """Return the document and its digest."""
    body = json.dumps(document.document(paths, root)).encode()
    return body, hashlib.sha256(body).hexdigest()
