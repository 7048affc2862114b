# SPDX-License-Identifier: Apache-2.0
"""Services: the processes of the server, for administrators."""

from collections.abc import Iterator

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class Services(collection.Collection):
    """``/os-services``."""

    KEY = "service"
    PLURAL = "services"

    def list(
        self, query: transport.Query | None = None
    ) -> Iterator[transport.Item]:
        """Yield those that the filters host and binary select."""
        return self._list(transport.path("os-services"), query)
