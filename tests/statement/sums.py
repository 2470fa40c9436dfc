"""What must add up in every statement."""

from streams.statement.content import Statement, Stretch


def check_sums(statement: Statement) -> None:
    for place in statement.locations:
        fact = place.availability
        ends = [stretch.to for stretch in place.timeline]
        assert [statement.starts_at, *ends] == [*(stretch.from_ for stretch in place.timeline), statement.ends_at]
        if fact is None:
            continue
        assert lengths(place.timeline, "up", "down", "excluded", "unknown") == fact.covered_ms
        assert lengths(place.timeline, "up") == fact.up_ms
        assert lengths(place.timeline, "down") == fact.down_ms == sum(each.counted_ms for each in place.outages)
        assert lengths(place.timeline, "excluded") == fact.excluded_ms
        assert fact.excluded_ms == sum(each.excluded_ms for each in place.outages)
        assert fact.excluded_ms == sum(note.took_ms for note in place.annotations if note.effect == "excluded")
        gaps = [stretch for stretch in place.timeline if stretch.why == "monitoring_gap"]
        assert lengths(tuple(gaps), "unknown") == sum(
            note.took_ms for note in place.annotations if note.effect == "unknown"
        )
        assert lengths(place.timeline, "unknown") == fact.unknown_ms
        assert place.allowed_ms - fact.down_ms == fact.budget_left_ms
        for each in place.outages:
            assert each.duration == each.counted_ms + each.excluded_ms + each.unknown_ms + each.not_covered_ms
            assert min(each.counted_ms, each.excluded_ms, each.unknown_ms, each.not_covered_ms) >= 0


def lengths(stretches: tuple[Stretch, ...], *what: str) -> int:
    return sum(stretch.duration for stretch in stretches if stretch.what in what)
