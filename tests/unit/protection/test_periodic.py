# SPDX-License-Identifier: Apache-2.0
"""Periodic work goes on, whatever one call of it has met."""

import threading
from typing import Any

import pytest

from karbor_copy import exceptions
from karbor_copy.protection import periodic


@pytest.mark.parametrize(
    ("error", "expected"),
    [(exceptions.DatabaseUnavailable(), None), (ValueError(), ValueError)],
)
def test_an_error_is_told_and_the_next_call_comes(
    caplog: pytest.LogCaptureFixture, error: Exception, expected: Any
) -> None:
    errors = [error]
    again = threading.Event()

    def work() -> None:
        if errors:
            raise errors.pop()
        again.set()

    running = periodic.Periodic("report", 0.01, work)
    running.start()
    assert again.wait(30)
    assert running.stop(30)
    (record,) = caplog.records
    assert record.getMessage().startswith("report failed")
    # What is not ours deserves its traceback.
    assert (record.exc_info and record.exc_info[0]) is expected
