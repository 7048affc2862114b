# SPDX-License-Identifier: Apache-2.0
"""Entry points for WSGI servers; native threads before anything else."""

from karbor_copy import concurrency

concurrency.use_native_threads()
