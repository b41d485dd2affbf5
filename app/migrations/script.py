"""Runs the plain SQL of a migration."""

from alembic import op


def execute_script(sql: str) -> None:
    """Run the statements of a script one after the other in the migration's transaction.

    Args:
        sql: Statements separated by a blank line; a statement, function bodies included, contains none.
            The text goes to the server as it is: ``%`` and ``:`` have no meaning of their own.
    """
    connection = op.get_bind()
    for statement in split_script(sql):
        connection.exec_driver_sql(statement)


def split_script(sql: str) -> list[str]:
    """Cut a script at its blank lines; empty pieces are dropped."""
    pieces = (piece.strip() for piece in sql.replace("\r\n", "\n").split("\n\n"))
    return [piece for piece in pieces if piece]
