"""Makes students' trees of the source: what a lab owns is cut down to its contract
(docs/teaching.md).
"""
