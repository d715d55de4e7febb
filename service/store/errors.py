"""What can go wrong with the ledger, and what to do about it.

    StoreError
    ├── StoreUnavailable    locked, full, gone or too slow: try again later
    ├── StoreNotReady       the tables are missing or older than this BoneFlag: migrate first
    ├── StoreTooNew         a newer BoneFlag made the tables: run that one, or restore a backup
    ├── StoreMisconfigured  the database address cannot be used as it stands
    ├── StoreConflict       two truths about one alert or one patient: a person must look
    └── StoreDamaged        the file is not a ledger, or a broken one: restore a backup

Messages never quote what the database said: PostgreSQL puts the offending key, which may be a
patient's id, into its text.
"""

from __future__ import annotations


class StoreError(Exception):
    """Anything that keeps the ledger from doing its work (exit code 6)."""


class StoreUnavailable(StoreError):
    """The ledger cannot answer at the moment; nothing was written; try again."""


class StoreNotReady(StoreError):
    """The tables are missing or older than this program: migrate, then try again."""


class StoreTooNew(StoreError):
    """The tables were made by a newer BoneFlag than this one."""


class StoreMisconfigured(StoreError):
    """The address of the database is wrong or names something that we do not support."""


class StoreConflict(StoreError):
    """What should be written contradicts what stands there; nothing was written."""


class StoreDamaged(StoreError):
    """The database holds something that is not a ledger, or a broken one."""
