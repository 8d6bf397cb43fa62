"""What ci/extend does, once the machine is set up."""

import pathlib
import shutil
import subprocess
import sys

SCRATCH = pathlib.Path(".build-extend")
TREE = SCRATCH / "tree"
KINDS = ["fault", "oracle", "workload", "type", "setting", "figure", "catalog"]
PAGES = ["scenario", "cluster", "workloads", "faults", "checks"]
FILE_LIMIT = 3
TESTS = "ScenarioFilesTests|ColumnarTests|OraclesTests|WorkloadsTests|ParquetTests"
SCENARIO = """title: What was added works
length: 20s
cluster: { servers: 3, refusalPause: 20ms }
tables:
  - name: vintages
    columns: [id int, harvested year, again array<year>]
    primaryKey: [id, harvested]
workloads:
  - heartbeats: { rate: 50/s, devices: 7 }
  - tableTraffic: { tables: vintages }
faults:
  - { at: 5s, for: 5s, linkCrawl: { node: server-1 } }
checks: all
"""


def git(*words):
    done = subprocess.run(
        ["git", "-c", "user.name=extend", "-c", "user.email=extend@localhost", *words], cwd=TREE,
        capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def copy_sources():
    for folder in ("Sources", "Tests", "Scenarios", "ci", ".git"):
        shutil.rmtree(TREE / folder, ignore_errors=True)
    TREE.mkdir(parents=True, exist_ok=True)
    for file in ("Package.swift", "README.md"):
        shutil.copy2(file, TREE)
    for folder in ("Sources", "Tests", "Scenarios", "ci"):
        shutil.copytree(folder, TREE / folder)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "The sources as they are")


def add(kind):
    """Applies one addition; answers the files that it touches, tests aside."""
    patch = pathlib.Path(f"ci/extensions/{kind}.patch")
    with open(patch) as text:
        done = subprocess.run(
            ["patch", "-s", "-p1", "--no-backup-if-mismatch", "-d", TREE], stdin=text,
            capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{patch} does not apply: {done.stdout.strip()}")
    git("add", "-A")
    git("commit", "-q", "-m", patch.read_text().splitlines()[0])
    touched = git("show", "--name-only", "--format=", "HEAD").split()
    return [name for name in touched if not name.startswith("Tests/")]


def run(what, command):
    print(f"{what} ...", flush=True)
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode != 0:
        telling = [line for line in lines if "error:" in line or "✘" in line]
        print("\n".join(telling[:20] or lines[-20:]))
        sys.exit(f"{what}: exit code {done.returncode}")
    return lines


def main():
    copy_sources()
    print(f"{'addition':10} files")
    tooMany = []
    for kind in KINDS:
        files = add(kind)
        print(f"{kind:10} {len(files):5}  {', '.join(pathlib.Path(name).name for name in files)}",
              flush=True)
        if len(files) > FILE_LIMIT:
            tooMany.append(kind)
    scratch = ["--scratch-path", str(SCRATCH.absolute() / "build")]
    run("builds", ["swift", "build", "--build-tests", *scratch])
    program = str(SCRATCH.absolute() / "build/debug/wavetank")
    for page in PAGES:
        text = "\n".join(run(f"page {page}", [program, "help", page, "--markdown"]))
        name = page[0].upper() + page[1:]
        path = TREE / f"Sources/ScenarioFiles/ScenarioFiles.docc/{name}.md"
        path.write_text(text.rstrip("\n") + "\n")
    tests = str(SCRATCH.absolute() / "build/debug/wavetankPackageTests.xctest")
    lines = run("tests", [tests, "--testing-library", "swift-testing", "--filter", TESTS])
    print(next(line for line in reversed(lines) if "Test run with" in line))
    (TREE / "added.yaml").write_text(SCENARIO)
    print(run("runs", [program, "run", "added.yaml", "--quiet"])[0])
    if tooMany:
        sys.exit(f"more than {FILE_LIMIT} files: {', '.join(tooMany)}")


main()
