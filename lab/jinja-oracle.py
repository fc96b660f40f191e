"""Renders templates with Python's Jinja2: a JSON document per line in, one per line out."""

import json
import sys

from jinja2 import DictLoader, Environment, StrictUndefined, pass_eval_context


def value(node):
    """Data as packages/server writes it: floats, large integers and mappings are marked."""
    if isinstance(node, list):
        return [value(item) for item in node]
    if isinstance(node, dict):
        if "$float" in node:
            return float(node["$float"])
        if "$integer" in node:
            return int(node["$integer"])
        return {value(key): value(item) for key, item in node["$map"]}
    return node


class Strict(StrictUndefined):
    """Refuses to be printed inside a list too, as Holdfast does."""

    __slots__ = ()
    __repr__ = StrictUndefined.__str__


def render(request):
    environment = Environment(
        loader=DictLoader(request["files"]),
        undefined=Strict if request.get("ours") else StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    if request.get("ours"):
        # Holdfast's tojson gives plain text; Jinja2's makes the texts around it HTML.
        to_json = environment.filters["tojson"]
        environment.filters["tojson"] = pass_eval_context(lambda context, *args, **named: str(to_json(context, *args, **named)))
    try:
        text = environment.get_template("main").render(value(request["data"]))
        if request.get("ours") and " object at 0x" in text:
            return {"error": "prints an address in memory"}
        return {"text": text}
    except (Exception, RecursionError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


for line in sys.stdin:
    print(json.dumps(render(json.loads(line))), flush=True)
