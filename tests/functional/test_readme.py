# SPDX-License-Identifier: Apache-2.0
"""The commands of the README's first copy, as they stand there."""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

from karbor_copy.cmd import demo_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"\.\. code-block:: bash\n\n((?:(?:   .*)?\n)+)")


def script() -> str:
    """Return the README's block of shell commands."""
    (found,) = BLOCK.findall((ROOT / "README.rst").read_text())
    return textwrap.dedent(found)


def test_first_copy(tmp_path: pathlib.Path) -> None:
    state_path = tmp_path / ".local" / "state" / "karbor-copy"
    binaries = str(pathlib.Path(sys.executable).parent)
    with demo_server.serving(
        demo_server.command(state_path), tmp_path / "log"
    ) as url:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script()],
            cwd=tmp_path,
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "KARBOR_COPY_URL": url,
                "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    sums = [line.split()[0] for line in done.stdout.splitlines()[-2:]]
    assert len(sums[0]) == 64
    assert sums[0] == sums[1], done.stdout
