"""What ci/mutants does, once the machine is set up."""

import argparse
import filecmp
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

SCRATCH = pathlib.Path(".build-mutants")
TREE = SCRATCH / "tree"
RESULTS = pathlib.Path("Reports/mutants.tsv")
COLUMNS = ["mutant", "part", "scenario", "seeds", "seconds", "seen by"]
CANARY, CONTROL = "canary", "control"
CONTROL_SEEDS = 10
# Seeds of each scenario for a bug that was made at random.
RANDOM_SEEDS = 3
# What a scenario does later than this is not reached here.
SECONDS = 60
# As many runs that come to the code of a bug made at random are tried at most.
RANDOM_RUNS = 60
LINE = "%-40s %5s %7s  %-44s %s"


def headers(name):
    found = {}
    for line in open(f"ci/planted/{name}.patch"):
        if not line.strip():
            return found
        key, value = line.split(": ", 1)
        found[key] = value.strip()


def refresh_tree():
    """Makes the scratch tree the sources again; files that are the same keep their dates."""
    wanted = [pathlib.Path("Package.swift")]
    if pathlib.Path("Package.resolved").exists():
        wanted.append(pathlib.Path("Package.resolved"))
    for folder in ("Sources", "Tests"):
        wanted += [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    for path in wanted:
        copy = TREE / path
        if not copy.exists() or not filecmp.cmp(path, copy, shallow=False):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    kept = {TREE / path for path in wanted}
    for folder in ("Sources", "Tests"):
        for path in (TREE / folder).rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, **more)


def build(name):
    """Plants a bug and builds; answers what went wrong, if anything."""
    refresh_tree()
    with open(f"ci/planted/{name}.patch") as patch:
        applied = run(["patch", "-s", "-p1", "--no-backup-if-mismatch", "-d", TREE], stdin=patch)
    if applied.returncode != 0:
        return "the patch no longer applies: " + applied.stdout.strip()
    built = run(
        ["ci/release", "--package-path", TREE, "--scratch-path", SCRATCH / "build"])
    if built.returncode != 0:
        errors = [line for line in (built.stdout + built.stderr).splitlines() if "error:" in line]
        return "the patched tree does not build: " + " ".join(errors[:2])
    return None


def hunt(scenarios, last, jobs, seconds=SECONDS):
    """Hunts from seed 1 on; answers how many seeds it took and who saw something, if anyone."""
    output = SCRATCH / "hunt.jsonl"
    count, start = 0, 1
    while start <= last:
        output.unlink(missing_ok=True)
        before = set(pathlib.Path("Reports/runs").glob("*.failure.json"))
        run([SCRATCH / "build/release/wavetank", "hunt", *scenarios, "--seeds", f"{start}..{last}",
             "--seconds", str(seconds), "--first-only", "--jobs", str(jobs), "--output", output])
        # Seeds that failed before come first in a hunt: none may be left for the next bug's.
        for file in set(pathlib.Path("Reports/runs").glob("*.failure.json")) - before:
            file.unlink()
        seeds = [json.loads(line) for line in open(output)]
        if not seeds:
            sys.exit("the hunt ran no seed")
        verdicts = ("fail", "crash", "timeout", "nondeterministic")
        bad = [seed for seed in seeds if seed["verdict"] in verdicts]
        if bad:
            first = min(bad, key=lambda seed: seed["seed"])
            seen = [oracle["name"] for oracle in first.get("oracles", []) if oracle["violations"]]
            return first["seed"], ", ".join(seen) or cause(first)
        count += len(seeds)
        # A hunt also stops at a seed that is inconclusive, which neither sees a bug nor clears it.
        start = max(seed["seed"] for seed in seeds) + 1
    return count, None


def cause(seed):
    """What a run that no oracle judged came to; of a trap, only the place stays the same."""
    if seed["verdict"] == "crash":
        place = re.search(r" at (Sources/[^ :]+)", seed["reason"])
        return "a trap of the engine" + (f" in {place[1]}" if place else ": the process ended")
    return "a defect that the engine noted: " + seed["reason"].split(": ")[-1][:60]


def former_results():
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text().splitlines()
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    return {row["mutant"]: row for row in rows}


def change(row, former):
    if former is None:
        return "new"
    before = (former.get("seeds"), former.get("seen by"))
    if before == (row["seeds"], row["seen by"]):
        return "as before"
    if before[1] == "-":
        return f"was not seen in {before[0]} seeds"
    return f"was seed {before[0]}, {before[1]}"


def main():
    parser = argparse.ArgumentParser(prog="ci/mutants")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--random", type=int)
    parser.add_argument("--random-seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=RANDOM_RUNS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.random:
        import mutants_random
        options.seeds = options.seeds or RANDOM_SEEDS
        return mutants_random.main(options)
    options.seeds = options.seeds or 1000
    bank = sorted(path.stem for path in pathlib.Path("ci/planted").glob("*.patch"))
    bank.sort(key=lambda name: name not in (CANARY, CONTROL))
    unknown = set(options.names) - set(bank)
    if unknown:
        sys.exit(f"there is no ci/planted/{sorted(unknown)[0]}.patch")
    TREE.mkdir(parents=True, exist_ok=True)
    scenarios = sorted({headers(name)["Scenario"] for name in bank})
    former = former_results()
    rows = {name: row for name, row in former.items() if name in bank}
    wrong = []
    print(LINE % ("mutant", "seeds", "seconds", "seen by", "since the last time"), flush=True)
    for name in [name for name in bank if name in (options.names or bank)]:
        trouble = build(name)
        if trouble:
            wrong.append(f"{name}: {trouble}")
            continue
        start = time.monotonic()
        header = headers(name)
        if name == CONTROL:
            seeds, seen = hunt(scenarios, min(options.seeds, CONTROL_SEEDS), options.jobs)
        else:
            last = 1 if name == CANARY else options.seeds
            # What shows late only says how long its scenario has to run.
            seconds = int(header.get("Seconds", SECONDS))
            seeds, seen = hunt([header["Scenario"]], last, options.jobs, seconds)
        row = {
            "mutant": name, "part": header["Part"], "scenario": header["Scenario"],
            "seeds": str(seeds), "seconds": str(round(time.monotonic() - start)),
            "seen by": seen or "-"}
        if (seen is None) != (name == CONTROL):
            told = f"seen by {seen}" if seen else f"not seen in {seeds} seeds"
            wrong.append(f"{name}: {told}")
        rows[name] = row
        told = change(row, former.get(name))
        print(LINE % (name, row["seeds"], row["seconds"], row["seen by"][:44], told), flush=True)
        RESULTS.parent.mkdir(exist_ok=True)
        ordered = [rows[name] for name in bank if name in rows]
        RESULTS.write_text("".join(
            "\t".join(line) + "\n"
            for line in [COLUMNS] + [[row.get(key, "") for key in COLUMNS] for row in ordered]))
    bugs = [row for name, row in rows.items() if name not in (CANARY, CONTROL)]
    seen = sum(row["seen by"] != "-" for row in bugs)
    print(f"{seen} of {len(bugs)} planted bugs seen")
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
