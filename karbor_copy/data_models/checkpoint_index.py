# SPDX-License-Identifier: Apache-2.0
"""A checkpoint's index.json: Karbor's record of it, in the bank itself."""

import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karbor_copy import exceptions
from karbor_copy.data_models import checkpoint
from karbor_copy.data_models import resource
from karbor_copy.data_models import status as statuses
from karbor_copy.data_models import strict_json

#: Bytes; the resource graph is the bulk of it. A bank is not trusted.
MAX_SIZE = 64 * 1024 * 1024
#: Seconds since the epoch that a date can still be made of.
MAX_TIMESTAMP = 253402300799

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointIndex:
    """What index.json says.

    ``resource_graph`` is Karbor's JSON text, ``created_at`` a date as text,
    ``timestamp`` seconds since the epoch; ``manifest_sha256`` is None for
    what Karbor wrote.
    """

    id: str
    status: statuses.CheckpointStatus
    owner_id: str
    provider_id: str
    project_id: str
    protection_plan: Mapping[str, Any]
    resource_graph: str | None
    extra_info: Mapping[str, Any]
    created_at: str
    timestamp: int
    manifest_sha256: str | None = None

    @property
    def plan_id(self) -> str:
        """Return the id of the plan that the checkpoint was made from."""
        return str(self.protection_plan["id"])

    @property
    def copied_from(self) -> checkpoint.CopiedFrom | None:
        """Return the origin of a copy; None for what is no copy."""
        match self.extra_info.get("copied_from"):
            case {
                "provider_id": str() as provider_id,
                "checkpoint_id": str() as checkpoint_id,
            }:
                return checkpoint.CopiedFrom(
                    provider_id=provider_id, checkpoint_id=checkpoint_id
                )
        return None

    def graph(self) -> resource.ResourceGraph:
        """Return the graph of what the checkpoint holds.

        :raises ValueError: it is malformed, or there is none though the plan
            has resources: an empty shell, as copies by Karbor may be.
        """
        found = resource.ResourceGraph.deserialize(
            self.resource_graph or "[{}, []]"
        )
        if self.protection_plan.get("resources") and not found.nodes:
            raise ValueError("it holds none of its plan's resources")
        return found

    def to_json(self) -> bytes:
        """Return the object's bytes: the same for the same values."""
        value: dict[str, Any] = {
            "version": checkpoint.INDEX_VERSION,
            "id": self.id,
            "status": self.status.value,
            "owner_id": self.owner_id,
            "provider_id": self.provider_id,
            "project_id": self.project_id,
            "protection_plan": dict(self.protection_plan),
            "extra_info": json.dumps(dict(self.extra_info), sort_keys=True),
            "created_at": self.created_at,
            "timestamp": self.timestamp,
        }
        if self.resource_graph is not None:
            value["resource_graph"] = self.resource_graph
        if self.manifest_sha256 is not None:
            value["manifest_sha256"] = self.manifest_sha256
        return json.dumps(value, sort_keys=True).encode()


def from_json(data: bytes, checkpoint_id: str) -> CheckpointIndex:
    """Read an index.json that anyone may have written.

    :raises InvalidCheckpoint: malformed, of another version, or not that
        checkpoint's.
    """
    try:
        value = _parse(data)
        if value.get("id") != checkpoint_id:
            raise ValueError("it is another checkpoint's")
        return _read(value)
    except ValueError as error:
        raise exceptions.InvalidCheckpoint(
            checkpoint_id=checkpoint_id, reason=exceptions.shown(error)
        ) from error


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_SIZE:
        raise ValueError(f"larger than {MAX_SIZE} bytes")
    value = strict_json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    if value.get("version") != checkpoint.INDEX_VERSION:
        raise ValueError("its version is unknown")
    _check_text(value)
    return value


def _check_text(value: Any) -> None:
    """Refuse what databases and JSON readers elsewhere would choke on."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()  # a lone surrogate is a ValueError
    if "\\u0000" in text:
        raise ValueError("a NUL character")


def _read(value: Mapping[str, Any]) -> CheckpointIndex:
    return CheckpointIndex(
        id=_text(value, "id"),
        status=statuses.CheckpointStatus(_text(value, "status")),
        owner_id=_optional_text(value, "owner_id") or "",
        provider_id=_text(value, "provider_id"),
        project_id=_text(value, "project_id"),
        protection_plan=_protection_plan(value.get("protection_plan")),
        resource_graph=_optional_text(value, "resource_graph"),
        extra_info=_extra_info(value.get("extra_info")),
        created_at=_date(_text(value, "created_at")),
        timestamp=_timestamp(value.get("timestamp")),
        manifest_sha256=_digest(_optional_text(value, "manifest_sha256")),
    )


def _text(value: Mapping[str, Any], name: str) -> str:
    if not isinstance(value.get(name), str):
        raise ValueError(f"{name} is no text")
    return str(value[name])


def _optional_text(value: Mapping[str, Any], name: str) -> str | None:
    return None if value.get(name) is None else _text(value, name)


def _protection_plan(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("protection_plan is no object")
    _text(value, "id")
    _optional_text(value, "name")
    _optional_text(value, "provider_id")
    resources = value.get("resources", [])
    if not isinstance(resources, list) or not all(
        isinstance(resource, dict) for resource in resources
    ):
        raise ValueError("resources of protection_plan is no list of objects")
    return value


def _extra_info(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = strict_json.loads(value) if value else None
        _check_text(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("extra_info is no object")
    return value


def _date(value: str) -> str:
    if not _DATE.fullmatch(value):
        raise ValueError("created_at is no date")
    datetime.date.fromisoformat(value)
    return value


def _timestamp(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_TIMESTAMP:
        raise ValueError("timestamp is no time")
    return value


def _digest(value: str | None) -> str | None:
    if value is not None and not _DIGEST.fullmatch(value):
        raise ValueError("manifest_sha256 is no SHA-256")
    return value
