# SPDX-License-Identifier: Apache-2.0
"""The SQL database: the queue of work and the truth about it."""
