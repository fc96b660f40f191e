"""Netmiko as a foreign client: reads a session as JSON on its standard input, does it, prints what came of it.

{device_type, port, username, password, secret?, options?, steps: [{do, ...}]}
Each step answers its output, or {error}: the class and text of what Netmiko raised.
"""

import json
import sys

from netmiko import ConnectHandler
from netmiko.exceptions import ConfigInvalidException, NetmikoAuthenticationException, NetmikoBaseException


def step(connection, one):
    match one["do"]:
        case "command":
            return connection.send_command(one["line"], **one.get("options", {}))
        case "configure":
            return connection.send_config_set(one["lines"], **one.get("options", {}))
        case "enable":
            connection.enable()
            return connection.find_prompt()
        case "prompt":
            return connection.find_prompt()
        case "save":
            return connection.save_config(**one.get("options", {}))
        case "dialogue":
            return connection.send_multiline([tuple(pair) for pair in one["pairs"]])
    raise ValueError(one["do"])


def main():
    session = json.load(sys.stdin)
    answers = []
    parameters = {key: session[key] for key in ("device_type", "port", "username", "password")}
    try:
        with ConnectHandler(host="127.0.0.1", secret=session.get("secret", ""), **parameters, **session.get("options", {})) as connection:
            for one in session["steps"]:
                try:
                    answers.append(step(connection, one))
                except (ConfigInvalidException, NetmikoBaseException) as error:
                    answers.append({"error": type(error).__name__, "say": str(error)})
    except (NetmikoAuthenticationException, NetmikoBaseException) as error:
        answers.append({"error": type(error).__name__, "say": str(error)})
    json.dump(answers, sys.stdout)


main()
