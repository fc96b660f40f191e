"""Renders every device of a repository with Python's Jinja2, as the layout of repositories says. Prints {name: text} as JSON."""

import json
import pathlib
import sys

import jinja2
import yaml


def merged(base, over):
    """Mappings are merged at any depth; lists and values replace."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if both else value
    return result


def data_of(root, path):
    file = root / "data" / path
    return yaml.safe_load(file.read_text()) or {} if file.exists() else {}


def variables_of(root, document):
    name, spec = document["metadata"]["name"], document["spec"]
    variables = {}
    for path in ("global.yaml", f"sites/{spec.get('site')}.yaml", f"devices/{name}.yaml"):
        variables = merged(variables, data_of(root, path))
    own = {**spec, **document["metadata"]}
    own.pop("credential", None)
    variables["device"] = merged(variables.get("device", {}), own)
    variables.setdefault("site", spec.get("site"))
    return variables


def main():
    root = pathlib.Path(sys.argv[1])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([root, root / "templates"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rendered = {}
    for file in sorted((root / "inventory").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            template = document["spec"].get("template", f"templates/{document['spec']['platform']}/device.j2")
            rendered[document["metadata"]["name"]] = environment.get_template(template).render(variables_of(root, document))
    json.dump(rendered, sys.stdout)


main()
