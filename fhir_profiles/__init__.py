"""Data only: value sets, profiles and the protocol. The file makes the folder findable once installed."""
