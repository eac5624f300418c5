"""The steps of a sweep in vector registers, sixteen lanes at a time.

Written as LLVM code because the compiler can't tell that the row it writes is none of those it reads, and so would not
vectorise the loops. LLVM maps the 16 lanes to what the processor has: one AVX-512 register, two of AVX2, four of NEON.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from routing._kernels.types import INFINITE, LANES

_WORD, _INDEX = ir.IntType(32), ir.IntType(64)
_LANES = ir.VectorType(_WORD, LANES)
_NOTHING = [int(INFINITE)] * LANES


def _data(context: Any, builder: Any, kinds: Any, arguments: Any) -> list[Any]:
    """Where the data of some arrays begins."""
    return [context.make_array(kind)(context, builder, value).data for kind, value in zip(kinds, arguments, strict=True)]


def _rows(builder: Any, data: Any) -> Any:
    """The same memory, as rows of lanes."""
    return builder.bitcast(data, _LANES.as_pointer())


def _entry(builder: Any, data: Any, at: Any) -> Any:
    """An entry of an int32 array, as an index."""
    return builder.sext(builder.load(builder.gep(data, [at])), _INDEX)


def _plus(builder: Any, row: Any, weights: Any, at: Any) -> Any:
    """A row with one weight added in every lane."""
    undefined = ir.Constant(_LANES, ir.Undefined)
    single = builder.insert_element(undefined, builder.load(builder.gep(weights, [at])), ir.Constant(_WORD, 0))
    return builder.add(row, builder.shuffle_vector(single, undefined, ir.Constant(_LANES, [0] * LANES)))


def _least(builder: Any, one: Any, other: Any) -> Any:
    """Lane by lane the lesser."""
    return builder.select(builder.icmp_unsigned("<", one, other), one, other)


def _least_of_all(builder: Any, start: Any, begin: Any, end: Any, candidate: Callable[[Any], Any]) -> Any:
    """Lane by lane the least of `start` and what `candidate` gives for `begin .. end - 1`; the code goes on behind the loop."""
    entry = builder.block
    loop = builder.append_basic_block("arcs")
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", begin, end), loop, done)

    builder.position_at_end(loop)
    at = builder.phi(_INDEX)
    least = builder.phi(_LANES)
    lower = _least(builder, candidate(at), least)
    following = builder.add(at, ir.Constant(_INDEX, 1))
    at.add_incoming(begin, entry)
    at.add_incoming(following, loop)
    least.add_incoming(start, entry)
    least.add_incoming(lower, loop)
    builder.cbranch(builder.icmp_signed("<", following, end), loop, done)

    builder.position_at_end(done)
    result = builder.phi(_LANES)
    result.add_incoming(start, entry)
    result.add_incoming(lower, loop)
    return result


def _lower_row(_context: Any, distance: Any, _row: Any, _known: Any, head: Any, weight: Any, _begin: Any, _end: Any) -> Any:
    """Give `lower_row` its type and its code."""
    signature = types.void(distance, types.int64, types.boolean, head, weight, types.int64, types.int64)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        arrays, row, known, begin, end = (arguments[0], *arguments[3:5]), arguments[1], arguments[2], arguments[5], arguments[6]
        data, heads, weights = _data(context, builder, (distance, head, weight), arrays)
        rows = _rows(builder, data)
        own = builder.gep(rows, [row])
        start = builder.select(known, builder.load(own, align=4), ir.Constant(_LANES, _NOTHING))

        def through(at: Any) -> Any:
            other = builder.load(builder.gep(rows, [_entry(builder, heads, at)]), align=4)
            return _plus(builder, other, weights, at)

        builder.store(_least_of_all(builder, start, begin, end, through), own, align=4)
        return context.get_dummy_value()

    return signature, generate


def _lower_others(_context: Any, distance: Any, _row: Any, slot: Any, head: Any, weight: Any, _begin: Any, _end: Any) -> Any:
    """Give `lower_others` its type and its code."""
    signature = types.void(distance, types.int64, slot, head, weight, types.int64, types.int64)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        arrays, row, begin, end = (arguments[0], *arguments[2:5]), arguments[1], arguments[5], arguments[6]
        data, slots, heads, weights = _data(context, builder, (distance, slot, head, weight), arrays)
        rows = _rows(builder, data)
        entry = builder.block
        loop = builder.append_basic_block("arcs")
        done = builder.append_basic_block("done")
        own = builder.load(builder.gep(rows, [row]), align=4)
        builder.cbranch(builder.icmp_signed("<", begin, end), loop, done)

        builder.position_at_end(loop)
        at = builder.phi(_INDEX)
        other = builder.gep(rows, [_entry(builder, slots, _entry(builder, heads, at))])
        lower = _least(builder, _plus(builder, own, weights, at), builder.load(other, align=4))
        builder.store(lower, other, align=4)
        following = builder.add(at, ir.Constant(_INDEX, 1))
        at.add_incoming(begin, entry)
        at.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, end), loop, done)

        builder.position_at_end(done)
        return context.get_dummy_value()

    return signature, generate


def _least_sum(
    _context: Any, out: Any, _row: Any, distance: Any, slot: Any, head: Any, weight: Any, _begin: Any, _end: Any
) -> Any:
    """Give `least_sum` its type and its code."""
    signature = types.void(out, types.int64, distance, slot, head, weight, types.int64, types.int64)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        arrays, row, begin, end = (arguments[0], *arguments[2:6]), arguments[1], arguments[6], arguments[7]
        kinds = (out, distance, slot, head, weight)
        data, source, slots, heads, weights = _data(context, builder, kinds, arrays)
        own = builder.gep(_rows(builder, data), [row])
        rows = _rows(builder, source)
        length = context.make_array(distance)(context, builder, arguments[2]).shape
        last = builder.sub(builder.extract_value(length, 0), ir.Constant(_INDEX, 1))

        def through(at: Any) -> Any:
            where = _entry(builder, slots, _entry(builder, heads, at))
            inside = builder.select(builder.icmp_unsigned("<", where, last), where, last)  # -1 is the greatest of all
            return _plus(builder, builder.load(builder.gep(rows, [inside]), align=4), weights, at)

        builder.store(_least_of_all(builder, ir.Constant(_LANES, _NOTHING), begin, end, through), own, align=4)
        return context.get_dummy_value()

    return signature, generate


lower_row: Callable[..., None] = intrinsic(_lower_row)
"""lower_row(distance, row, known, head, weight, begin, end), for each lane:
distance[row] = min(distance[row] if known else INFINITE, distance[head[i]] + weight[i] for i in begin .. end - 1).

`distance`: uint32[rows, LANES], `head`: int32[…], `weight`: uint32[…], all contiguous.
"""

lower_others: Callable[..., None] = intrinsic(_lower_others)
"""lower_others(distance, row, slot, head, weight, begin, end), for each lane and each i in begin .. end - 1:
distance[slot[head[i]]] = min(distance[slot[head[i]]], distance[row] + weight[i]), `row` being none of these rows.

`distance`: uint32[rows, LANES], `slot`, `head`: int32[…], `weight`: uint32[…], all contiguous.
"""

least_sum: Callable[..., None] = intrinsic(_least_sum)
"""least_sum(out, row, distance, slot, head, weight, begin, end), for each lane:
out[row] = min(INFINITE, distance[slot[head[i]]] + weight[i] for i in begin .. end - 1).

`out`, `distance`: uint32[rows, LANES], `slot`, `head`: int32[…], `weight`: uint32[…], all contiguous. A slot of -1 reads the
last row of `distance`.
"""
