from selfinstruct.seeds.faults import MAX_REASONS, Fault, tell_faults


def test_each_reason_is_told_once_with_its_lines() -> None:
    faults = [Fault(2, "empty"), Fault(3, "long"), Fault(5, "empty")]
    assert tell_faults("a.csv", faults) == (
        "a.csv:2: empty\n  the same of 1 more row, line 5\na.csv:3: long"
    )
    many = [Fault(line, "empty") for line in range(2, 102)]
    assert tell_faults("a.csv", many) == (
        "a.csv:2: empty\n  the same of 99 more rows, lines 3, 4, 5, 6, 7, ..."
    )
    assert tell_faults("a.csv", []) == ""


def test_reasons_beyond_the_most_are_counted() -> None:
    faults = [Fault(line, f"reason {line % (MAX_REASONS + 3)}") for line in range(200)]
    told = tell_faults("a.csv", faults)
    assert told.count("a.csv:") == MAX_REASONS
    hidden = sum(fault.line % (MAX_REASONS + 3) >= MAX_REASONS for fault in faults)
    assert told.endswith(f"\nand {hidden} more, of 3 other kinds")
