"""Cards: alerts that are shown when the EHR asks, at an open chart or an order about to be signed.

`line` answers a call, by `known_people` or `newcomers`; `feedback` hears what was said to a card;
`lent_charts` reads what a call lacks.
"""
