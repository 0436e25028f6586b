from prometheus_client import REGISTRY

from shared.runtime import metrics


def test_each_metric_has_a_description_and_a_name_of_its_own() -> None:
    ours = [family for family in REGISTRY.collect() if family.name.startswith(("wasl_", "complaints"))]
    assert len(ours) > 15
    assert len({family.name for family in ours}) == len(ours)
    assert all(family.documentation.endswith(".") for family in ours)


def test_complaints_keep_the_name_that_the_five_services_are_compared_by() -> None:
    metrics.COMPLAINTS.labels(status="triage").set(3)
    assert REGISTRY.get_sample_value("complaints_total", {"status": "triage"}) == 3
