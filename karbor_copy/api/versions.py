# SPDX-License-Identifier: Apache-2.0
"""The version documents."""

import urllib.parse
from typing import Any

from karbor_copy.api import call
from karbor_copy.api import expose


def _version(this: call.Call) -> dict[str, Any]:
    href = urllib.parse.urljoin(this.url, "/v1/")
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": href}],
    }


class VersionController:
    """Needs no token."""

    @expose.expose(status=300)
    def index(self, this: call.Call) -> dict[str, Any]:
        """List the versions of the API."""
        return {"versions": [_version(this)]}

    @expose.expose()
    def show(self, this: call.Call) -> dict[str, Any]:
        """Show the version below whose address this is."""
        return {"version": _version(this)}
