# SPDX-License-Identifier: Apache-2.0
"""Protects a volume, copies all checkpoints of its plan, restores one."""

import sys

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import waits

VOLUME = "OS::Cinder::Volume"
#: Seconds after which the program gives up waiting; the service goes on.
PATIENCE = 3600


def plan_of(client: v1_client.Client, volume_id: str) -> str:
    """Return the id of the volume's plan, which is made where it is not."""
    name = f"volume {volume_id}"
    try:
        return str(client.plans.find(name)["id"])
    except errors.NameNotFound:
        volume = client.protectables.get_instance(VOLUME, volume_id)
        resource = {name: volume[name] for name in ("id", "type", "name")}
        provider = client.providers.find("region-one")
        return str(client.plans.create(name, provider["id"], [resource])["id"])


def protect(client: v1_client.Client, plan_id: str) -> None:
    """Make a checkpoint of a plan."""
    plan = client.plans.get(plan_id)
    begun = client.checkpoints.create(plan["provider_id"], plan_id)
    waits.for_checkpoint(
        client, plan["provider_id"], begun["id"], timeout=PATIENCE
    )


def copy(client: v1_client.Client, plan_id: str) -> list[str]:
    """Copy what is not copied yet; return the ids of the new copies."""
    plan = client.plans.get(plan_id)
    begun = client.copies.create(plan["provider_id"], plan_id)
    waits.for_copy(client, begun["id"], timeout=PATIENCE)
    members = client.copies.checkpoint_copies(begun["id"])
    return [member["checkpoint_copy_id"] for member in members]


def restore(client: v1_client.Client, checkpoint_id: str) -> list[str]:
    """Restore a checkpoint of region two; return the new resources."""
    provider = client.providers.find("region-two")
    begun = client.restores.create(provider["id"], checkpoint_id)
    ended = waits.for_restore(client, begun["id"], timeout=PATIENCE)
    return list(ended["resources_status"])


def main(url: str, project: str, user: str, volume_id: str) -> int:
    """Do it all, and tell what came of it."""
    try:
        client = v1_client.connect(url, project=project, user=user)
        plan_id = plan_of(client, volume_id)
        protect(client, plan_id)
        for checkpoint_id in copy(client, plan_id):
            print("copied as", checkpoint_id)
            for resource in restore(client, checkpoint_id):
                print("restored as", resource)
    except errors.ClientError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
