# SPDX-License-Identifier: Apache-2.0
"""Every command of README.rst is run, but for the two that start tox.

tox would run this test. The installation takes the packages that it needs
from the environment of the tests, so that nothing is fetched twice.
"""

import contextlib
import os
import pathlib
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)", re.M)
TIMEOUT = 300
#: What a source copy has and an installation does not need.
IGNORED = shutil.ignore_patterns(".*", "*.egg-info", "build", "__pycache__")


def blocks() -> list[str]:
    """Return the blocks of commands, without prompts."""
    text = (ROOT / "README.rst").read_text(encoding="utf-8")
    return [
        "".join(
            line[3:].removeprefix("$ ")
            for line in body.strip("\n").splitlines(keepends=True)
        ).strip()
        for _language, body in BLOCK.findall(text)
    ]


def test_the_two_commands_of_tox_come_first() -> None:
    start = "python3 -m venv .venv && .venv/bin/pip install -q tox"
    assert blocks()[:2] == [
        f"{start} && .venv/bin/tox -e demo",
        f"{start} && .venv/bin/tox",
    ]
    assert len(blocks()) == 4


@contextlib.contextmanager
def installed(
    script: str, source: pathlib.Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run the third block, whose last command serves."""
    install, serve = script.splitlines()
    done = subprocess.run(
        ["bash", "-c", install],
        cwd=source,
        env={
            **os.environ,
            "PATH": environment["PATH"],
            "PIP_NO_DEPS": "1",
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"pip can't build here: {done.stderr[-500:]}")
    assert done.returncode == 0, done.stderr
    with subprocess.Popen(
        ["bash", "-c", f"exec {serve}"],
        cwd=source,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_a_first_copy_in_one_minute(tmp_path: pathlib.Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=IGNORED)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "HOME": str(home),
        # Its python3 is this one, whose packages it may use.
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(site.getsitepackages()),
        # Another service may have the usual port.
        "OS_API__PORT": "0",
    }
    _, _, start, use = blocks()
    with installed(start, source, environment) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "karbor-copy serves at " in line
        url = line.split()[-1]
        # Newcomers do it twice.
        for times in (1, 2):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", use],
                cwd=source,
                env={**environment, "KARBOR_COPY_URL": url},
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            digests = re.findall(r"^([0-9a-f]{64}) ", done.stdout, re.M)
            assert len(digests) == 2 * times
            assert len(set(digests)) == times
