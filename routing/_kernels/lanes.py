"""One row of a sweep in vector registers.

Written as LLVM code because the compiler can't tell that the row it writes is none of those it reads, and so would not
vectorise the loop. LLVM maps the 16 lanes to what the processor has: one AVX-512 register, two of AVX2, four of NEON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from routing._kernels.types import LANES


def _lower_row(_context: Any, distance: Any, _row: Any, head: Any, weight: Any, _begin: Any, _end: Any) -> Any:
    """Give `lower_row` its type and its code."""
    signature = types.void(distance, types.int64, head, weight, types.int64, types.int64)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word, index = ir.IntType(32), ir.IntType(64)
        lanes = ir.VectorType(word, LANES)
        data, heads, weights = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in ((distance, arguments[0]), (head, arguments[2]), (weight, arguments[3]))
        )
        rows = builder.bitcast(data, lanes.as_pointer())
        own = builder.gep(rows, [arguments[1]])
        entry = builder.block
        loop = builder.append_basic_block("arcs")
        done = builder.append_basic_block("done")
        start = builder.load(own, align=4)
        builder.cbranch(builder.icmp_signed("<", arguments[4], arguments[5]), loop, done)

        builder.position_at_end(loop)
        at = builder.phi(index)
        least = builder.phi(lanes)
        other = builder.sext(builder.load(builder.gep(heads, [at])), index)
        single = builder.load(builder.gep(weights, [at]))
        spread = builder.shuffle_vector(
            builder.insert_element(ir.Constant(lanes, ir.Undefined), single, ir.Constant(word, 0)),
            ir.Constant(lanes, ir.Undefined),
            ir.Constant(lanes, [0] * LANES),
        )
        through = builder.add(builder.load(builder.gep(rows, [other]), align=4), spread)
        lower = builder.select(builder.icmp_unsigned("<", through, least), through, least)
        following = builder.add(at, ir.Constant(index, 1))
        at.add_incoming(arguments[4], entry)
        at.add_incoming(following, loop)
        least.add_incoming(start, entry)
        least.add_incoming(lower, loop)
        builder.cbranch(builder.icmp_signed("<", following, arguments[5]), loop, done)

        builder.position_at_end(done)
        result = builder.phi(lanes)
        result.add_incoming(start, entry)
        result.add_incoming(lower, loop)
        builder.store(result, own, align=4)
        return context.get_dummy_value()

    return signature, generate


lower_row: Callable[..., None] = intrinsic(_lower_row)
"""lower_row(distance, row, head, weight, begin, end), for each lane:
distance[row] = min(distance[row], distance[head[i]] + weight[i] for i in begin .. end - 1).

`distance`: uint32[rows, LANES], `head`: int32[…], `weight`: uint32[…], all contiguous.
"""
