#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every #include between rooms is one that secateur/CMakeLists.txt declares (directly or through another
room), that a solver's header is included by its one back end only, and that each source starts with its licence line."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
declared = {}
for match in re.finditer(r"secateur_room\((\w+)([^)]*)\)", (root / "secateur/CMakeLists.txt").read_text()):
    depends = re.search(r"DEPENDS\s+([a-z ]+)", match.group(2))
    declared[match.group(1)] = set(depends.group(1).split()) if depends else set()


def reachable(room):
    seen, stack = set(), [room]
    while stack:
        for next_room in declared[stack.pop()]:
            if next_room not in seen:
                seen.add(next_room)
                stack.append(next_room)
    return seen | {room}


# Headers that only these files may include.
guarded = {
    r"highs_c_api\.h": {"secateur/lp/highs.cpp"},
    r"onnx\.pb\.h": "secateur/nn/",
    r"csv\.h": "secateur/data/",
    r"nlopt\.hpp": {"secateur/flowsheet/reference.cpp"},
    r"sqlite3\.h": {"secateur/study/sqlite.cpp"},
}
problems = []
folders = ["secateur", "apps", "tests", "bench"]
for path in sorted(p for f in folders for p in (root / f).rglob("*") if p.suffix in {".cpp", ".hpp"}):
    name = path.relative_to(root).as_posix()
    text = path.read_text()
    if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
        problems.append(f"{name}: the first line is not the licence line")
    if path.suffix == ".hpp" and "#pragma once" not in text:
        problems.append(f"{name}: no #pragma once")
    parts = path.relative_to(root).parts
    room = parts[1] if parts[0] == "secateur" and len(parts) > 2 else None
    for included in re.findall(r'#include [<"]([^>"]+)[>"]', text):
        match = re.match(r"secateur/(\w+)/", included)
        if room and match and match.group(1) not in reachable(room):
            problems.append(f"{name}: room {room} includes {included}, but does not depend on {match.group(1)}")
        for pattern, owner in guarded.items():
            if re.search(r"(^|/)" + pattern + "$", included) and not (
                name in owner if isinstance(owner, set) else name.startswith(owner)
            ):
                problems.append(f"{name}: includes {included}, which belongs to {owner}")
for problem in problems:
    print(problem, file=sys.stderr)
print(f"check_rooms: {len(declared)} rooms, {len(problems)} problems")
sys.exit(1 if problems else 0)
