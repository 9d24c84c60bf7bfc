#!/usr/bin/env python3
"""Compares `lockhound check` with the reference implementations of the published algorithms on random traces.

usage: compare-with-reference.py REFERENCE LOCKHOUND [TRACES]

REFERENCE is the folder with `ref.py` (sync-preserving closure, SyncP races, SPDOffline) and `theta.py` (join-aware
deadlocks), LOCKHOUND the binary. The traces come from their three generators by turns. Every event has a place of its
own, its line, so that every pair of accesses is a finding of its own. Compared are

* races: the pairs that are sync-preserving, with the findings that are `observed` or `feasible`;
* deadlocks: the sets of locks (and joined threads) over which threads can wait for one another in a sync-preserving
  schedule, with those of the `feasible` findings; and each finding's requests must be one of the reference's patterns.

Prints what differs, trace by trace; the exit status is 1 if anything does. Not part of CI: it needs the reference.
"""
import json, os, random, subprocess, sys, tempfile

STD = {"acq": "acq", "rel": "rel", "r": "r", "w": "w", "fork": "fork", "join": "join"}


def main():
    reference, lockhound = sys.argv[1], os.path.abspath(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2500
    # Both modules look at the command line when they are imported.
    sys.argv = ["compare"]
    sys.path.insert(0, reference)
    import ref, theta

    with tempfile.TemporaryDirectory() as folder:
        traces = write(folder, generators(ref, theta), count)
        found = check(lockhound, folder)
    differences = 0
    races = deadlocks = 0
    for name, events in traces.items():
        prepared = ref.prep(events)
        expected_races = ref.syncp_races(events, prepared)
        patterns = theta.predict_theta(events, prepared)
        findings = found.get(name, [])
        races += len(expected_races)
        deadlocks += len(patterns)
        wrong = compare(events, expected_races, patterns, findings)
        if wrong:
            differences += 1
            print(name, *wrong, *(f"  {line}: {t}|{op}({operand})" for line, (t, op, operand) in enumerate(events, 1)), sep="\n")
    print(f"{len(traces)} traces, {races} racy pairs, {deadlocks} deadlock patterns: {differences} traces differ")
    return differences > 0


def generators(ref, theta):
    """Endless traces of all generators, turn by turn."""
    generators = [(ref.gen, random.Random(4)), (ref.gen2, random.Random(7)), (theta.gen, random.Random(9))]
    while True:
        for generate, dice in generators:
            yield generate(dice)


def write(folder, generated, count):
    traces = {}
    for number in range(count):
        events = [event if isinstance(event[0], str) else (f"T{event[0]}", *event[1:]) for event in next(generated)]
        name = f"{number:05}.std"
        if not events:
            continue
        traces[name] = events
        with open(os.path.join(folder, name), "w") as out:
            out.writelines(f"{t}|{STD[op]}({operand})|{line}\n" for line, (t, op, operand) in enumerate(events, 1))
    return traces


def check(lockhound, folder):
    """The findings of every trace, by its file's name."""
    command = [lockhound, "check", "--format", "json", "--rules", "data-race,potential-deadlock", folder]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode not in (0, 1):
        sys.exit(result.stderr)
    report = json.loads(result.stdout)
    found = {}
    for finding in report["findings"]:
        path = report["traces"][finding["trace"]]["path"]
        found.setdefault(os.path.basename(path), []).append(finding)
    return found


def places(finding):
    return tuple(sorted(int(step["at"]) for step in finding["steps"]))


def over(events, pattern):
    """What is requested in a pattern."""
    return frozenset(events[line - 1][2] for line in pattern)


def compare(events, expected_races, patterns, findings):
    wrong = []
    sure = [f for f in findings if f["evidence"] in ("observed", "feasible")]
    told = {places(f) for f in sure if f["rule"] == "data-race"}
    if told != set(expected_races):
        wrong.append(f"races: missed {sorted(set(expected_races) - told)}, wrong {sorted(told - set(expected_races))}")
    cycles = {places(f) for f in sure if f["rule"] == "potential-deadlock"}
    if cycles - patterns:
        wrong.append(f"deadlocks: wrong {sorted(cycles - patterns)}, expected of {sorted(patterns)}")
    missed = {over(events, pattern) for pattern in patterns} - {over(events, pattern) for pattern in cycles}
    if missed:
        wrong.append(f"deadlocks: missed over {sorted(map(sorted, missed))}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
