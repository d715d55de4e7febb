"""`boneflag demo`: the whole job on an invented hospital, with the real parts (run.py)."""
