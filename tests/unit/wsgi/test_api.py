# SPDX-License-Identifier: Apache-2.0
"""The entry point for WSGI servers, in a process of its own."""

import os
import pathlib
import subprocess
import sys

SCRIPT = """
from karbor_copy.wsgi import api
from oslo_service import backend
import eventlet.patcher
import webob

application = api.application
assert application is api.application
assert backend.get_backend_type() is backend.BackendType.THREADING
assert not eventlet.patcher.already_patched
print(webob.Request.blank("/").get_response(application).status_int)
try:
    api.nothing
except AttributeError:
    print("no more")
"""


def test_the_application(tmp_path: pathlib.Path) -> None:
    directory = tmp_path / ".karbor_copy"
    directory.mkdir()
    (directory / "karbor_copy.conf").write_text(
        f"[DEFAULT]\nstate_path = {tmp_path}\ntransport_url = fake://\n"
    )
    (tmp_path / "providers.d").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=pathlib.Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["300", "no more", ""]
