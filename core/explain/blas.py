"""NumPy's matrix products on one thread, because our matrices are small."""

from __future__ import annotations


def use_one_blas_thread() -> None:
    """Limit BLAS to one thread, for the rest of this process.

    On two busy cores, a counterfactual took 2 to 9 s with two threads, which mostly waited for each other, and 0.09 s
    with one. A limit around each call would not work: threadpoolctl lets only one Python thread at a time change the
    number of threads.
    """
    # Imported here, so that the dashboard starts faster.
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
