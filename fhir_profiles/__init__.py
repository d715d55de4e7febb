"""Data only: value sets, profiles and the protocol. This file lets an installed copy be found."""
