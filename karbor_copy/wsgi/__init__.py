# SPDX-License-Identifier: Apache-2.0
"""The API for WSGI servers such as uWSGI and gunicorn."""

from karbor_copy import concurrency

concurrency.use_native_threads()
