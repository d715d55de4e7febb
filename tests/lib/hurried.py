"""How long the workers of the fault run wait, where the product waits for minutes.

How long they wait for one answer stands in the leg: a real server is slower than an imitated
one.
"""

RETRY_AFTER_SECONDS = 0.9
LEASE_SECONDS = 3
