"""The bench on which clinicians try a protocol: check its meaning, test it on invented people."""
