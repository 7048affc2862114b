# SPDX-License-Identifier: Apache-2.0
"""Tests of karbor_copy.protection.transfer_pool."""

import threading

import pytest

from karbor_copy.protection import transfer_pool


def test_pairs_of_banks_have_threads_of_their_own() -> None:
    pool = transfer_pool.TransferPool(2)
    back = threading.Event()
    waiting = [pool.executor("up", "down").submit(back.wait) for _ in range(5)]
    other = pool.executor("up", "up").submit(lambda: "done")
    assert other.result(timeout=30) == "done"
    assert not any(future.done() for future in waiting)
    back.set()
    assert all(future.result(timeout=30) for future in waiting)
    pool.shutdown()


def test_both_directions_share_their_threads() -> None:
    pool = transfer_pool.TransferPool(1)
    assert pool.executor("a", "b") is pool.executor("b", "a")
    assert pool.executor("a") is pool.executor("a", "a")
    pool.shutdown()


def test_nothing_begins_after_the_end() -> None:
    pool = transfer_pool.TransferPool(1)
    executor = pool.executor("a")
    pool.shutdown()
    with pytest.raises(RuntimeError):
        executor.submit(print)
