"""The shell around the pure core: loads what a command is about, gathers facts, has it decided, commits, answers.

It reads clocks and chance, asks the store and the roads; what happens because of a command is decided in `dispatch.life`.
"""
