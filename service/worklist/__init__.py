"""The worklist: what needs a person's look and is not told by an alert, from the ledger alone."""
