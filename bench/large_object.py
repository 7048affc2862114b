# SPDX-License-Identifier: Apache-2.0
"""One object above what Swift takes in a single PUT, to a real Swift.

It is sent up to the middle of its fourth segment, then once more, and read
back. Says how fast that was, what was not sent again, and the peak memory.
Needs room for the object in the directory of temporary files.
"""

import argparse
import hashlib
import os
import pathlib
import sys
import time
from collections.abc import Iterator

import usage

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from karbor_copy.banks import base  # noqa: E402
from karbor_copy.banks import swift  # noqa: E402
from karbor_copy.banks import swift_large  # noqa: E402
from tools.servers import server  # noqa: E402
from tools.servers import swift as swift_server  # noqa: E402

MIB = 1024 * 1024
KEY = "checkpoints/c1/resource-data/r1/data_1"


class Broken(Exception):
    """The source ends in the middle."""


class Zeros:
    """So many bytes; after ``end`` of them the source breaks."""

    def __init__(self, size: int, end: int | None = None) -> None:
        self._size = size
        self._end = end

    def __iter__(self) -> Iterator[memoryview]:
        block = memoryview(bytes(base.BLOCK_SIZE))
        for start in range(0, self._size, len(block)):
            if self._end is not None and start >= self._end:
                raise Broken
            yield block[: min(len(block), self._size - start)]


def sha256(size: int) -> str:
    value = hashlib.sha256()
    for chunk in Zeros(size):
        value.update(chunk)
    return value.hexdigest()


def put(bank: base.Bank, source: Zeros, size: int, digest: str) -> None:
    begin = time.monotonic()
    try:
        info = bank.put(KEY, source, size=size, digests={"sha256": digest})
    except Broken:
        print(f"cut off after {time.monotonic() - begin:.1f} s")
        return
    seconds = time.monotonic() - begin
    print(
        f"put in {seconds:.1f} s, {size / MIB / seconds:.0f} MiB/s; "
        f"{info.kept / MIB:.0f} MiB were not sent again"
    )


def read(bank: base.Bank, size: int) -> str:
    begin = time.monotonic()
    value = hashlib.sha256()
    buffer = memoryview(bytearray(base.BLOCK_SIZE))
    with bank.open(KEY) as reader:
        while count := reader.readinto(buffer):
            value.update(buffer[:count])
    seconds = time.monotonic() - begin
    print(f"read in {seconds:.1f} s, {size / MIB / seconds:.0f} MiB/s")
    return value.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=5 * 1024 * MIB + 1)
    size = parser.parse_args().size
    digest = sha256(size)
    account, user, key = swift_server.USERS[0]
    with server.running(swift_server.Swift) as running:
        bank = swift.SwiftBank(
            swift_auth_url=f"{running.url}/auth/v1.0",
            swift_auth_version="1",
            swift_user=f"{account}:{user}",
            swift_key=key,
        )
        bank.set_up()
        before = usage.peak_mebibytes(os.getpid())
        end = 3 * swift_large.SEGMENT_SIZE + swift_large.SEGMENT_SIZE // 2
        put(bank, Zeros(size, min(end, size // 2)), size, digest)
        put(bank, Zeros(size), size, digest)
        assert bank.stat(KEY).size == size
        assert read(bank, size) == digest
        print(
            f"peak {usage.peak_mebibytes(os.getpid()):.0f} MiB, "
            f"{before:.0f} MiB before"
        )
        bank.delete(KEY)
        assert bank.delete_leftovers("", lambda: None) == 0


if __name__ == "__main__":
    main()
