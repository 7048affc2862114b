# SPDX-License-Identifier: Apache-2.0
"""The REST API: takes requests, writes rows, wakes the workers."""
