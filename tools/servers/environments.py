# SPDX-License-Identifier: Apache-2.0
"""Environments of their own for servers that come from PyPI.

Each is made once and kept in the user's cache.
"""

import fcntl
import os
import pathlib
import subprocess
import sys

from tools.servers import server

_TIMEOUT = 600


def python_with(name: str, release: str, *others: str) -> pathlib.Path:
    """Return the Python that has a package, made by whoever comes first.

    :raises Missing: it can't be installed.
    """
    version = "{}.{}".format(*sys.version_info)
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    directory = pathlib.Path(caches).expanduser() / "karbor-copy-tests"
    directory /= "-".join([name, release, *others, f"py{version}"])
    requirement = f"{name}=={release}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (directory / "made").exists():
                _install(directory / "env", requirement, *others)
                (directory / "made").touch()
    except (OSError, subprocess.SubprocessError) as error:
        raise server.Missing(
            f"{name} is not installed: pip install {requirement}: {error}"
        ) from error
    return directory / "env" / "bin" / "python"


def _install(environment: pathlib.Path, *requirements: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        check=True,
        timeout=_TIMEOUT,
        capture_output=True,
    )
    done = subprocess.run(
        [environment / "bin" / "pip", "install", "-q", *requirements],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise OSError(lines[-1])
