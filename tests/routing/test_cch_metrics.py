"""Metrics: changed weights, immutability, files, threads."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.cch import CLOSED, Endpoints, Hierarchy, Metric
from tests.routing.graphs import Graph, geometric_graph, graphs, random_graph, weights


@pytest.fixture(params=["copied", "mapped"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small metrics are copied, large ones mapped page by page: make small ones do both."""
    if request.param == "mapped":
        monkeypatch.setattr("routing._weight_store.COPY_BELOW_BYTES", 1)
    return str(request.param)


def assert_distances(graph: Graph, metric: Metric, weight: np.ndarray) -> None:
    everywhere = np.arange(graph.nodes)
    np.testing.assert_array_equal(metric.weights, weight)
    np.testing.assert_array_equal(metric.many_to_many(everywhere, everywhere), graph.distances(weight))


@given(graph=graphs(), data=st.data())
def test_a_chain_of_changes_equals_dijkstra_at_every_step(graph: Graph, data: st.DataObject) -> None:
    weight = graph.weight
    metric = graph.hierarchy().customize(weight)
    change = st.tuples(st.integers(0, max(0, len(weight) - 1)), weights)
    for changes in data.draw(st.lists(st.lists(change, max_size=6), max_size=4)) if len(weight) else []:
        weight = weight.copy()
        for arc, new in changes:
            weight[arc] = new
        metric = metric.with_weights([arc for arc, _ in changes], [new for _, new in changes])
        assert_distances(graph, metric, weight)


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("seed", range(4))
def test_every_metric_of_a_chain_stays_valid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 70, 220)
    metrics = [graph.hierarchy().customize(graph.weight)]
    states = [graph.weight]
    for _ in range(6):
        parent = int(rng.integers(len(metrics)))  # branches as well as chains
        arcs = rng.choice(220, int(rng.integers(1, 9)), replace=False)
        new = rng.integers(0, 100, len(arcs)).astype(np.uint32)
        new[rng.random(len(arcs)) < 0.3] = CLOSED
        changed = states[parent].copy()
        changed[arcs] = new
        metrics.append(metrics[parent].with_weights(arcs, new))
        states.append(changed)
    for metric, weight in zip(metrics, states, strict=True):
        assert_distances(graph, metric, weight)
    assert [metric.number for metric in metrics] == sorted({metric.number for metric in metrics})


@pytest.mark.usefixtures("storage")
@pytest.mark.parametrize("share", [0.0, 0.01, 1.0])
def test_partial_and_full_customization_give_the_same_weights(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing._contraction.FULL_FROM_SHARE", share)
    monkeypatch.setattr("routing._contraction.FULL_FROM_LEAST", 0)
    rng = np.random.default_rng(4)
    graph = geometric_graph(rng, 600, 0.07)
    hierarchy = graph.hierarchy()
    metric = hierarchy.customize(graph.weight)
    weight = graph.weight
    for size in (1, 20, 200):
        arcs = rng.choice(len(weight), size, replace=False)
        weight = weight.copy()
        weight[arcs] = rng.integers(0, 10**6, size)
        metric = metric.with_weights(arcs, weight[arcs])
        afresh = hierarchy.customize(weight)
        np.testing.assert_array_equal(metric._weight, afresh._weight)
        np.testing.assert_array_equal(metric.weights, weight)


def test_one_weight_may_stand_for_all_and_the_last_of_repeated_arcs_counts() -> None:
    graph = random_graph(np.random.default_rng(1), 20, 60)
    metric = graph.hierarchy().customize(graph.weight)
    assert metric.with_weights([3, 5], [9]).weights[[3, 5]].tolist() == [9, 9]
    twice = metric.with_weights([3, 3], [9, 4])
    weight = graph.weight.copy()
    weight[3] = 4
    assert_distances(graph, twice, weight)
    assert_distances(graph, metric.with_weights([], []), graph.weight)


def test_changes_that_make_no_sense_are_refused() -> None:
    metric = random_graph(np.random.default_rng(1), 20, 60).hierarchy().customize(np.ones(60, int))
    for arc in (-1, 60):
        with pytest.raises(IndexError, match=f"arc {arc} is out of range"):
            metric.with_weights([arc], [1])
    for new in ([-1], [CLOSED + 1], [0.5], [1, 2, 3]):
        with pytest.raises(ValueError, match="weight"):
            metric.with_weights([1, 2], new)


def test_what_a_metric_hands_out_can_not_be_written() -> None:
    metric = random_graph(np.random.default_rng(1), 20, 60).hierarchy().customize(np.ones(60, int))
    for one in (metric, metric.with_weights([1], [5])):
        with pytest.raises(ValueError, match="read-only"):
            one.weights[0] = 3


@pytest.mark.usefixtures("storage")
def test_saved_and_mapped_again_it_answers_the_same(tmp_path: Path) -> None:
    graph = random_graph(np.random.default_rng(7), 60, 200)
    hierarchy = graph.hierarchy()
    metric = hierarchy.customize(graph.weight).with_weights([4, 5], [CLOSED])
    for name in ("topology", "metric"):
        (tmp_path / name).mkdir()
    hierarchy.save(tmp_path / "topology")
    metric.save(tmp_path / "metric")
    again = Hierarchy.load(tmp_path / "topology")
    assert (again.nodes, again.arcs, again.upward_arcs) == (hierarchy.nodes, hierarchy.arcs, hierarchy.upward_arcs)
    loaded = Metric.load(again, tmp_path / "metric")
    assert_distances(graph, loaded, metric.weights)
    weight = metric.weights.copy()
    weight[:9] = 1
    changed = loaded.with_weights(np.arange(9), [1])
    for file in (tmp_path / "metric").iterdir():  # replaced by a newer region: what is mapped stays
        file.unlink()
    assert_distances(graph, changed, weight)
    assert_distances(graph, loaded.with_weights(np.arange(9), [1]), weight)
    assert_distances(graph, again.customize(weight), weight)


def test_files_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    small, large = (random_graph(np.random.default_rng(7), nodes, 3 * nodes).hierarchy() for nodes in (10, 20))
    with pytest.raises(FileNotFoundError):
        Hierarchy.load(tmp_path)
    small.customize(np.ones(30, int)).save(tmp_path)
    with pytest.raises(ValueError, match=r"weights\.npy: expected uint32"):
        Metric.load(large, tmp_path)
    small.save(tmp_path)
    np.save(tmp_path / "head.npy", np.zeros(3))
    with pytest.raises(ValueError, match=r"head\.npy: expected int32"):
        Hierarchy.load(tmp_path)


def test_eight_threads_on_one_hierarchy_while_weights_change() -> None:
    rng = np.random.default_rng(12)
    graph = geometric_graph(rng, 500, 0.08)
    hierarchy = graph.hierarchy()
    metric = hierarchy.customize(graph.weight)
    everywhere = np.arange(graph.nodes)
    wanted = metric.many_to_many(everywhere, everywhere)
    pinned = metric.pin(Endpoints.at_nodes(everywhere[:40]))
    failures: list[BaseException] = []
    start = threading.Barrier(8)

    def hammer(seed: int) -> None:
        own = np.random.default_rng(seed)
        try:
            start.wait()
            for _ in range(40):
                a, b = own.integers(0, graph.nodes, 2).tolist()
                assert metric.distance(a, b) == wanted[a, b]
                path = metric.path(a, b)
                assert path is None or int(graph.weight[path].sum(dtype=np.int64)) == wanted[a, b]
                some = own.integers(0, graph.nodes, 30)
                np.testing.assert_array_equal(metric.one_to_many(a, some), wanted[a, some])
                np.testing.assert_array_equal(metric.many_to_many(some, some[:20]), wanted[np.ix_(some, some[:20])])
                np.testing.assert_array_equal(pinned.table(Endpoints.at_nodes(some)), wanted[some, :40])
                arcs = own.choice(len(graph.weight), 5, replace=False)
                changed = metric.with_weights(arcs, [CLOSED])
                back = changed.with_weights(arcs, graph.weight[arcs])
                np.testing.assert_array_equal(back.one_to_many(a, some), wanted[a, some])
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
