# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: what a provider's bank holds of a plan."""

from collections.abc import Iterator
from collections.abc import Mapping

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport


class Checkpoints(collection.Collection):
    """``/providers/{provider_id}/checkpoints``."""

    KEY = "checkpoint"
    PLURAL = "checkpoints"

    def create(
        self,
        provider_id: str,
        plan_id: str,
        extra_info: Mapping[str, str] | None = None,
    ) -> transport.Item:
        """Begin to protect a plan.

        :raises ApiError: the server refused
        """
        # The key has a hyphen on the wire.
        body = {
            "plan_id": plan_id,
            "extra-info": dict(extra_info) if extra_info else None,
        }
        return self._send("POST", self._path(provider_id), {self.KEY: body})

    def get(self, provider_id: str, checkpoint_id: str) -> transport.Item:
        """Return one by its id.

        :raises NotFound: there is none
        """
        return self._show(self._path(provider_id, checkpoint_id))

    def list(
        self,
        provider_id: str,
        query: transport.Query | None = None,
        *,
        limit: int | None = None,
    ) -> Iterator[transport.Item]:
        """Yield those of a provider that the filters select."""
        return self._list(self._path(provider_id), query, limit=limit)

    def delete(self, provider_id: str, checkpoint_id: str) -> None:
        """Begin to delete one.

        :raises ApiError: the server refused
        """
        self._http.request("DELETE", self._path(provider_id, checkpoint_id))

    def _path(self, provider_id: str, *more: str) -> str:
        return transport.path("providers", provider_id, self.PLURAL, *more)
