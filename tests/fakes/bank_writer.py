# SPDX-License-Identifier: Apache-2.0
"""Writes to a file-system bank until it is killed; a program.

What it writes outside of batches begins with the SHA-256 of the rest, so
that anyone can tell whether an object is whole.
"""

import hashlib
import itertools
import random
import sys
from collections.abc import Iterator

from karbor_copy.banks import directory

CONTAINER = "c"


def make(rng: random.Random) -> bytes:
    rest = rng.randbytes(rng.randrange(200_000))
    return hashlib.sha256(rest).digest() + rest


def is_whole(data: bytes) -> bool:
    return hashlib.sha256(data[32:]).digest() == data[:32]


def cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 4096):
        yield data[start : start + 4096]


def main() -> None:
    path, seed = sys.argv[1:]
    bank = directory.DirectoryBank(path, CONTAINER)
    rng = random.Random(int(seed))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in itertools.count():
        data = make(rng)
        bank.put(f"put/{rng.randrange(9)}/x", cut(data), size=len(data))
        with bank.batch() as writer:
            for name in range(3):
                data = make(rng)
                writer.put(
                    f"batch/{number % 5}/{name}", cut(data), size=len(data)
                )
        bank.delete(f"put/{rng.randrange(9)}/x")


if __name__ == "__main__":
    main()
