# SPDX-License-Identifier: Apache-2.0
"""Tests of waiting for an end, good or bad, in time or not."""

from typing import Any

import pytest

from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors
from karbor_copy.client.v1 import waits
from tests.fakes import scripted_api

CHECKPOINT = "/providers/prov/checkpoints/c"


def states(key: str, *statuses: str) -> list[dict[str, Any]]:
    return [{key: {"id": "x", "status": status}} for status in statuses]


def logs(api: scripted_api.ScriptedApi, *reasons: Any) -> None:
    found = [{"error_info": reason} for reason in reasons]
    api.on("GET", "/operation_logs", {"operation_logs": found})


def test_checkpoint_becomes_available(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on(
        "GET",
        CHECKPOINT,
        *states("checkpoint", *["protecting"] * 12, "available"),
    )
    found = waits.for_checkpoint(client, "prov", "c")
    assert found["status"] == "available"
    assert len(clock) == 12
    assert clock == sorted(clock)
    assert clock[0] == pytest.approx(0.1)
    assert clock[-1] == 2.0


def test_checkpoint_fails(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "protecting", "error"))
    logs(api, "volume is gone", "volume is gone")
    with pytest.raises(errors.OperationFailed) as e:
        waits.for_checkpoint(client, "prov", "c")
    assert str(e.value) == "Checkpoint c ended as error: volume is gone"


def test_no_reason(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "error"))
    logs(api)
    with pytest.raises(errors.OperationFailed, match="gives no reason"):
        waits.for_checkpoint(client, "prov", "c")


def test_many_reasons(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "error"))
    logs(api, *"abcdefg")
    with pytest.raises(errors.OperationFailed) as e:
        waits.for_checkpoint(client, "prov", "c")
    assert str(e.value).endswith("error: a; b; c; d; e; and 2 more")


def test_timeout_tells_the_reason_so_far(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "protecting"))
    logs(api, "Bank unavailable: no container")
    with pytest.raises(errors.WaitTimeout) as e:
        waits.for_checkpoint(client, "prov", "c", timeout=30)
    assert str(e.value) == (
        "Checkpoint c is still protecting after 30 s: Bank unavailable: no "
        "container"
    )
    assert 30 < sum(clock) < 34


@pytest.mark.parametrize("end", ["gone", "deleted"])
def test_deletion(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    clock: list[float],
    end: str,
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "deleting"))
    if end == "gone":
        api.on("GET", CHECKPOINT, {"itemNotFound": {}}, status=404)
    else:
        api.on("GET", CHECKPOINT, *states("checkpoint", end))
    waits.for_deletion(client, "prov", "c")
    assert len(api.requests) == 2


def test_failed_deletion(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", CHECKPOINT, *states("checkpoint", "error-deleting"))
    logs(api, "read-only")
    with pytest.raises(errors.OperationFailed, match="deleting: read-only"):
        waits.for_deletion(client, "prov", "c")


def test_copy_is_watched_to_its_end(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", "/copies/c", *states("copy", "wait_copying", "finished"))
    members = [[], [{"id": "m", "status": "finished"}]]
    api.on(
        "GET",
        "/copies/c/checkpoint_copies",
        *({"checkpoint_copies": found} for found in members),
    )
    seen = []
    waits.for_copy(client, "c", watch=seen.append)
    assert seen == members


def test_failed_copy_tells_of_its_checkpoints(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    api.on("GET", "/copies/c", *states("copy", "error"))
    members = [
        {"checkpoint_id": "1", "error_info": None},
        {"checkpoint_id": "2", "error_info": "source object is corrupt"},
    ]
    api.on(
        "GET", "/copies/c/checkpoint_copies", {"checkpoint_copies": members}
    )
    with pytest.raises(errors.OperationFailed) as e:
        waits.for_copy(client, "c")
    assert str(e.value) == (
        "Copy c ended as error: checkpoint 2: source object is corrupt"
    )


def test_failed_restore(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    restore = {
        "id": "r",
        "status": "fail",
        "resources_reason": {"T#1": "no room", "T#2": ""},
    }
    api.on("GET", "/restores/r", {"restore": restore})
    logs(api, "T failed")
    with pytest.raises(errors.OperationFailed) as e:
        waits.for_restore(client, "r")
    assert str(e.value) == "Restore r ended as fail: T#1: no room; T failed"
    assert api.requests[-1].query == {"restore_id": "r"}


@pytest.mark.parametrize(
    ("reasons", "text"), [({"T#1": "rot"}, "T#1: rot"), ({}, "no manifest")]
)
def test_failed_verification(
    api: scripted_api.ScriptedApi,
    client: v1_client.Client,
    clock: list[float],
    reasons: Any,
    text: str,
) -> None:
    verification = {
        "id": "v",
        "status": "fail",
        "checkpoint_id": "c",
        "resources_reason": reasons,
    }
    api.on("GET", "/verifications/v", {"verification": verification})
    logs(api, "no manifest")
    with pytest.raises(errors.OperationFailed) as e:
        waits.for_verification(client, "v")
    assert str(e.value) == f"Verification v ended as fail: {text}"


def test_good_uses(
    api: scripted_api.ScriptedApi, client: v1_client.Client, clock: list[float]
) -> None:
    good = {"id": "u", "status": "success"}
    api.on("GET", "/restores/u", {"restore": good})
    api.on("GET", "/verifications/u", {"verification": good})
    assert waits.for_restore(client, "u") == good
    assert waits.for_verification(client, "u") == good


GONE = errors.Unreachable("http://x", "gone")
UNAVAILABLE = errors.Unavailable(503, "No database")


class Away:
    """A checkpoint whose service is away for some of the questions."""

    def __init__(self, outage: list[Exception]) -> None:
        self.answers: list[Any] = [
            {"id": "c", "status": "protecting"},
            *outage,
        ]
        self.checkpoints = self

    def get(self, provider_id: str, checkpoint_id: str) -> dict[str, Any]:
        if not self.answers:
            return {"id": "c", "status": "available"}
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def test_a_restart_of_the_service_is_waited_out(clock: list[float]) -> None:
    away = Away([GONE, UNAVAILABLE, UNAVAILABLE, GONE])
    found = waits.for_checkpoint(away, "prov", "c")
    assert found["status"] == "available"


@pytest.mark.parametrize("error", [GONE, UNAVAILABLE])
def test_a_service_that_stays_away(
    clock: list[float], error: Exception
) -> None:
    with pytest.raises(type(error)):
        waits.for_checkpoint(Away([error] * 500), "prov", "c")
    assert 60 < sum(clock) < 64


def test_a_service_that_was_never_there(clock: list[float]) -> None:
    away = Away([])
    away.answers = [GONE]
    with pytest.raises(errors.Unreachable):
        waits.for_checkpoint(away, "prov", "c")
    assert clock == []
