# SPDX-License-Identifier: Apache-2.0
"""The commands, one module a noun, for any shell built on cliff."""
