"""Reading a network limits matrix products to one thread, which suits small matrices."""

from __future__ import annotations

from threadpoolctl import ThreadpoolController, threadpool_limits

from core.classifier.bundle import Bundle
from core.explain.keras_reader import load_network
from core.workspace import SHIPPED_BUNDLE


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


def test_process_with_a_network_uses_one_blas_thread() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()

        load_network(Bundle(SHIPPED_BUNDLE))

        assert before == {2}
        assert blas_threads() == {1}
