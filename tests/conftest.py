"""For all tests: our own servers need no sparing. What tests the limits sets them itself."""

import os

os.environ.setdefault("BONEFLAG_EHR_REQUESTS_PER_SECOND", "1000")
