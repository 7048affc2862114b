# SPDX-License-Identifier: Apache-2.0
"""What a bank tells of its checkpoints, as values for the catalogue.

A bank is not trusted: whatever is odd in it is an InvalidCheckpoint, so that
it concerns this one checkpoint only.
"""

import datetime
from collections.abc import Iterator

from karbor_copy import exceptions
from karbor_copy.banks import checkpoint_store
from karbor_copy.banks import keys
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import checkpoint_index
from karbor_copy.data_models import manifest as manifest_model
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import resource
from karbor_copy.data_models import status
from karbor_copy.db import catalog_limits
from karbor_copy.db import functions

_Status = status.CheckpointStatus

#: A deletion that goes on elsewhere will end as ``deleted``; one that has
#: died with its database can be asked for again.
_SHOWN = {_Status.DELETING: _Status.ERROR_DELETING}


def read_index(
    store: checkpoint_store.CheckpointStore,
    checkpoint_id: str,
    provider_id: str,
) -> checkpoint_index.CheckpointIndex:
    """Return the index of a checkpoint of this provider.

    :raises ObjectNotFound: there is none.
    :raises InvalidCheckpoint: it is malformed or another provider's.
    """
    index = store.read_index(checkpoint_id)
    if index.provider_id != provider_id:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=checkpoint_id,
            reason="it belongs to provider "
            + exceptions.shown(index.provider_id),
        )
    return index


def to_plan(
    index: checkpoint_index.CheckpointIndex, project_id: str
) -> plan_model.Plan:
    """Return the plan that a checkpoint was made from, as far as it tells.

    :raises InvalidCheckpoint: it tells of it what no plan can be.
    """
    told = index.protection_plan
    try:
        plan = plan_model.Plan(
            id=index.plan_id,
            project_id=project_id,
            provider_id=str(told.get("provider_id") or index.provider_id),
            name=str(told.get("name") or index.plan_id)[:255],
            description=None,
            status=status.PlanStatus.SUSPENDED,
            resources=plan_model.resources_of(told),
            parameters={},
        )
        catalog_limits.check_plan(plan)
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid(index, error) from error
    return plan


def to_checkpoint(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
    project_id: str,
) -> checkpoint.Checkpoint:
    """Return the checkpoint as its bank tells.

    :raises InvalidCheckpoint: it is malformed or not whole.
    """
    size = measure(store, index) if index.status is _Status.AVAILABLE else 0
    try:
        graph = resource.ResourceGraph.deserialize(
            index.resource_graph or "[{}, []]"
        )
        found = checkpoint.Checkpoint(
            id=index.id,
            project_id=project_id,
            provider_id=index.provider_id,
            plan_id=index.plan_id,
            status=_SHOWN.get(index.status, index.status),
            created_at=datetime.datetime.fromisoformat(index.created_at),
            timestamp=index.timestamp,
            protection_plan=index.protection_plan,
            resource_graph=index.resource_graph,
            extra_info=index.extra_info,
            copied_from=_copied_from(index),
            resource_types=graph.resource_types,
            committed_at=_committed_at(index),
            size=size,
        )
        catalog_limits.check_checkpoint(found)
    except (TypeError, ValueError) as error:
        raise _invalid(index, error) from error
    return found


def _copied_from(
    index: checkpoint_index.CheckpointIndex,
) -> checkpoint.CopiedFrom | None:
    """:raises ValueError: it is said in a way that nobody understands."""
    told = index.extra_info.get("copied_from")
    if told is not None and index.copied_from is None:
        raise ValueError("copied_from is no provider and checkpoint id")
    return index.copied_from


def _committed_at(
    index: checkpoint_index.CheckpointIndex,
) -> datetime.datetime | None:
    """Return when a checkpoint was found whole; None for an empty shell."""
    if index.status is _Status.AVAILABLE or index.manifest_sha256:
        return functions.utcnow()
    return None


def has_manifest(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
) -> bool:
    """Tell whether the manifest is there; one that Karbor wrote needs none."""
    if index.manifest_sha256 is None:
        return True
    try:
        store.bank.stat(keys.manifest_key(index.id))
    except exceptions.ObjectNotFound:
        return False
    return True


def measure(
    store: checkpoint_store.CheckpointStore,
    index: checkpoint_index.CheckpointIndex,
) -> int:
    """Return the bytes of a checkpoint of which nothing is missing.

    One that Karbor wrote has no manifest to compare with, but it must have
    a graph.

    :raises InvalidCheckpoint: not all is there that its index promises.
    """
    try:
        index.graph()
    except ValueError as error:
        raise _invalid(index, error) from error
    sizes = {info.key: info.size for info in store.list_objects(index.id)}
    if index.manifest_sha256 is None:
        if index.copied_from is not None:
            raise _invalid(index, "it is a copy without a manifest")
        return sum(sizes.values())
    try:
        made = store.read_manifest(index.id, index.manifest_sha256)
    except exceptions.ObjectNotFound as error:
        raise _invalid(index, "its manifest is missing") from error
    except exceptions.InvalidManifest as error:
        raise _invalid(index, error) from error
    for key in _missing(made, sizes):
        raise _invalid(index, f"{key} is missing or has another size")
    return made.size


def _missing(
    made: manifest_model.Manifest, sizes: dict[str, int]
) -> Iterator[str]:
    for key, entry in made.entries.items():
        if sizes.get(key) != entry.size:
            yield key


def _invalid(
    index: checkpoint_index.CheckpointIndex, reason: object
) -> exceptions.InvalidCheckpoint:
    return exceptions.InvalidCheckpoint(
        checkpoint_id=index.id, reason=exceptions.shown(reason)
    )
