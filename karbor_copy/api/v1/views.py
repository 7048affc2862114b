# SPDX-License-Identifier: Apache-2.0
"""What the API shows of each thing: pure functions to JSON objects."""

import datetime
import json
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from karbor_copy.data_models import checkpoint as checkpoint_model
from karbor_copy.data_models import copy_request as copy_model
from karbor_copy.data_models import operation_log as log_model
from karbor_copy.data_models import plan as plan_model
from karbor_copy.data_models import quota as quota_model
from karbor_copy.data_models import resource as resource_model
from karbor_copy.data_models import restore as restore_model
from karbor_copy.data_models import service as service_model
from karbor_copy.providers import provider as provider_model

#: Clients read the graph as JSON text and fail on null.
EMPTY_GRAPH = resource_model.ResourceGraph().serialize()


def _time(value: datetime.datetime | None) -> str | None:
    """Return a time in UTC, without a zone, as Karbor writes it."""
    return None if value is None else value.isoformat(timespec="microseconds")


def _parameters(parameters: plan_model.Parameters) -> dict[str, Any]:
    return {key: dict(values) for key, values in parameters.items()}


def plan(item: plan_model.Plan) -> dict[str, Any]:
    """Return what the API shows of a plan."""
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "resources": [resource.to_dict() for resource in item.resources],
        "provider_id": item.provider_id,
        "status": item.status,
        "parameters": _parameters(item.parameters),
    }


def provider(item: provider_model.Provider) -> dict[str, Any]:
    """Return what the API shows of a provider; nothing of its bank."""
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "region": item.region,
        "targets": list(item.targets),
        "extended_info_schema": item.extended_info_schema(),
    }


def checkpoint(item: checkpoint_model.Checkpoint) -> dict[str, Any]:
    """Return what the API shows of a checkpoint."""
    return {
        "id": item.id,
        "project_id": item.project_id,
        "status": item.status,
        "protection_plan": dict(item.protection_plan),
        "resource_graph": item.resource_graph or EMPTY_GRAPH,
        "created_at": item.created_at.date().isoformat(),
        "extra_info": json.dumps(dict(item.extra_info)),
    }


def new_copy(item: copy_model.Copy) -> dict[str, Any]:
    """Return the answer to the request for a copy."""
    return {
        "id": item.id,
        "project_id": item.project_id,
        "provider_id": item.provider_id,
        "target_provider_id": item.target_provider_id,
        "plan_id": item.plan_id,
        "parameters": _parameters(item.parameters),
        "status": item.status,
    }


def copy(item: copy_model.Copy) -> dict[str, Any]:
    """Return what the API shows of a copy request."""
    return {
        **new_copy(item),
        "created_at": _time(item.created_at),
        "updated_at": _time(item.updated_at),
        "counts": dict(item.counts),
    }


def checkpoint_copy(item: copy_model.CheckpointCopy) -> dict[str, Any]:
    """Return what the API shows of one checkpoint's copy."""
    return {
        "id": item.id,
        "checkpoint_id": item.checkpoint_id,
        "checkpoint_copy_id": item.checkpoint_copy_id,
        "status": item.status,
        "attempts": item.attempts,
        "bytes_total": item.bytes_total,
        "bytes_copied": item.bytes_copied,
        "bytes_skipped": item.bytes_skipped,
        "bytes_reused": item.bytes_reused,
        "objects_total": item.objects_total,
        "objects_copied": item.objects_copied,
        "resources": {
            key: dict(resource) for key, resource in item.resources.items()
        },
        "error_info": item.error_info,
        "started_at": _time(item.started_at),
        "ended_at": _time(item.ended_at),
    }


def verification(item: restore_model.Verification) -> dict[str, Any]:
    """Return what the API shows of a verification."""
    return {
        "id": item.id,
        "project_id": item.project_id,
        "provider_id": item.provider_id,
        "checkpoint_id": item.checkpoint_id,
        "parameters": _parameters(item.parameters),
        "status": item.status,
        "resources_status": dict(item.resources_status),
        "resources_reason": dict(item.resources_reason),
    }


def restore(item: restore_model.Restore) -> dict[str, Any]:
    """Return what the API shows of a restore."""
    return {**verification(item), "restore_target": item.restore_target}


def operation_log(item: log_model.OperationLog) -> dict[str, Any]:
    """Return what the API shows of an operation log."""
    return {
        "id": item.id,
        "operation_type": item.operation_type,
        "checkpoint_id": item.checkpoint_id,
        "plan_id": item.plan_id,
        "provider_id": item.provider_id,
        "restore_id": item.restore_id,
        "scheduled_operation_id": item.scheduled_operation_id,
        "status": item.status,
        "started_at": _time(item.started_at),
        "ended_at": _time(item.ended_at),
        "error_info": item.error_info,
        "extra_info": (
            None
            if item.extra_info is None
            else json.dumps(dict(item.extra_info))
        ),
    }


def instance(
    item: resource_model.Resource,
    dependents: Sequence[resource_model.Resource],
) -> dict[str, Any]:
    """Return what the API shows of a resource that could be protected."""
    return {
        **_resource(item),
        "dependent_resources": [_resource(child) for child in dependents],
    }


def _resource(item: resource_model.Resource) -> dict[str, Any]:
    extra: Mapping[str, Any] | None = item.extra_info
    return {
        "id": item.id,
        "type": item.type,
        "name": item.name,
        "extra_info": None if extra is None else dict(extra),
    }


def service(item: service_model.Service) -> dict[str, Any]:
    """Return what the API shows of a service."""
    return {
        "id": item.id,
        "binary": item.binary,
        "host": item.host,
        "status": item.status,
        "state": item.state,
        "updated_at": _time(item.updated_at),
        "disabled_reason": item.disabled_reason,
    }


def quota(
    limits: quota_model.Limits, id_: str | None = None
) -> dict[str, Any]:
    """Return what the API shows of limits, with whose they are."""
    shown: dict[str, Any] = {
        name.value: limits[name] for name in quota_model.Resource
    }
    return shown if id_ is None else {**shown, "id": id_}


def quota_usage(
    found: Mapping[quota_model.Resource, quota_model.Usage], project_id: str
) -> dict[str, Any]:
    """Return what the API shows of limits and their use.

    Nothing is ``reserved``: what is under way is in use.
    """
    return {
        **{
            name.value: {
                "limit": used.limit,
                "in_use": used.in_use,
                "reserved": 0,
            }
            for name, used in found.items()
        },
        "id": project_id,
    }
