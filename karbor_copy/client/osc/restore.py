# SPDX-License-Identifier: Apache-2.0
"""Commands: restore create, list, show."""

from karbor_copy.client.osc import checkpoint_use
from karbor_copy.client.v1 import restores
from karbor_copy.client.v1 import transport
from karbor_copy.client.v1 import waits


class _Restores(checkpoint_use.Uses):
    @property
    def uses(self) -> restores.CheckpointUses:
        """Return the restores."""
        return self.client.restores


class CreateRestore(_Restores, checkpoint_use.CreateUse):
    """Restore a checkpoint, or a copy of one, into new resources."""

    def wait(self, item_id: str) -> transport.Item:
        """Wait for the restore.

        :raises OperationFailed: it failed
        """
        steps = ("What became of each resource", f"restore show {item_id}")
        with self.next_steps(steps):
            return waits.for_restore(self.client, item_id)


class ListRestores(_Restores, checkpoint_use.ListUses):
    """List the restores."""


class ShowRestore(_Restores, checkpoint_use.ShowUse):
    """Show a restore with the state of each resource."""
