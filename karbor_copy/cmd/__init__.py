# SPDX-License-Identifier: Apache-2.0
"""The commands."""

from karbor_copy import concurrency

concurrency.use_native_threads()
