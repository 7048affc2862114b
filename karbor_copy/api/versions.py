# SPDX-License-Identifier: Apache-2.0
"""The version documents."""

from typing import Any

from karbor_copy.api import call
from karbor_copy.api import expose
from karbor_copy.api.schemas import versions as schema


def _version(this: call.Call) -> dict[str, Any]:
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": f"{this.root}/v1/"}],
    }


class VersionController:
    """Needs no token."""

    @expose.expose(status=300, answer=schema.MANY)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List the versions of the API."""
        return {"versions": [_version(this)]}

    @expose.expose(answer=schema.ONE)
    def show(self, this: call.Call) -> dict[str, Any]:
        """Show the version below whose address this is."""
        return {"version": _version(this)}
