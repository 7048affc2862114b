# SPDX-License-Identifier: Apache-2.0
import hashlib
import random
import threading

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import digests
from tests.fakes import thread_limit


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("kind", [digests.Hasher, digests.ThreadHasher])
def test_digests_of_a_stream(kind, threads, monkeypatch):
    thread_limit.ThreadLimit(monkeypatch, "", threads)
    blocks = [random.randbytes(size) for size in (0, 1, 5000, 70_000)]
    data = b"".join(blocks)
    with kind(["sha256", "md5"]) as hasher:
        for block in blocks:
            hasher.update(block)
        assert hasher.digests() == {
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }


def test_a_buffer_may_be_reused_after_waiting():
    buffer = bytearray(100_000)
    expected = hashlib.sha256()
    with digests.ThreadHasher() as hasher:
        for number in range(50):
            buffer[:] = bytes([number]) * len(buffer)
            expected.update(buffer)
            hasher.update(memoryview(buffer))
            hasher.wait()
        assert hasher.digests()["sha256"] == expected.hexdigest()


def test_the_thread_ends_with_an_error_too():
    before = threading.active_count()

    def fail() -> None:
        with digests.ThreadHasher() as hasher:
            hasher.update(b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert threading.active_count() == before


def test_only_large_objects_get_a_thread():
    assert type(digests.hasher(digests.THREAD_SIZE)) is digests.Hasher
    large = digests.hasher(digests.THREAD_SIZE + 1)
    assert type(large) is digests.ThreadHasher


def test_what_is_computed_and_compared():
    assert set(digests.algorithms_of(None)) == {"sha256"}
    assert set(digests.algorithms_of({"md5": "x"})) == {"sha256", "md5"}
    digests.check("k", {"sha256": "a"}, None)
    digests.check("k", {"sha256": "a"}, {"sha256": "a"})
    with pytest.raises(exceptions.DigestMismatch, match="k has digest a"):
        digests.check("k", {"sha256": "a"}, {"sha256": "b"})
    digests.check_size("k", 1, 1)
    with pytest.raises(exceptions.DigestMismatch, match="1 bytes"):
        digests.check_size("k", 1, 2)
