#!/usr/bin/env python3
"""Compares `lockhound check` with the Python reference on random traces: data races and deadlocks.

    compare-with-reference.py REFERENCE LOCKHOUND [--traces N] [--seed N] [--only race|deadlock] [--keep FOLDER]

REFERENCE is the folder with ref.py, theta.py and oracle.py; LOCKHOUND the release build of the command. Not part of CI:
the reference is no part of this repository. Exits with 1 if anything differs.

Every event has its own location, so each pair of racing events is a finding of its own. Of the deadlocks that are one
bug, because they differ only in threads and instances, one is reported: it has to be among those of the reference, and
each bug of the reference has to be reported."""

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("lockhound")
    parser.add_argument("--traces", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=["race", "deadlock"])
    parser.add_argument("--keep", metavar="FOLDER", help="leave the traces there")
    return parser.parse_args()


def import_reference(folder):
    """The reference reads `sys.argv` and talks when it is imported."""
    sys.path.insert(0, folder)
    argv, sys.argv = sys.argv, ["reference", "0"]
    with contextlib.redirect_stdout(io.StringIO()):
        import ref
        import theta
    sys.argv = argv
    return ref, theta


def check(lockhound, folder):
    command = [lockhound, "check", "--format", "json", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    report = json.loads(done.stdout)
    found = {os.path.basename(trace["path"]): [] for trace in report["traces"]}
    for finding in report["findings"]:
        found[os.path.basename(report["traces"][finding["trace"]]["path"])].append(finding)
    return found


def events(finding):
    """The events of a finding, counted from 1."""
    return tuple(sorted(step["event"] + 1 for step in finding["steps"]))


def bug(trace, index, numbers):
    """What makes deadlocks one bug: what is asked for, and which of these locks are held meanwhile."""
    asked = lambda number: trace[number - 1][2] if trace[number - 1][1] == "acq" else None
    locks = {asked(number) for number in numbers}
    held = lambda number: tuple(sorted(set(index["HELD"][number - 1]) & locks))
    return tuple(sorted((asked(number) or "join", held(number)) for number in numbers))


def differences(ref, theta, trace, findings):
    index = ref.prep(trace)
    sure = [finding for finding in findings if finding["evidence"] in ("observed", "feasible")]
    races = {events(finding) for finding in sure if finding["rule"] == "data-race"}
    expected_races = ref.syncp_races(trace, index)
    found = {events(finding) for finding in sure if finding["rule"] == "potential-deadlock"}
    # Patterns of locks alone are among those with joins; both prototypes have to be matched.
    tuples = theta.predict_theta(trace, index)
    patterns = ref.spdoffline(trace, index)
    bugs = lambda numbers: {bug(trace, index, some) for some in numbers}
    yield "race", "only reported", races - expected_races
    yield "race", "only in the reference", expected_races - races
    yield "deadlock", "only reported", found - tuples
    yield "deadlock", "only in the reference", bugs(tuples | patterns) - bugs(found)


def main():
    args = arguments()
    ref, theta = import_reference(args.reference)
    rand = random.Random(args.seed)
    generators = [ref.gen, ref.gen2, theta.gen]
    folder = args.keep or tempfile.mkdtemp(prefix="lockhound-reference-")
    os.makedirs(folder, exist_ok=True)
    traces = {}
    while len(traces) < args.traces:
        trace = generators[len(traces) % len(generators)](rand)
        if trace:
            name = f"{len(traces):05}.std"
            traces[name] = trace
            with open(os.path.join(folder, name), "w") as file:
                file.writelines(f"{t}|{op}({on})|{line}\n" for line, (t, op, on) in enumerate(trace, 1))
    found = check(args.lockhound, folder)
    different, counts = 0, {"race": 0, "deadlock": 0}
    for name, trace in traces.items():
        if name not in found:
            sys.exit(f"{name} is not in the report")
        for finding in found[name]:
            if finding["evidence"] in ("observed", "feasible") and finding["rule"] in ("data-race", "potential-deadlock"):
                counts["race" if finding["rule"] == "data-race" else "deadlock"] += 1
        wrong = [(what, how, which) for what, how, which in differences(ref, theta, trace, found[name])]
        wrong = [(what, how, which) for what, how, which in wrong if which and args.only in (None, what)]
        different += bool(wrong)
        if wrong and different <= 5:
            print(name, *(f"{what} {how}: {sorted(which)}" for what, how, which in wrong), sep="\n  ")
            print("", *(f"{t}|{op}({on})|{line}" for line, (t, op, on) in enumerate(trace, 1)), sep="\n    ")
    print(f"{len(traces)} traces, {counts['race']} races, {counts['deadlock']} deadlocks: {different} traces differ")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
