# SPDX-License-Identifier: Apache-2.0
"""Which error tells why an operation ended, and when it is tried again."""

import time
from typing import Any

import prometheus_client
import pytest

from karbor_copy import exceptions
from karbor_copy.db import operation_logs
from karbor_copy.db import settle
from karbor_copy.protection import ending
from karbor_copy.protection import running
from karbor_copy.protection import settling
from karbor_copy.protection import threads
from tests.fakes import logs


def operation(**fields: Any) -> running.RunningOperation:
    return running.RunningOperation(
        logs.operation_log(**fields),
        time.monotonic() + 60,
        lease=60.0,
    )


def test_a_real_error_counts_more_than_the_stops_it_caused():
    real = exceptions.ResourceFailed(reason="real")
    errors = [running.Abandoned(), real]
    assert ending.choose(operation(), errors) is real


def test_the_cause_is_known_even_where_only_the_stopped_are_told_of():
    real = exceptions.ResourceFailed(reason="real")
    stopped = operation()
    stopped.stop(running.Abandoned(real))
    assert ending.choose(stopped, [running.Abandoned()]) is real


def test_a_cancel_counts_more_than_what_it_caused():
    stopped = operation()
    cancel = exceptions.OperationCancelled()
    stopped.stop(cancel)
    errors = [exceptions.ResourceFailed(reason="caused by it")]
    assert ending.choose(stopped, errors) is cancel


def test_only_stops():
    first = running.Abandoned()
    assert ending.choose(operation(), [first, running.Abandoned()]) is first


def test_pauses_grow_to_an_hour_and_no_further():
    delays = [ending.growing_delay(attempts) for attempts in range(1, 5000)]
    assert delays[:3] == [10, 20, 40]
    assert delays == sorted(delays)
    assert delays[-1] == 3600


def test_a_lost_lease_is_counted():
    def lost():
        name = "karbor_copy_lease_losses_total"
        return prometheus_client.REGISTRY.get_sample_value(name)

    before = lost()
    ending.end(operation(), exceptions.LeaseLost(operation_log_id="x"))
    assert lost() == before + 1


def test_a_cancel_that_nobody_has_heard_of_wins_over_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[settle.Outcome] = []

    def end(_operation: Any, outcome: settle.Outcome) -> None:
        outcomes.append(outcome)
        if outcome.result is settle.FAILURE:
            raise exceptions.OperationCancelled

    monkeypatch.setattr(settling, "settle", end)
    ending.end(operation(), exceptions.ResourceFailed(reason="worn out"))
    assert [outcome.result for outcome in outcomes] == [
        settle.FAILURE,
        settle.CANCELLED,
    ]
    assert outcomes[-1].reason is None


AWAY = exceptions.DatabaseUnavailable()


@pytest.fixture
def handed_back(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give what is handed back, as the database is told of it."""
    told: list[Any] = []

    def hand_back(
        log_id: str, epoch: int, delay: float = 0.0, reason: Any = None
    ) -> None:
        told.append((log_id, epoch, delay, reason))

    monkeypatch.setattr(operation_logs, "hand_back", hand_back)
    return told


@pytest.mark.parametrize("state", ["running", "committing"])
@pytest.mark.parametrize("error", [AWAY, threads.NoThreadLeft()])
def test_a_lapse_is_no_failure(
    handed_back: list[Any],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    state: str,
) -> None:
    stopped = operation()
    if state == "committing":
        stopped.set_committing()
    ending.end(stopped, error)
    assert handed_back == [(stopped.id, stopped.epoch, 0.0, str(error))]
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(error) in record.getMessage()


def test_a_drain_is_no_reason_to_be_told(
    handed_back: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    stopped = operation()
    ending.end(stopped, exceptions.OperationDrained())
    assert handed_back == [(stopped.id, stopped.epoch, 0.0, None)]
    assert "WARNING" not in caplog.text


@pytest.mark.parametrize("error", [AWAY, threads.NoThreadLeft()])
def test_a_lapse_that_repeats_lets_it_wait_longer(
    handed_back: list[Any], error: Exception
) -> None:
    # The epochs of its claims: a hand-back counts too, an attempt not.
    for epoch in range(1, 31, 2):
        ending.end(operation(epoch=epoch), error)
    delays = [told[2] for told in handed_back]
    assert delays[:5] == [0, 1, 2, 4, 8]
    assert delays[-1] == 60
    ending.end(operation(epoch=31), exceptions.OperationDrained())
    assert handed_back[-1][2] == 0


def test_lost_leases_are_no_lapses(handed_back: list[Any]) -> None:
    ending.end(operation(epoch=3, attempts=3), AWAY)
    assert [told[2] for told in handed_back] == [0]


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("hand_back", AWAY),
        ("hand_back", exceptions.OperationDrained()),
        ("put_off", exceptions.BankUnavailable(reason="gone")),
    ],
)
def test_what_can_not_be_ended_is_left_to_its_lease(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    function: str,
    error: Exception,
) -> None:
    def away(*_told: Any) -> None:
        raise AWAY

    monkeypatch.setattr(operation_logs, function, away)
    stopped = operation()
    stopped.set_committing()
    ending.end(stopped, error)
    assert f"Operation {stopped.id} is left to its lease" in caplog.text
    assert stopped.left is AWAY
