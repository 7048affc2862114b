# SPDX-License-Identifier: Apache-2.0
"""Chooses native threads for oslo.service, once and before anything else.

oslo.messaging imports oslo.service, whose default backend is eventlet and
can't be changed after its first use. Every entry point, ``rpc`` and the test
suite call :func:`use_native_threads` first.
"""

import warnings

from oslo_service import backend

with warnings.catch_warnings():
    # futurist tries to import eventlet, which warns of itself. It is never
    # used here, so the warning would only frighten operators.
    warnings.simplefilter("ignore")
    import futurist as _futurist  # noqa: F401


def use_native_threads() -> None:
    """Select oslo.service's threading backend; calling again is harmless."""
    if backend.get_backend_type() is None:
        backend.init_backend(backend.BackendType.THREADING)
