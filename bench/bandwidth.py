# SPDX-License-Identifier: Apache-2.0
"""A limited copy between two file-system banks: is the limit kept?

All bytes go out through the pace of the service. Prints the bytes a second
over the whole time and the most in any window, each in units of the limit.
"""

import argparse
import concurrent.futures
import contextlib
import pathlib
import random
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator

import engine

from karbor_copy import exceptions
from karbor_copy.banks import directory
from karbor_copy.banks import keys
from karbor_copy.banks import pace
from karbor_copy.banks import recorder
from karbor_copy.banks import section
from karbor_copy.banks import transfer
from karbor_copy.data_models import bandwidth

OBJECT_SIZE = 16 * 1000 * 1000


def copy(root: pathlib.Path, options: argparse.Namespace) -> None:
    """Copy until the time has passed, and report."""
    rate = bandwidth.parse(options.bandwidth).otherwise
    if rate is None:
        raise SystemExit("there is nothing to measure without a limit")
    source = directory.DirectoryBank(str(root / "source"), engine.CONTAINER)
    target = directory.DirectoryBank(str(root / "target"), engine.CONTAINER)
    prefix = keys.section_prefix(engine.CHECKPOINT_ID, engine.RESOURCE_ID)
    data = random.Random(0).randbytes(OBJECT_SIZE)
    for bank in (source, target):
        (root / bank.location.split("/")[-2]).mkdir(exist_ok=True)
        bank.set_up()
    for number in range(rate * (options.seconds + 5) // OBJECT_SIZE + 1):
        source.put(f"{prefix}data_{number}", [data], size=len(data))
    sent: list[tuple[float, int]] = []
    allowed = pace.pace(pace.Bucket(lambda: rate))
    begin = time.monotonic()

    def check() -> None:
        if time.monotonic() - begin > options.seconds:
            raise exceptions.OperationCancelled

    def paced(
        view: memoryview, check: Callable[[], None]
    ) -> Iterator[memoryview]:
        for piece in allowed(view, check):
            sent.append((time.monotonic() - begin, len(piece)))
            yield piece

    with concurrent.futures.ThreadPoolExecutor(options.threads) as executor:
        moving = transfer.Transfer(
            executor=executor,
            check=check,
            progress=engine.Moved(),
            verify="read_back",
            pace=paced,
        )
        with contextlib.suppress(exceptions.OperationCancelled):
            moving.copy_section(
                section.BankSection(source, prefix, writable=False),
                section.BankSection(
                    target,
                    prefix,
                    writable=True,
                    recorder=recorder.Recorder(),
                ),
                engine.RESOURCE_ID,
            )
    report(sorted(sent), rate, options.seconds)


def report(sent: list[tuple[float, int]], rate: int, seconds: int) -> None:
    for window in sorted({1, 10, seconds}):
        most = total = first = 0
        for now, size in sent:
            total += size
            while sent[first][0] <= now - window:
                total -= sent[first][1]
                first += 1
            most = max(most, total)
        print(f"most in {window} s: {most / rate / window:.3f} of the limit")
    total = sum(size for _, size in sent)
    print(
        f"{total} bytes in {sent[-1][0]:.1f} s:"
        f" {total / rate / seconds:.3f} of the limit"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bandwidth", default="20M")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--scratch")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as root:
        copy(pathlib.Path(root), options)


if __name__ == "__main__":
    main()
