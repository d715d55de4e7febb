"""A disk with no room left, for tests that run anywhere and as anybody.

RLIMIT_FSIZE is the most real one of these: the kernel itself refuses the byte, `write` comes back
short and then fails, as on a full disk, and nothing of ours or of Python is replaced. Two things
differ: its error is EFBIG instead of ENOSPC, and the limit is each file's own. A tmpfs of a few kB
would say ENOSPC and needs root; `/dev/full` says it too, and is no folder.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(room_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond `room_bytes`; pipes and sockets go on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Python ignores SIGXFSZ, which would end the process.
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
