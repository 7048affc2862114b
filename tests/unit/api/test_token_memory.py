# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from karbor_copy.api import token_memory


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(**more: str) -> bytes:
    return json.dumps({"token": {"user": "alice", **more}}).encode()


def test_what_was_said_counts_for_a_while() -> None:
    clock = Clock()
    memory = token_memory.TokenMemory(clock)
    assert memory.get("a") is None
    memory.set("a", said(), time=300)
    clock.now += 299
    assert memory.get("a") == said()
    clock.now += 1
    assert memory.get("a") is None


def test_the_token_is_not_remembered() -> None:
    memory = token_memory.TokenMemory()
    memory.set("a", said(auth_token="gAAAA"), time=300)
    assert memory.get("a") == said()


@pytest.mark.parametrize("seconds", [0, -1])
def test_it_can_be_turned_off(seconds: int) -> None:
    memory = token_memory.TokenMemory()
    memory.set("a", said(), time=seconds)
    assert memory.get("a") is None
    assert not memory._values


def test_it_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_memory, "_LIMIT", 2)
    clock = Clock()
    memory = token_memory.TokenMemory(clock)
    for key in "aba":
        memory.set(key, said(), time=300)
    memory.set("c", said(), time=300)
    # The one that was told of longest ago is gone.
    assert [memory.get(key) for key in "abc"] == [said(), None, said()]
    clock.now += 300
    memory.set("d", said(), time=300)
    assert list(memory._values) == ["d"]
