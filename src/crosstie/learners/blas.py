"""How many threads numpy's matrix products take.

Its threads spin while they wait for each other. Where another process shares a processor that makes small products a
hundred times slower: 14 of 35,000 x 100 took 7 s instead of 0.1 s on one thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager

WORTH_THREADS = 5e10  # additions and multiplications in a product: a second of one processor


@contextmanager
def threads_for(rows: int, width: int) -> Iterator[None]:
    """One thread, unless the product of `[width, rows]` with `[rows, width]` is worth more."""
    if 2.0 * rows * width**2 > WORTH_THREADS:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
