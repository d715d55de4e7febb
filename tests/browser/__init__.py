"""The pages as people meet them: a real Chromium at the demo that `make demo` leaves open."""
