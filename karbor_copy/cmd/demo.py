# SPDX-License-Identifier: Apache-2.0
"""karbor-copy-demo: the main job, end to end, on a service of its own."""

import argparse
import contextlib
import pathlib
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from collections.abc import Sequence
from types import FrameType
from typing import Final

from karbor_copy.client.osc import base
from karbor_copy.client.v1 import client as v1_client
from karbor_copy.client.v1 import errors as client_errors
from karbor_copy.cmd import demo_banks
from karbor_copy.cmd import demo_report
from karbor_copy.cmd import demo_server
from karbor_copy.cmd import demo_story
from karbor_copy.cmd import demo_volumes

_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE: Final = re.compile(r"(\d+)([KMG]?)")
_LOG_NAME: Final = "standalone.log"


def size(text: str) -> int:
    """Read a size like 64M.

    :raises ArgumentTypeError: it is none, or too small for the demo
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 64M")
    value = int(found[1]) * _UNITS[found[2]]
    if value < demo_volumes.MIN_SIZE:
        raise argparse.ArgumentTypeError(
            f"a volume has at least {demo_volumes.MIN_SIZE} bytes"
        )
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="karbor-copy-demo",
        description="Protects volumes, copies them to a second region, "
        "destroys the first one and restores them from the copy.",
    )
    parser.add_argument(
        "--size",
        type=size,
        default="64M",
        help="of each volume; K, M, G are powers of 1024 (default: 64M)",
    )
    parser.add_argument(
        "--volumes",
        type=base.positive,
        default=3,
        help="how many (default: 3)",
    )
    parser.add_argument(
        "--checkpoints",
        type=base.positive,
        default=2,
        help="how many (default: 2)",
    )
    parser.add_argument(
        "--banks",
        choices=demo_banks.KINDS,
        default="file",
        help="directories, or two servers of a checkout (default: file)",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep what the demo made"
    )
    parser.add_argument(
        "--state-path",
        type=pathlib.Path,
        help="an empty or new directory to work in (default: a temporary one)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; 0 only if every volume came back as it was."""
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with (
            _workspace(args.state_path, args.keep) as path,
            demo_banks.made(args.banks, path) as banks,
        ):
            return _run(path, args, banks)
    except (demo_banks.NoServers, demo_story.DemoFailed, OSError) as e:
        print(f"karbor-copy-demo: {e}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _workspace(
    wanted: pathlib.Path | None,
    keep: bool,  # noqa: FBT001 - an option's value
) -> Iterator[pathlib.Path]:
    """Yield an empty directory, and remove it unless it is to be kept."""
    if wanted is None:
        path = pathlib.Path(tempfile.mkdtemp(prefix="karbor-copy-demo-"))
    else:
        path = wanted.expanduser().resolve()
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise demo_story.DemoFailed(f"{path} is not empty")
    try:
        yield path
    finally:
        if keep:
            print(f"All that the demo made is in {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)


def _run(
    path: pathlib.Path, args: argparse.Namespace, banks: demo_banks.Banks
) -> int:
    settings = demo_story.Settings(
        state_path=path,
        size=args.size,
        volumes=args.volumes,
        checkpoints=args.checkpoints,
    )
    log_path = path / _LOG_NAME
    try:
        with demo_server.serving(demo_server.command(path), log_path) as url:
            print(f"karbor-copy-standalone serves at {url}", flush=True)
            client = v1_client.connect(
                url, project=demo_story.PROJECT, user=demo_story.USER
            )
            report = demo_story.Story(client, settings, banks).run()
    except (
        client_errors.ClientError,
        demo_server.ServerFailed,
        demo_story.DemoFailed,
    ) as e:
        raise demo_story.DemoFailed(
            f"{e}\nThe log of the service ends with:\n"
            f"{demo_server.tail(log_path)}"
        ) from e
    print()
    print(demo_report.table(report.rows))
    print(demo_report.summary(report), flush=True)
    return 0 if report.good else 1


def _terminate(_number: int, _frame: FrameType | None) -> None:
    # By way of an exception, so that the service and the files go too.
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
