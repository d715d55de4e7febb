"""Going live: who let what be written, for whom, and what stands in the way.

`leave` answers at every run and every delivery; `terms` says whether somebody may say go now, and
`volume` what it would do; `protocol_back` is the way back.
"""
