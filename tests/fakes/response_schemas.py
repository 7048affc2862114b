# SPDX-License-Identifier: Apache-2.0
"""Checks every answer of the API against its JSON schema."""

import functools
import json
import pathlib
from collections.abc import Iterable
from typing import Any

import jsonschema
import referencing

from karbor_copy.api import faults

DIRECTORY = pathlib.Path(__file__).resolve().parents[1] / "schemas"
#: Below /v1/{project_id}/; {} is one segment, the first that fits is taken.
ROUTES = {
    "GET plans": "plans",
    "POST plans": "plan",
    "GET plans/{}": "plan",
    "PUT plans/{}": "plan",
    "DELETE plans/{}": "nothing",
    "GET providers": "providers",
    "GET providers/{}": "provider",
    "GET providers/{}/checkpoints": "checkpoints",
    "POST providers/{}/checkpoints": "checkpoint",
    "POST providers/{}/checkpoints/action": "new_copy",
    "GET providers/{}/checkpoints/{}": "checkpoint",
    "PUT providers/{}/checkpoints/{}": "empty",
    "DELETE providers/{}/checkpoints/{}": "empty",
    "GET copies": "copies",
    "GET copies/{}": "copy_with_members",
    "POST copies/{}/action": "copy",
    "GET copies/{}/checkpoint_copies": "checkpoint_copies",
    "GET restores": "restores",
    "POST restores": "restore",
    "GET restores/{}": "restore",
    "GET verifications": "verifications",
    "POST verifications": "verification",
    "GET verifications/{}": "verification",
    "GET protectables": "protectable_types",
    "GET protectables/{}": "protectable_type",
    "GET protectables/{}/instances": "instances",
    "GET protectables/{}/instances/{}": "instance",
    "GET operation_logs": "operation_logs",
    "GET operation_logs/{}": "operation_log",
    "GET os-services": "services",
    "PUT os-services/{}": "service",
}
#: For other eyes than those of clients.
UNCHECKED = ("/healthcheck", "/healthcheck/ready", "/metrics")
TOP = {"/": "versions", "/v1": "version", "/v1/": "version"}


@functools.cache
def _resources() -> "referencing.Registry[Any]":
    return referencing.Registry().with_resources(
        (path.name, referencing.Resource.from_contents(_load(path)))
        for path in DIRECTORY.glob("*.json")
    )


def _load(path: pathlib.Path) -> Any:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **json.loads(path.read_text()),
    }


@functools.cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$ref": f"answers.json#/$defs/{name}"}, registry=_resources()
    )


def schema_name(method: str, path: str) -> str:
    """Return the name of the schema of a good answer."""
    if path in TOP:
        return TOP[path]
    segments = path.split("/")[3:]
    for route, name in ROUTES.items():
        verb, _, pattern = route.partition(" ")
        parts = pattern.split("/")
        if (
            verb == method
            and len(parts) == len(segments)
            and all(
                part in ("{}", segment)
                for part, segment in zip(parts, segments, strict=True)
            )
        ):
            return name
    raise AssertionError(f"no schema for the answers of {method} {path}")


def check(name: str, value: Any) -> None:
    """Fail unless the value is as the schema says."""
    error = jsonschema.exceptions.best_match(
        _validator(name).iter_errors(value)
    )
    assert error is None, f"{name}: {error}"


class Checker:
    """A WSGI application around the API's, called from this host."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        environ.setdefault("REMOTE_ADDR", "127.0.0.1")
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        seen: dict[str, Any] = {}

        def remember(status: str, headers: Any, *args: Any) -> Any:
            seen.update(code=int(status[:3]), headers=dict(headers))
            return start_response(status, headers, *args)

        body = b"".join(self._application(environ, remember))
        if path not in UNCHECKED and method != "HEAD":
            self._check(method, path, seen, body)
        return [body]

    def _check(
        self, method: str, path: str, seen: dict[str, Any], body: bytes
    ) -> None:
        assert seen["headers"]["Content-Type"] == "application/json"
        for name in ("x-openstack-request-id", "x-compute-request-id"):
            assert seen["headers"][name].startswith("req-")
        value = json.loads(body) if body else None
        if seen["code"] < 400:
            check(schema_name(method, path), value)
            return
        check("fault", value)
        ((name, fault),) = value.items()
        assert name == faults.NAMES.get(seen["code"], faults.DEFAULT_NAME)
        assert fault["code"] == seen["code"]
