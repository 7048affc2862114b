# SPDX-License-Identifier: Apache-2.0
"""Commands: verification create, list, show."""

from karbor_copy.client.osc import checkpoint_use
from karbor_copy.client.v1 import restores
from karbor_copy.client.v1 import transport
from karbor_copy.client.v1 import waits


class _Verifications(checkpoint_use.Uses):
    @property
    def uses(self) -> restores.CheckpointUses:
        """Return the verifications."""
        return self.client.verifications


class CreateVerification(_Verifications, checkpoint_use.CreateUse):
    """Verify that all data of a checkpoint is there and right."""

    def wait(self, item_id: str) -> transport.Item:
        """Wait for the verification.

        :raises OperationFailed: it failed
        """
        steps = (
            "What became of each resource",
            f"verification show {item_id}",
        )
        with self.next_steps(steps):
            return waits.for_verification(self.client, item_id)


class ListVerifications(_Verifications, checkpoint_use.ListUses):
    """List the verifications."""


class ShowVerification(_Verifications, checkpoint_use.ShowUse):
    """Show a verification with the state of each resource."""
