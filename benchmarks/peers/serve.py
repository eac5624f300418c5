"""The worker's side of the conversation: a request per line comes in, an answer per line goes out.

    {"call": "table", "with": {"sources": [[-8.6, 41.1]], …}}   →   {"answer": {…}}   or   {"error": "what went wrong"}

Whatever the library prints goes to standard error, so that it can't get between the lines.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any


def serve(calls: Mapping[str, Callable[..., Any]]) -> None:
    """Answers requests until standard input ends. `memory` is answered by itself: the most that was resident, in bytes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            name = request["call"]
            answer = _memory() if name == "memory" else calls[name](**request.get("with", {}))
            reply = {"answer": answer}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def _memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
