"""Counters add up, also over several workers, in the text that Prometheus reads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from treadle.serving import Measures, prometheus_text
from treadle.serving.measures import BOUNDS


def parsed(text: str) -> dict[tuple, float]:
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(st.floats(0, 10), max_size=40))
def test_the_histogram_counts_as_prometheus_wants(seconds: list[float]) -> None:
    measures = Measures()
    for value in seconds:
        measures.tally("late", "3").add(2, value)
    samples = parsed(prometheus_text({"0": measures.snapshot()}))
    base = (("endpoint", "late"), ("worker", "0"))
    for bound in BOUNDS:
        key = ("treadle_serving_latency_seconds_bucket", base[0], ("le", str(bound)), base[1])
        if seconds:
            assert samples[key] == sum(value <= bound for value in seconds)
    if seconds:
        assert samples[("treadle_serving_latency_seconds_count", *base)] == len(seconds)
        assert samples[("treadle_predictions_total", *base)] == 2 * len(seconds)


def test_versions_errors_losses_and_swaps_have_their_labels() -> None:
    measures = Measures()
    measures.tally("late", "3").add(1, 0.001)
    measures.tally("late", "4").add(1, 0.002)
    measures.refused("late", 400)
    measures.refused("", 404)
    measures.lost("late")
    measures.swapped("late")
    samples = parsed(prometheus_text({"0": measures.snapshot(), "1": measures.snapshot()}))

    def requests(worker: str, endpoint: str, version: str, code: str) -> float:
        labels = (("code", code), ("endpoint", endpoint), ("version", version), ("worker", worker))
        return samples[("treadle_serving_requests_total", *labels)]

    for worker in ("0", "1"):
        assert requests(worker, "late", "3", "200") == requests(worker, "late", "4", "200") == 1
        assert requests(worker, "late", "", "400") == requests(worker, "", "", "404") == 1
        assert samples[("treadle_prediction_log_lost_total", ("endpoint", "late"), ("worker", worker))] == 1
        assert samples[("treadle_endpoint_swaps_total", ("endpoint", "late"), ("worker", worker))] == 1


def test_names_are_escaped() -> None:
    measures = Measures()
    measures.tally('a "quoted" \\ name', "1").add(1, 0.1)
    names = {dict(key[1:]).get("endpoint") for key in parsed(prometheus_text({"0": measures.snapshot()}))}
    assert names == {'a "quoted" \\ name'}
