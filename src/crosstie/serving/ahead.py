"""Work on neighbouring pieces at once, in order: the next is read and the last is written while one is predicted."""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(items: Iterator[T]) -> Generator[T]:
    """The items in order, each made in a thread while the caller has the one before it.

    What making one raises comes where it would have come.

    Examples:
        >>> list(ahead(iter([1, 2, 3])))
        [1, 2, 3]
    """
    with ThreadPoolExecutor(1) as thread:
        end = object()
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]


def behind(do: Callable[[T], U], items: Iterable[T]) -> Generator[U]:
    """What `do` returns of each item in order, done in a thread while the next item is made.

    What it raises comes once the next item is made; nothing is under way where the caller has the word.

    Examples:
        >>> list(behind(str, [1, 2, 3]))
        ['1', '2', '3']
    """
    with ThreadPoolExecutor(1) as thread:
        last: Future[U] | None = None
        for item in items:
            if last is not None:
                yield last.result()
            last = thread.submit(do, item)
        if last is not None:
            yield last.result()
