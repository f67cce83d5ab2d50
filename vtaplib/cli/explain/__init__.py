"""`vtap explain`: the way of one packet and of its copies."""
