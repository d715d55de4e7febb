"""How many spare alerts a run found, for its counts. Which ones is the EHR's to show."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.database import Database, insert_into
from service.store.tables import DUPLICATES


class Duplicates:
    """Spare Flags and Tasks of ours by person and run; found again in the same run, they count
    once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remember(self, patient_key: str, run_id: int, found: int) -> None:
        """Write down how many spare resources somebody was seen with."""
        with self._database.writing() as connection:
            insert = insert_into(connection, DUPLICATES).values(
                patient_key=patient_key, run_id=run_id, found=found
            )
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["patient_key", "run_id"], set_={"found": insert.excluded.found}
                )
            )


def count_duplicates(connection: sa.Connection, run_id: int) -> dict[str, int]:
    """What a run counts of them; nothing where there were none."""
    query = sa.select(sa.func.sum(DUPLICATES.c.found)).where(DUPLICATES.c.run_id == run_id)
    found = int(connection.scalar(query) or 0)
    return {"duplicates found": found} if found else {}
