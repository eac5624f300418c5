"""The life of a case: pure, from the first call to the vehicle that is available again.

`decide(world, issued, facts)` says what a command leads to; `evolve` folds that into the state. No clock, no chance and no
I/O in here: ids, times and facts come in with the command.
"""
