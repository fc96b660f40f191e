"""Netmiko 4.8 doing the same work on the same servers. JSON on stdin says what; figures as JSON on stdout."""
import json, logging, resource, statistics, sys, time
from concurrent.futures import ThreadPoolExecutor
from netmiko import ConnectHandler

logging.disable(logging.CRITICAL)


def connect(device, fast):
    more = {} if fast is None else {"fast_cli": fast}
    return ConnectHandler(device_type="cisco_ios", host="127.0.0.1", port=device["port"], username=device["username"],
                          password=device["password"], secret=device["enable"], **more)


def backup(device, fast):
    connection = connect(device, fast)
    try:
        if not connection.check_enable_mode():
            connection.enable()
        return connection.send_command("show running-config", read_timeout=120)
    finally:
        connection.disconnect()


def five_steps(device, fast):
    begun = time.perf_counter()
    connection = connect(device, fast)
    if not connection.check_enable_mode():
        connection.enable()
    text = connection.send_command("show running-config", read_timeout=120)
    connection.send_config_set(["interface Loopback1", "description five steps"])
    refused = "Invalid input" in connection.send_command("show nonsense")
    connection.disconnect()
    return {"seconds": time.perf_counter() - begun, "complete": text.rstrip().endswith("end"), "refused": refused}


job = json.load(sys.stdin)
out = {}
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
if job["do"] == "backup":
    begun, used = time.perf_counter(), cpu()
    with ThreadPoolExecutor(job["workers"]) as pool:
        texts = list(pool.map(lambda device: backup(device, job["fast"]), job["devices"]))
    out = {"seconds": time.perf_counter() - begun, "cpu": cpu() - used,
           "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
           "truncated": sum(not text.rstrip().endswith("end") or len(text.splitlines()) < job["lines"] for text in texts)}
else:
    runs = [five_steps(device, job["fast"]) for device in job["devices"]]
    out = {"seconds": statistics.median(run["seconds"] for run in runs),
           "wrong": sum(not run["complete"] or not run["refused"] for run in runs)}
json.dump(out, sys.stdout)
