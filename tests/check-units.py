"""Reads cargo's unit graph (`cargo build --unit-graph`) and fails where a crate of others is compiled twice.

wasmtime and its compiler are dependencies of the binary and of a build script. Where the two differ in a feature or in
a setting of the profile, cargo compiles everything below twice and says nothing: minutes, and no error.
"""

import collections
import json
import sys

# Enough to see the cause: everything above a crate that is compiled twice is compiled twice, too.
SHOWN = 10

# Crates whose double compilation would cost minutes. A graph without one of them is not the graph that was meant.
HEAVY = {"wasmtime", "cranelift-codegen", "wasmparser", "wit-component", "tokio", "serde_json"}


def main() -> int:
    graph = json.load(sys.stdin)
    units = collections.defaultdict(list)
    for unit in graph["units"]:
        own = unit["pkg_id"].startswith("path+")
        if own or unit["mode"] != "build" or unit["target"]["kind"] == ["custom-build"]:
            continue
        units[unit["pkg_id"], unit["target"]["name"]].append(unit)

    missing = HEAVY - {name.replace("_", "-") for _, name in units} - {name for _, name in units}
    if missing:
        print(f"not in the graph: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1

    doubled = {key: found for key, found in units.items() if len(found) > 1}
    for (package, _), found in sorted(doubled.items())[:SHOWN]:
        print(f"compiled {len(found)} times: {package.rsplit('#', 1)[-1]}", file=sys.stderr)
        first = found[0]
        for other in found[1:]:
            features = set(first["features"]) ^ set(other["features"])
            profile = {key for key, value in first["profile"].items() if other["profile"].get(key) != value}
            why = [f"feature {name}" for name in sorted(features)] + [f"profile {name}" for name in sorted(profile)]
            print(f"  they differ in: {', '.join(why) or 'a dependency that is itself compiled twice'}", file=sys.stderr)
    print(f"{len(graph['units'])} units, {len(doubled)} crates of others compiled more than once")
    return 1 if doubled else 0


sys.exit(main())
