"""The live demo: a region in which simulated callers, drivers, facilities and SITEGAR act, each through the public HTTP
interface with a token of its own role.

The service (`stage`, `cast`, `folder`) makes their accounts and tokens, in a store that is a demo's only, and starts the
company of simulated people as a process of its own (`python -m api.demo`), to which it says everything on its standard input:
`script`.
The company knows nothing of Siaga but what HTTP answers.
"""
