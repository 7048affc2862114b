# SPDX-License-Identifier: Apache-2.0
"""Which error tells why an operation ended, and when it is tried again."""

import time

from karbor_copy import exceptions
from karbor_copy.protection import ending
from karbor_copy.protection import running
from tests.fakes import logs


def operation() -> running.RunningOperation:
    return running.RunningOperation(
        logs.operation_log(),
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
