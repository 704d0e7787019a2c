"""What Alembic runs: migrations on the connection that its caller hands over.

The caller opens the connection and the transaction (`orchestrator.stack.database`), and puts the
connection in `config.attributes["connection"]`. Nothing is read from the environment.
"""

import importlib
import pkgutil

from alembic import context
from sqlalchemy import Connection

import tasks_schema.tables
from tasks_schema.migrations.comparison import is_compared
from tasks_schema.tables.base import METADATA


def _run() -> None:
    for module in pkgutil.iter_modules(tasks_schema.tables.__path__, "tasks_schema.tables."):
        importlib.import_module(module.name)
    connection = context.config.attributes.get("connection")
    assert isinstance(connection, Connection), "config.attributes['connection'] is not set"
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_name=is_compared,
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
