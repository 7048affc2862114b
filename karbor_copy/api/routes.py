# SPDX-License-Identifier: Apache-2.0
"""Every path of the API on one screen, and the way to its handler."""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from karbor_copy.api import collaborators
from karbor_copy.api import documents
from karbor_copy.api import expose
from karbor_copy.api import faults
from karbor_copy.api import identity
from karbor_copy.api import monitoring
from karbor_copy.api import path_ids
from karbor_copy.api import versions
from karbor_copy.api.v1 import checkpoints
from karbor_copy.api.v1 import copies
from karbor_copy.api.v1 import operation_logs
from karbor_copy.api.v1 import plans
from karbor_copy.api.v1 import protectables
from karbor_copy.api.v1 import providers
from karbor_copy.api.v1 import quota_classes
from karbor_copy.api.v1 import quotas
from karbor_copy.api.v1 import restores
from karbor_copy.api.v1 import services as os_services
from karbor_copy.api.v1 import verifications
from karbor_copy.data_models import ids

Methods = Mapping[str, expose.Handler]

#: Path -> the one that it is another name of.
ALIASES = {"/v1": "/v1/"}


def table(collaborators: collaborators.Collaborators) -> dict[str, Methods]:
    """Return path -> method -> handler."""
    version = versions.VersionController()
    monitor = monitoring.MonitoringController(collaborators)
    below = {
        **_protected(collaborators),
        **_records(collaborators),
        **_deployment(collaborators),
    }
    paths: dict[str, Methods] = {
        "/": {"GET": version.index},
        "/healthcheck": {"GET": monitor.live},
        "/healthcheck/ready": {"GET": monitor.ready},
        "/metrics": {"GET": monitor.count},
        "/v1/": {"GET": version.show},
        **{f"/v1/{{project_id}}/{path}": m for path, m in below.items()},
    }
    # It tells of itself too.
    paths[identity.DOCUMENT] = {
        "GET": documents.DocumentController(paths).show
    }
    return {
        **paths,
        **{alias: paths[path] for alias, path in ALIASES.items()},
    }


def _protected(
    collaborators: collaborators.Collaborators,
) -> dict[str, Methods]:
    """Return what is protected, where, and its copies."""
    provider = providers.ProviderController(collaborators)
    checkpoint = checkpoints.CheckpointController(collaborators)
    copy = copies.CopyController(collaborators)
    plan = plans.PlanController(collaborators)
    return {
        "plans": {"GET": plan.index, "POST": plan.create},
        "plans/{plan_id}": {
            "GET": plan.show,
            "PUT": plan.update,
            "DELETE": plan.delete,
        },
        "providers": {"GET": provider.index},
        "providers/{provider_id}": {"GET": provider.show},
        "providers/{provider_id}/checkpoints": {
            "GET": checkpoint.index,
            "POST": checkpoint.create,
        },
        "providers/{provider_id}/checkpoints/action": {"POST": copy.create},
        "providers/{provider_id}/checkpoints/{checkpoint_id}": {
            "GET": checkpoint.show,
            "PUT": checkpoint.reset,
            "DELETE": checkpoint.delete,
        },
        "copies": {"GET": copy.index},
        "copies/{copy_id}": {"GET": copy.show},
        "copies/{copy_id}/action": {"POST": copy.action},
        "copies/{copy_id}/checkpoint_copies": {"GET": copy.index_members},
    }


def _records(collaborators: collaborators.Collaborators) -> dict[str, Methods]:
    """Return what is done with checkpoints, and what there is to see."""
    protectable = protectables.ProtectableController(collaborators)
    restore = restores.RestoreController(collaborators)
    verification = verifications.VerificationController(collaborators)
    log = operation_logs.OperationLogController(collaborators)
    return {
        "restores": {"GET": restore.index, "POST": restore.create},
        "restores/{restore_id}": {"GET": restore.show},
        "verifications": {
            "GET": verification.index,
            "POST": verification.create,
        },
        "verifications/{verification_id}": {"GET": verification.show},
        "protectables": {"GET": protectable.index},
        "protectables/{resource_type}": {"GET": protectable.show},
        "protectables/{resource_type}/instances": {
            "GET": protectable.index_instances
        },
        "protectables/{resource_type}/instances/{resource_id}": {
            "GET": protectable.show_instance
        },
        "operation_logs": {"GET": log.index},
        "operation_logs/{operation_log_id}": {"GET": log.show},
    }


def _deployment(
    collaborators: collaborators.Collaborators,
) -> dict[str, Methods]:
    """Return what administrators look after."""
    service = os_services.ServiceController(collaborators)
    quota = quotas.QuotaController(collaborators)
    quota_class = quota_classes.QuotaClassController(collaborators)
    return {
        "os-services": {"GET": service.index},
        "os-services/{service_id}": {"PUT": service.update},
        "quotas/{target_project_id}": {
            "GET": quota.show,
            "PUT": quota.update,
            "DELETE": quota.delete,
        },
        "quotas/{target_project_id}/defaults": {"GET": quota.show_defaults},
        "quotas/{target_project_id}/detail": {"GET": quota.show_usage},
        "quota_classes/{class_name}": {
            "GET": quota_class.show,
            "PUT": quota_class.update,
        },
    }


class Match(NamedTuple):
    """An entry of the table, and the ids that the path has in it.

    The project's id, which has been checked, is not among them. A UUID is
    in its canonical form.
    """

    path: str
    methods: Methods
    ids: list[str]


class Router:
    """Finds the entry of the table that a path matches."""

    def __init__(self, paths: Mapping[str, Methods]) -> None:
        self._paths = paths
        self._by_length: dict[int, list[list[str]]] = defaultdict(list)
        # A fixed word ("action") goes before an id in its place.
        for path in sorted(paths, key=lambda path: path.replace("{", "~")):
            pattern = path.split("/")[1:]
            self._by_length[len(pattern)].append(pattern)

    def match(self, segments: Sequence[str]) -> Match:
        """Return what the path offers, and the ids in it.

        :raises HTTPFault: 404, also for an id that is none.
        """
        for pattern in self._by_length.get(len(segments), ()):
            if all(
                bool(segment) if part.startswith("{") else part == segment
                for part, segment in zip(pattern, segments, strict=True)
            ):
                ids = [
                    segment if part[1:-1] in path_ids.FREE else _uuid(segment)
                    for part, segment in zip(pattern, segments, strict=True)
                    if part.startswith("{") and part != "{project_id}"
                ]
                path = "/".join(["", *pattern])
                return Match(path, self._paths[path], ids)
        raise faults.HTTPFault(404, faults.NOT_FOUND)


def _uuid(segment: str) -> str:
    if not ids.is_uuid(segment):
        raise faults.HTTPFault(404, faults.NOT_FOUND)
    return ids.canonical(segment)
