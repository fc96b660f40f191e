"""scrapli 2 as a foreign client: reads a session as JSON on its standard input, does it, prints what came of it.

{definition, transport, port, username, password, enable?, steps: [{do, ...}]}
Each step answers {output, failed}, or {error}.
"""

import json
import sys

from scrapli import AuthOptions, Cli, LookupKeyValue, SessionOptions, TransportBinOptions, TransportSsh2Options
from scrapli.exceptions import ScrapliException


def step(cli, one):
    match one["do"]:
        case "command":
            result = cli.send_input(one["line"])
        case "configure":
            result = cli.send_inputs(one["lines"], requested_mode="configuration", stop_on_indicated_failure=True)
        case "prompt":
            result = cli.get_prompt()
        case "dialogue":
            result = cli.send_prompted_input(one["line"], one["prompt"], "", one["answer"])
        case other:
            raise ValueError(other)
    return {"output": result.result, "failed": bool(result.failed)}


def connect(session):
    bare = {"known_hosts_path": "/dev/null"}
    transport = TransportSsh2Options() if session["transport"] == "ssh2" else TransportBinOptions(enable_strict_key=False, **bare)
    lookups = [LookupKeyValue("enable", session["enable"])] if "enable" in session else None
    return Cli(
        "127.0.0.1",
        port=session["port"],
        definition_file_or_name=session["definition"],
        auth_options=AuthOptions(username=session["username"], password=session["password"], lookups=lookups),
        session_options=SessionOptions(operation_timeout_s=20),
        transport_options=transport,
    )


def main():
    session = json.load(sys.stdin)
    answers = []
    try:
        with connect(session) as cli:
            for one in session["steps"]:
                try:
                    answers.append(step(cli, one))
                except ScrapliException as error:
                    answers.append({"error": type(error).__name__, "say": str(error)})
    except ScrapliException as error:
        answers.append({"error": type(error).__name__, "say": str(error)})
    json.dump(answers, sys.stdout)


main()
