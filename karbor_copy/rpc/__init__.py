# SPDX-License-Identifier: Apache-2.0
"""Messages between the services: wake-up calls, nothing more."""

from karbor_copy import concurrency

concurrency.use_native_threads()
