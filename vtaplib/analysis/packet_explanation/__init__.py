"""One packet, the whole path, with what decides at each step.

What is decided here is decided by the fabric and the mirror engine. This package asks them, and reports
what they look at, in the order in which they do.
"""
