"""Where vehicles are: pure. Which reported positions are believed, and what a vehicle's movement suggests.

No clock and no I/O: a fix brings when it was taken and when it came. Nothing in here decides anything by itself.
"""
