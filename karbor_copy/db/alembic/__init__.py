# SPDX-License-Identifier: Apache-2.0
"""alembic's environment of the schema."""
