"""Times hier_config on the same two configurations: parse both, then the remediation. JSON in on stdin, JSON out."""

import json
import sys
import time

from hier_config import Platform, WorkflowRemediation, get_hconfig

told = json.load(sys.stdin)
running_text, intended_text, repeats = told["running"], told["intended"], told["repeats"]
parse_ms, plan_ms, commands = [], [], 0
for _ in range(repeats):
    start = time.perf_counter()
    running = get_hconfig(Platform.CISCO_IOS, running_text)
    intended = get_hconfig(Platform.CISCO_IOS, intended_text)
    parsed = time.perf_counter()
    remediation = WorkflowRemediation(running, intended).remediation_config
    commands = sum(1 for _ in remediation.all_children_sorted())
    planned = time.perf_counter()
    parse_ms.append((parsed - start) * 1000)
    plan_ms.append((planned - parsed) * 1000)
print(json.dumps({"parseMs": min(parse_ms), "planMs": min(plan_ms), "commands": commands}))
