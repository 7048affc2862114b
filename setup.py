# SPDX-License-Identifier: Apache-2.0
"""Hands the build to pbr, with a version where pbr can find none."""

import os
import pathlib
import subprocess

import setuptools

HERE = pathlib.Path(__file__).resolve().parent
# What pbr itself answers for a clone without tags.
UNKNOWN_VERSION = "0.0.0"


def has_own_git() -> bool:
    """Tell whether this very directory is a git checkout with a commit."""
    command = ["git", "rev-parse", "--show-toplevel", "HEAD"]
    try:
        answer = subprocess.run(
            command, cwd=HERE, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return pathlib.Path(answer.stdout.splitlines()[0]).resolve() == HERE


# NOTE: pbr refuses a plain copy of the source (no git, no PKG-INFO), and
# takes the version of a repository around it for its own.
if not (HERE / "PKG-INFO").exists() and not has_own_git():
    os.environ.setdefault("PBR_VERSION", UNKNOWN_VERSION)

setuptools.setup(pbr=True)
