"""The CDS Hooks door (2.0, ready for 3.0): it verifies who asks, translates, and hands over.

`routes` are the addresses, `opening` makes them of the settings; `call_json`, `feedback_json` and
`card_json` translate; `discovery` says what is offered. What to show is thought in `service.cards`.
"""
