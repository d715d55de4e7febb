"""The EHR of the demo and of the functional tests: invented people and a server that holds them.

It imports nothing else from `service`, not even a constant: if the demo used the same code lists
or the same date arithmetic as the product, a mistake in them would cancel out and no test would
see it. What stands here twice stands here twice on purpose.
"""
