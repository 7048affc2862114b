# SPDX-License-Identifier: Apache-2.0
"""The tasks of the flows: first, last, and one per hook and resource."""
