"""Compiled kernels of the shortest-path core: plain arrays in, plain arrays out, no interpreter lock."""
