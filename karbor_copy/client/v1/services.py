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

    def enable(self, service_id: str) -> transport.Item:
        """Let a protection service take work again.

        :raises NotFound: there is none
        """
        return self._update(service_id, {"status": "enabled"})

    def disable(
        self, service_id: str, reason: str | None = None
    ) -> transport.Item:
        """Let a protection service take no more work.

        :raises NotFound: there is none
        """
        body = {"status": "disabled", "disabled_reason": reason}
        return self._update(service_id, body)

    def _update(self, service_id: str, body: transport.Item) -> transport.Item:
        where = transport.path("os-services", service_id)
        return self._send("PUT", where, body)
