# SPDX-License-Identifier: Apache-2.0
"""What every command does after a bad end."""

import types
from collections.abc import Callable
from typing import Any

import pytest

from karbor_copy.client.osc import copies
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from tests.fakes import scripted_api

ONE = "cf56bd3e-97a7-4078-b6d5-f36246333fd9"
PLAN = "3523a271-68aa-42f5-b9ba-56e5200a2ebb"
CHECKPOINTS = f"/providers/{ONE}/checkpoints"


def test_next_steps_are_commands_of_the_shell_that_runs(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    clock: list[float],
) -> None:
    openstack = types.SimpleNamespace(
        NAME="openstack",
        client_manager=types.SimpleNamespace(karbor_copy=client),
        command_manager=types.SimpleNamespace(namespace="openstack.cli"),
    )
    command = copies.RetryCopy(openstack, None, "data protection copy retry")
    api.on("GET", "/copies/k", {"copy": {"id": "k", "status": "cancelled"}})
    api.on("GET", "/copies/k/checkpoint_copies", {"checkpoint_copies": []})
    with pytest.raises(errors.OperationFailed) as e:
        command.wait("k")
    step = "openstack data protection copy retry k --wait"
    assert str(e.value).endswith(f": {step}")


def failing(api: scripted_api.ScriptedApi) -> None:
    """Let all that is made and waited for fail, for no reason told."""
    api.on("GET", f"/providers/{ONE}", {"provider": {"id": ONE}})
    api.on("GET", f"/plans/{PLAN}", {"plan": {"id": PLAN}})
    made = {"id": "x", "checkpoint_id": "c", "status": "error"}
    for noun in ("restore", "verification"):
        api.on("POST", f"/{noun}s", {noun: made})
        api.on("GET", f"/{noun}s/x", {noun: made})
    api.on("POST", CHECKPOINTS, {"checkpoint": made})
    api.on("GET", f"{CHECKPOINTS}/x", {"checkpoint": made})
    api.on("DELETE", f"{CHECKPOINTS}/x", {})
    api.on("GET", "/operation_logs", {"operation_logs": []})


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (
            f"checkpoint create {ONE} {PLAN}",
            [
                f"Remove it: karbor-copy checkpoint delete {ONE} x",
                f"Make another: karbor-copy checkpoint create {ONE} {PLAN}",
            ],
        ),
        (
            f"checkpoint delete {ONE} x",
            [f"Try again: karbor-copy checkpoint delete {ONE} x --wait"],
        ),
        (
            f"restore create {ONE} c",
            ["What became of each resource: karbor-copy restore show x"],
        ),
        (
            f"verification create {ONE} c",
            ["What became of each resource: karbor-copy verification show x"],
        ),
    ],
)
def test_what_fails_says_how_to_go_on(
    api: scripted_api.ScriptedApi,
    shell: Callable[..., Any],
    clock: list[float],
    words: str,
    steps: list[str],
) -> None:
    failing(api)
    code, out, err = shell(*words.split(), "--wait")
    assert (code, out) == (1, "")
    assert err.splitlines()[1:] == steps
