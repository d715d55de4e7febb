"""Remembers what the EHR cannot tell us: the ledger (SQL) and the leases (Redis)."""
