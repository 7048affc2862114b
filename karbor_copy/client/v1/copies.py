# SPDX-License-Identifier: Apache-2.0
"""Copies: requests to copy all uncopied checkpoints of a plan."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from karbor_copy.client.v1 import collection
from karbor_copy.client.v1 import transport

_CHECKPOINT_COPIES = "checkpoint_copies"


class Copies(collection.Resources):
    """``/copies``, and the action of checkpoints that makes one."""

    KEY = "copy"
    PLURAL = "copies"

    def create(
        self,
        provider_id: str,
        plan_id: str,
        *,
        target_provider_id: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> transport.Item:
        """Begin to copy; without a target, to the provider's first one.

        :raises ApiError: the server refused
        """
        body: transport.Item = {
            "plan_id": plan_id,
            "parameters": dict(parameters or {}),
        }
        if target_provider_id is not None:
            body["target_provider_id"] = target_provider_id
        where = transport.path(
            "providers", provider_id, "checkpoints", "action"
        )
        return self._send("POST", where, {self.KEY: body})

    def checkpoint_copies(
        self, copy_id: str, *, limit: int | None = None
    ) -> Iterator[transport.Item]:
        """Yield what became of each checkpoint of a copy."""
        where = transport.path(self.PLURAL, copy_id, _CHECKPOINT_COPIES)
        return self._list(where, limit=limit, plural=_CHECKPOINT_COPIES)

    def cancel(self, copy_id: str) -> transport.Item:
        """Stop a copy; what is finished stays.

        :raises ApiError: the server refused
        """
        return self._act(copy_id, "cancel")

    def retry(self, copy_id: str) -> transport.Item:
        """Try again what a copy did not finish.

        :raises ApiError: the server refused
        """
        return self._act(copy_id, "retry")

    def _act(self, copy_id: str, action: str) -> transport.Item:
        where = transport.path(self.PLURAL, copy_id, "action")
        return self._send("POST", where, {action: None})
