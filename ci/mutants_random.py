"""Makes small bugs by operators, builds them all into one program, and hunts each.

Each mutant is the original code and its changed form side by side on one line; WAVETANK_MUTANT
chooses which of them is alive when the program starts. The program that ships has none of this:
the mutants are made in a scratch copy of the sources.
"""

import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import time

import mutants as bank

RESULTS = pathlib.Path("Reports/mutants-random.tsv")
JUDGED = pathlib.Path("ci/planted/set-aside.tsv")
COLUMNS = ["place", "operator", "original", "changed", "result", "seen by"]
ENGINE = ["Cluster", "Changelog", "KeyValue", "RemoteLog", "LakeTiering", "Iceberg", "UnionRead",
          "Vectors"]
SWITCH = """import Glibc

/// Which mutant is alive, of those that were planted in this copy of the sources; 0 for none.
private let aliveMutant: Int = getenv("WAVETANK_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
/// Where it is told which mutants' code a run comes to, a number a line; nil if nobody asks.
nonisolated(unsafe) private let reachedFile =
    getenv("WAVETANK_MUTANT_REACHED").flatMap { fopen(String(cString: $0), "a") }
nonisolated(unsafe) private let told = {
    let numbers = UnsafeMutablePointer<Bool>.allocate(capacity: 10_000)
    numbers.initialize(repeating: false, count: 10_000)
    return numbers
}()

func isMutant(_ number: Int) -> Bool {
    if let reachedFile, !told[number] {
        told[number] = true
        fputs("\\(number)\\n", reachedFile)
        fflush(reachedFile)
    }
    return aliveMutant == number
}
"""

# Mutants that cannot matter, by kind: an operator or None for all, a pattern of the place, one of
# the original text, and why. They are set aside unless something sees them all the same.
CANNOT_MATTER = [
    ("an error swallowed", r"", r"\bsleep\(",
     "a sleep throws in a machine that ends alone, and there the next wait does"),
    (None, r"", r"^(\w+\.)*retry\.reset\(\)$|fetchPause\.reset\(\)|\bwait \* 2\b",
     "how soon a step that failed is tried again is no promise"),
    ("an await reordered", r"", r"retry\.reset\(\)|fetchPause\.reset\(\)",
     "how soon a step that failed is tried again is no promise"),
    (None, r"", r"\.reserveCapacity\(", "it saves time alone"),
    ("a constant changed", r"", r"\(low \+ high\) / 2",
     "a search that halves elsewhere finds the same"),
    (None, r"", r"hash \^ hash >> ", "a hash that mixes otherwise spreads as well"),
    (None, r"KeyValue/", r"\b(syncDirectory|syncParents)\(",
     "the files of rows are made anew in each term, so that no loss of power matters to them"),
    (None, r"Iceberg/LakeExport", r"", "run by --export alone; ci/strangers reads what it writes"),
    (None, r"", r"\bput\(hint\b|writeVersionHint",
     "the specification has no version hint, and readers that look for one may find an old one"),
    ("an await reordered", r"KeyValue/KeyValueSnapshot", r"^try await destroy\(",
     "destroy removes the files of a folder and leaves the folder: it is there and empty"),
    ("an await reordered", r"TableTiering\+Maintenance", r"^try await expire\(",
     "neither asks what the other did: each deletes what nothing names when it looks"),
    ("an await reordered", r"VectorIndex\+Opening", r"loadSegments",
     "only garbage of the claimed manifest is collected, which has none of its segments"),
    (None, r"KeyValue/BlockCache", r"", "what a cache holds costs time and memory alone"),
    ("a comparison moved", r"ChangeLog\+Read", r"^batches\.count == 1$",
     "it saves a copy; with several, the first alone is a short answer, and readers ask again"),
    (None, r"LakeTierer", r"^told = ", "it keeps a message from being told twice"),
    (None, r"TableWriter", r"\bkeyless\b",
     "rows without a key may go to any bucket, as evenly or as together as it comes"),
]

# What only tells people, or holds the program's own invariants: nobody could see it changed.
TELLS = re.compile(
    r"\b(observer|precondition|assert|fatalError|reached|description|note|keepApart)\b")
COMPARISONS = {" < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " == ": " != ",
               " != ": " == "}
NOT_STATEMENTS = re.compile(
    r"^(let|var|return|throw|guard|if|for|while|repeat|switch|case|default|func|defer|break|"
    r"continue|import|struct|enum|class|extension|else|do|catch|init|self\.init|super|static|"
    r"private|public|package|internal|fileprivate|nonisolated|isolated|async|inout|in|is|as|"
    r"typealias|protocol|subscript|get|set|where|indirect|mutating|final|@)\b")
STATEMENT = re.compile(
    r"^(?:try )?(?:await )?(?:_ = )?(?:try )?(?:await )?[A-Za-z_][\w.!?]*(?:\[[^\]]*\])?"
    r"(?:\(.*\)|(?: [-+*/&|^]?&?=) .+)$")


def masked(line):
    """The line with the text of strings and comments blanked, of the same length."""
    out, inside, index = [], False, 0
    while index < len(line):
        letter = line[index]
        if inside:
            if letter == "\\" and index + 1 < len(line):
                out.append("__")
                index += 2
                continue
            inside = letter != '"'
            out.append('"' if not inside else "_")
        elif letter == '"':
            inside = True
            out.append(letter)
        elif line.startswith("//", index):
            out.append(" " * (len(line) - index))
            break
        else:
            out.append(letter)
        index += 1
    return "".join(out)


def is_balanced(text):
    depth = 0
    for letter in text:
        depth += letter in "([{"
        depth -= letter in ")]}"
        if depth < 0:
            return False
    return depth == 0


def clauses(text):
    """The parts between commas that stand in no brackets, as (start, end)."""
    depth, start, found = 0, 0, []
    for index, letter in enumerate(text):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and depth == 0:
            found.append((start, index))
            start = index + 1
    return found + [(start, len(text))]


def expressions(line, mask, following):
    """Where an expression stands whole on this line, as (start, end)."""
    indent = len(line) - len(line.lstrip())
    body = mask.strip()
    ends_here = not re.match(r"\s*([.?:&|+*/%<>=-]|\?\?)", following or "")
    for pattern in (r"return ", r"(?:let|var) \w+(?:: [\w.?]+)? = ", r"\w[\w.]* [-+]?= "):
        head = re.match(pattern, body)
        if head and ends_here:
            start = indent + head.end()
            text = mask[start:].rstrip()
            if text and is_balanced(text) and "{" not in text:
                return [(start, start + len(text))]
    head = re.match(r"(?:\} else )?(?:if|while|guard) ", body)
    if head:
        tail = re.search(r"( else)? \{( (return|continue|break)\b.*\})?$", body)
        if tail:
            start, end = indent + head.end(), indent + tail.start()
            text = mask[start:end]
            if is_balanced(text) and "{" not in text:
                return [
                    (start + a + len(text[a:b]) - len(text[a:b].lstrip()), start + b)
                    for a, b in clauses(text)
                    if not re.match(r"\s*(let|var|case|#)\b", text[a:b])]
    return []


def split_effects(text):
    """`try` and `await` stand before the whole choice."""
    head = re.match(r"((?:try )?(?:await )?)", text)
    return head[1], text[head.end():]


def is_in_initializer(masks, index):
    """Whether a line is of an initializer, where no assignment can be left out."""
    limit = len(masks[index]) - len(masks[index].lstrip())
    for line in reversed(masks[:index]):
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if not text or indent >= limit:
            continue
        # A signature of several lines ends with a bracket as deep as its beginning.
        limit = indent + 1 if text.startswith(")") or text == "{" else indent
        if re.match(r"(?:[a-z()]+ )*init[?]?[(<]", text):
            return True
        if re.match(r"(?:[a-z()]+ )*(?:func|subscript|struct|class|enum|extension)\b", text):
            return False
    return False


def must_be_set(masks, text):
    """Whether a statement gives a constant that was declared without a value its value."""
    target = re.match(r"(\w+) = ", text)
    return target and any(
        re.match(rf"\s*let [(\w, ]*\b{target[1]}\b[^=]*$", line) for line in masks)


def is_value(before, following):
    """Whether a statement alone in its braces is what they come to."""
    head = before.strip()
    if not head.endswith("{") or not following.strip().startswith("}"):
        return False
    if "->" in head or head == "{" or head.startswith(("var ", "static var ", "get")):
        return True
    return not re.match(
        r"(?:\} )?(?:if|for|while|guard|else|do|catch|func|defer|repeat)\b|.*\bfunc\b|\)", head)


def is_statement(line, mask, before, following):
    text = mask.strip()
    if not STATEMENT.match(text) or NOT_STATEMENTS.match(text) or not is_balanced(text):
        return False
    if "{" in text or TELLS.search(text) or is_value(before, following):
        return False
    previous = before.rstrip()
    if not (previous.endswith(("{", "}", ":", ")")) or re.search(r"[\w\]\"!?]$", previous)):
        return False
    if previous.strip().startswith((".", "return")) or previous.endswith(("=", ",", "(", "->")):
        return False
    return not re.match(r"\s*([.?:&|+*/%<>=-]|\?\?|else)", following or "")


def candidates(module, path, lines):
    """Every mutant of a file: (line index, count of lines, operator, original, changed, text)."""
    masks = [masked(line) for line in lines]
    if any('"""' in line for line in lines):
        return []
    for index, (line, mask) in enumerate(zip(lines, masks)):
        indent = len(line) - len(line.lstrip())
        if indent < 8 or TELLS.search(mask) or line.lstrip().startswith("@"):
            continue
        following = masks[index + 1] if index + 1 < len(lines) else ""
        before = masks[index - 1] if index else ""
        for start, end in expressions(line, mask, following):
            effects, rest = split_effects(line[start:end])
            offset = start + len(effects)
            part = mask[offset:end]
            changes = [
                ("a comparison moved", match.start(), match.end(), COMPARISONS[match[0]])
                for match in re.finditer(r" (?:<|<=|>|>=|==|!=) ", part)]
            changes += [
                ("a constant changed", match.start(), match.end(), str(int(match[0]) + 1))
                for match in re.finditer(r"(?<![\w.\"$#-])\d{1,9}(?![\w.\"x])", part)]
            for operator, first, last, text in changes:
                changed = rest[:first] + text + rest[last:]
                yield (index, 1, operator, rest.strip(), changed.strip(),
                       lambda n, line=line, start=start, end=end, effects=effects, rest=rest,
                       changed=changed:
                       [f"{line[:start]}{effects}(isMutant({n}) ? ({changed}) : ({rest}))"
                        f"{line[end:]}"])
        if is_statement(line, mask, before, following) and not (
                " = " in mask and (
                    is_in_initializer(masks, index) or must_be_set(masks, mask.strip()))):
            pad, text = line[:indent], line.strip()
            yield (index, 1, "a statement dropped", text, "", lambda n, pad=pad, text=text:
                   [f"{pad}if !isMutant({n}) {{ {text} }}"])
            if text.startswith("try ") and " = " not in text:
                soft = "try? " + text[len("try "):]
                yield (index, 1, "an error swallowed", text, soft,
                       lambda n, pad=pad, text=text, soft=soft:
                       [f"{pad}if isMutant({n}) {{ _ = {soft} }} else {{ {text} }}"])
            after = masks[index + 2] if index + 2 < len(lines) else ""
            if "await" in mask and is_statement(following, following, mask, after) \
                    and len(following) - len(following.lstrip()) == indent:
                other = lines[index + 1].strip()
                yield (index, 2, "an await reordered", f"{text}; {other}", f"{other}; {text}",
                       lambda n, pad=pad, text=text, other=other:
                       [f"{pad}if isMutant({n}) {{ {other}; {text} }} else {{ {text}; {other} }}",
                        ""])


def draw(count, seed):
    """Draws mutants evenly over operators, no two of them on one line."""
    by_operator, sources = {}, {}
    for module in ENGINE:
        for path in sorted((bank.TREE / "Sources" / module).rglob("*.swift")):
            lines = path.read_text().split("\n")
            sources[path] = lines
            for mutant in candidates(module, path, lines):
                by_operator.setdefault(mutant[2], []).append((path, mutant))
    print("candidates: " + ", ".join(f"{len(found)} of {name}" for name, found in
                                     sorted(by_operator.items())), flush=True)
    source = random.Random(seed)
    for found in by_operator.values():
        source.shuffle(found)
    taken, chosen = set(), []
    while len(chosen) < count and any(by_operator.values()):
        for operator in sorted(by_operator):
            while by_operator[operator]:
                path, mutant = by_operator[operator].pop()
                rows = {(path, mutant[0] + step) for step in range(mutant[1])}
                if taken & rows:
                    continue
                taken |= rows
                chosen.append((path, mutant))
                break
    return chosen[:count], sources


def plant(chosen, sources):
    edited = {path: list(lines) for path, lines in sources.items()}
    for number, (path, mutant) in chosen.items():
        edited[path][mutant[0]:mutant[0] + mutant[1]] = mutant[5](number)
    for path, lines in edited.items():
        text = "\n".join(lines)
        if path.read_text() != text:
            path.write_text(text)
    for module in ENGINE:
        switch = bank.TREE / "Sources" / module / "ActiveMutant.swift"
        if not switch.exists() or switch.read_text() != SWITCH:
            switch.write_text(SWITCH)


def build(chosen, sources):
    """Builds; mutants whose line the compiler refuses are left out. Answers those that stand."""
    for _ in range(40):
        plant(chosen, sources)
        built = bank.run(
            ["ci/release", "--package-path", bank.TREE, "--scratch-path", bank.SCRATCH / "build"])
        if built.returncode == 0:
            return chosen
        output = built.stdout + built.stderr
        places = {
            (pathlib.Path(match[1]).name, int(match[2]))
            for match in re.finditer(r"(\S+\.swift):(\d+):\d+: error:", output)}
        refused = [
            number for number, (path, mutant) in chosen.items()
            if any((path.name, mutant[0] + 1 + step) in places for step in range(mutant[1]))]
        if not refused:
            # A use of a value that a dropped line should have set is told elsewhere in the file.
            names = {name for name, _ in places}
            refused = [number for number, (path, _) in chosen.items() if path.name in names]
        if not refused:
            sys.exit("the mutated tree does not build:\n" + output[-2000:])
        print(f"  the compiler refuses {len(refused)} mutants", flush=True)
        chosen = {number: value for number, value in chosen.items() if number not in refused}
    sys.exit("the mutated tree did not build after 40 rounds")


def hunt(number, scenarios, seeds, options, reached=None):
    """Answers the lines of a hunt with one mutant alive; the numbers reached go into a file."""
    output = bank.SCRATCH / "random.jsonl"
    output.unlink(missing_ok=True)
    before = set(pathlib.Path("Reports/runs").glob("*.failure.json"))
    first = [] if number == 0 else ["--first-only"]
    subprocess.run(
        [bank.SCRATCH / "build/release/wavetank", "hunt", *scenarios, "--seeds", seeds,
         "--seconds", str(options.seconds), *first, "--patience", "120",
         "--jobs", str(options.jobs), "--output", output],
        capture_output=True,
        env=os.environ | {"WAVETANK_MUTANT": str(number)}
        | ({"WAVETANK_MUTANT_REACHED": str(reached.absolute())} if reached else {}))
    for file in set(pathlib.Path("Reports/runs").glob("*.failure.json")) - before:
        file.unlink()
    return [json.loads(line) for line in open(output)] if output.exists() else []


def survey(scenarios, options):
    """Runs every scenario and seed without a mutant: what comes of it, and what each reaches.

    Each is a hunt of its own, so that what is reached is known run by run. What was surveyed with
    this very program is kept, and not run again.
    """
    program = bank.SCRATCH / "build/release/wavetank"
    with open(program, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kept, control, reach = bank.SCRATCH / "survey.json", {}, {}
    if kept.exists():
        known = json.loads(kept.read_text())
        if known["program"] == digest and known["seconds"] == options.seconds:
            control = {(line["scenario"], line["seed"]): line for line in known["lines"]}
            reach = {(path, seed): set(numbers) for path, seed, numbers in known["reach"]}
    file = bank.SCRATCH / "reached"
    for seed in range(1, options.seeds + 1):
        for scenario in scenarios:
            if (scenario, seed) in control:
                continue
            file.unlink(missing_ok=True)
            start = time.monotonic()
            for line in hunt(0, [scenario], f"{seed}..{seed}", options, file):
                line["took"] = time.monotonic() - start
                control[(scenario, seed)] = line
            reach[(scenario, seed)] = (
                {int(number) for number in file.read_text().split()} if file.exists() else set())
        kept.write_text(json.dumps({
            "program": digest, "seconds": options.seconds, "lines": list(control.values()),
            "reach": [[*key, sorted(numbers)] for key, numbers in reach.items()]}))
    return control, reach


def ways_to(number, control, reach, options):
    """The runs that come to a mutant's code, quick ones first within a seed, at most so many."""
    keys = [key for key, numbers in reach.items()
            if number in numbers and control[key]["verdict"] == "pass"]
    keys.sort(key=lambda key: (key[1], control[key]["took"]))
    return keys[:options.runs]


def hunt_mutant(number, control, reach, options):
    """Hunts a mutant through runs that come to its code, seed by seed until it is seen."""
    ways, lines = ways_to(number, control, reach, options), []
    for seed in sorted({seed for _, seed in ways}):
        paths = [path for path, other in ways if other == seed]
        lines += hunt(number, paths, f"{seed}..{seed}", options)
        verdict = judge(lines, ways, control)
        if verdict[0] == "seen":
            break
    return judge(lines, ways, control), len(lines)


def judge(lines, ways, control):
    """What became of a mutant, and who saw it."""
    bad = [line for line in lines
           if line["verdict"] in ("fail", "crash", "timeout", "nondeterministic")]
    if bad:
        seen = [oracle["name"] for oracle in bad[0].get("oracles", []) if oracle["violations"]]
        return "seen", ", ".join(seen) or bank.cause(bad[0])
    halted = [line for line in lines if line["verdict"] == "inconclusive"]
    if halted:
        return "seen", "not conclusive any more: " + halted[0]["reason"][:60]
    if not ways:
        return "not reached", ""
    same = all(line["traceHash"] == control[(line["scenario"], line["seed"])]["traceHash"]
               for line in lines)
    return ("changes nothing" if same else "survived"), ""


def kind_that_cannot_matter(place, mutant):
    for operator, where, what, why in CANNOT_MATTER:
        if operator in (None, mutant[2]) and re.search(where, place) and re.search(what, mutant[3]):
            return why
    return None


def set_aside():
    if not JUDGED.exists():
        return {}
    rows = [line.split("\t") for line in JUDGED.read_text().splitlines()[1:]]
    return {tuple(row[:3]): row[3] for row in rows}


def main(options):
    bank.TREE.mkdir(parents=True, exist_ok=True)
    for module in ENGINE:
        (bank.TREE / "Sources" / module / "ActiveMutant.swift").unlink(missing_ok=True)
    bank.refresh_tree()
    # The compiler refuses one in thirty: with a few more, the number that was asked for stands.
    drawn, sources = draw(options.random + options.random // 10 + 5, options.random_seed)
    chosen = build(dict(enumerate(drawn, start=1)), sources)
    chosen = dict(list(chosen.items())[:options.random])
    scenarios = options.names or sorted(
        str(path) for folder in ("fast", "rare") for path in
        pathlib.Path("Scenarios", folder).glob("*.yaml"))
    print(f"{len(chosen)} mutants stand in one program; {len(scenarios)} scenarios, "
          f"{options.seeds} seeds each, {options.seconds} s", flush=True)
    start = time.monotonic()
    control, reach = survey(scenarios, options)
    print(f"  {len(control)} runs without a mutant: {time.monotonic() - start:.0f} s", flush=True)
    unclean = [key for key, line in control.items() if line["verdict"] != "pass"]
    for scenario, seed in unclean:
        print(f"  without a mutant, {scenario} does not pass with seed {seed}", flush=True)
    judged, rows = set_aside(), []
    for number, (path, mutant) in chosen.items():
        start = time.monotonic()
        place = path.relative_to(bank.TREE)
        (result, seen), runs = hunt_mutant(number, control, reach, options)
        why = judged.get((str(place), mutant[3], mutant[4])) or kind_that_cannot_matter(
            str(place), mutant)
        if why and result != "seen":
            result, seen = "set aside", why
        rows.append([f"{place}:{mutant[0] + 1}", *mutant[2:5], result, seen])
        print(f"{rows[-1][0]:52} {mutant[2]:20} {result:16} {seen[:40]:40} "
              f"{runs:4} runs {time.monotonic() - start:5.0f} s", flush=True)
        RESULTS.write_text("".join(
            "\t".join(cell.replace("\t", " ") for cell in row) + "\n" for row in [COLUMNS] + rows))
    report(rows, options)


def report(rows, options):
    count = {result: sum(row[4] == result for row in rows) for result in
             ("seen", "survived", "not reached", "changes nothing", "set aside")}
    matter = count["seen"] + count["survived"] + count["not reached"]
    for result in ("survived", "not reached"):
        for row in rows:
            if row[4] == result:
                print(f"{result}: {row[0]}: {row[1]}\n    - {row[2]}\n    + {row[3] or 'nothing'}")
    print(f"left out, since no event of any run differs: {count['changes nothing']}; since a "
          f"person judged so (ci/planted/set-aside.tsv): {count['set aside']}")
    share = 100 * count["seen"] / matter if matter else 0
    print(f"score: {count['seen']} of {matter} mutants that can matter seen, {share:.0f} %; "
          f"{count['survived']} survived, {count['not reached']} were never reached "
          f"(--random {options.random} --random-seed {options.random_seed})")
