# SPDX-License-Identifier: Apache-2.0
import hashlib
import random
from collections.abc import Iterator

import pytest

from karbor_copy import exceptions
from karbor_copy.banks import outgoing


def make(chunks, size, expected=None, algorithms=()):
    return outgoing.Outgoing(
        "a/b", chunks, size=size, expected=expected, algorithms=algorithms
    )


def send(out, to):
    for chunk in out:
        to += chunk


def test_bytes_come_through_and_are_digested():
    out = make([b"ab", b"", b"cde"], 5, algorithms=["md5"])
    assert len(out) == 5
    assert b"".join(map(bytes, out)) == b"abcde"
    assert out.digests == {
        "sha256": hashlib.sha256(b"abcde").hexdigest(),
        "md5": hashlib.md5(b"abcde", usedforsecurity=False).hexdigest(),
    }


def test_nothing_is_a_whole_object_too():
    out = make([], 0)
    assert out.gather() == b""
    assert out.digests["sha256"] == hashlib.sha256().hexdigest()


@pytest.mark.parametrize(
    ("chunks", "size", "expected"),
    [
        ([b"abc", b"def"], 7, None),
        ([b"abc", b"def"], 5, None),
        ([b"abc", b"def", b"g"], 6, None),
        ([b"abc", b"def"], 6, {"sha256": "0" * 64}),
        ([b"abc", b"def"], 6, {"md5": "0" * 32}),
        ([b"a"], 0, None),
    ],
)
def test_what_is_wrong_never_goes_out_whole(chunks, size, expected):
    out = make(chunks, size, expected)
    sent = bytearray()
    with pytest.raises(exceptions.DigestMismatch):
        send(out, sent)
    assert len(sent) < max(size, 1)
    assert isinstance(out.error, exceptions.DigestMismatch)
    assert not out.digests


def test_a_reused_buffer_is_sent_as_it_was():
    buffer = bytearray(2)

    def chunks() -> Iterator[memoryview]:
        for number in range(5):
            buffer[:] = bytes([number, number])
            yield memoryview(buffer)

    assert make(chunks(), 10).gather() == bytes([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])


def test_what_can_be_had_again_can_be_sent_again():
    out = make([b"ab", b"c"], 3)
    assert out.repeatable
    assert out.gather() == out.gather() == b"abc"
    assert not make(iter([b"abc"]), 3).repeatable


def test_an_error_of_the_source_is_kept():
    def chunks() -> Iterator[bytes]:
        yield b"a"
        raise OSError("unplugged")

    out = make(chunks(), 2)
    with pytest.raises(OSError, match="unplugged"):
        out.drain()
    assert str(out.error) == "unplugged"


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 20, 25])
@pytest.mark.parametrize("chunk_size", [1, 3, 10, 40])
def test_parts_are_of_one_size(size, chunk_size):
    data = random.randbytes(size)
    chunks = [
        data[start : start + chunk_size]
        for start in range(0, size, chunk_size)
    ]
    parts = list(make(chunks, size).parts(10))
    assert b"".join(parts) == data
    assert [len(part) for part in parts[:-1]] == [10] * ((size - 1) // 10)
    assert len(parts) == max(1, -(-size // 10))


def test_the_last_part_of_what_is_wrong_is_not_given():
    parts = make([b"0123456789", b"x", b"y"], 12, {"sha256": "0" * 64})
    parts = parts.parts(10)
    assert next(parts) == b"0123456789"
    with pytest.raises(exceptions.DigestMismatch):
        next(parts)


def test_pieces_are_streams_with_sums():
    taken = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"0123", b"4567", b"89ab"):
            taken.append(chunk)
            yield chunk

    found = []
    for piece in make(chunks(), 12).pieces(5):
        assert piece.md5 is None
        # No more is read than what the pieces before this one needed.
        assert len(taken) <= 1 + 5 * len(found) // 4
        data = b"".join(map(bytes, piece))
        assert len(piece) == len(data)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert piece.md5 == md5
        found.append(data)
    assert found == [b"01234", b"56789", b"ab"]


def test_the_last_piece_of_what_is_wrong_does_not_end():
    pieces = make([b"01234", b"567"], 8, {"sha256": "0" * 64}).pieces(5)
    next(pieces).drain()
    last = next(pieces)
    with pytest.raises(exceptions.DigestMismatch):
        last.drain()
    assert last.md5 is None
