# SPDX-License-Identifier: Apache-2.0
"""The versions of the schema, each a step from the one before."""
