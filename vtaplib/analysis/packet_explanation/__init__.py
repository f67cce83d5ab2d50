"""One packet, the whole way, with what decided at each step.

What is decided here is decided by the fabric and the mirror engine. This package asks them, and tells what
they looked at, in the order in which they did.
"""
