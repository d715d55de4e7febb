"""What BoneFlag costs: requests, time and memory, measured on the demo EHR and in memory.

Nothing here is a test and nothing is written: docs/performance.md says what was measured last, on
which machine, and by which command. Figures of a busy machine are worth little; compare CPU times.
"""
