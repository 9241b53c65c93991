#!/usr/bin/env python3
"""Judges the published schemas, and what is written and read, by validators that are not ours.

    contracts.py SCHEMAS FOLDER

SCHEMAS holds NAME.schema.json. FOLDER/documents/NAME holds documents of that schema, one in each .json file
and one in each line of a .jsonl file; FOLDER/accepted holds TOML files that config.schema.json must take,
FOLDER/refused such as it must not. Judges are the Python package jsonschema, and taplo for TOML. Every
document is also held against the schema with everything that it does not describe forbidden. Prints a line
per problem, and ends with 1 when there is any.
"""

import copy
import datetime
import json
import subprocess
import sys
from pathlib import Path

import jsonschema

try:
    import tomllib
except ImportError:  # Python 3.10
    from pip._vendor import tomli as tomllib

COMBINED = ("oneOf", "anyOf", "allOf")


def open_definitions(node, found):
    """Names of definitions that are used as a part of an object, beside properties of its own."""
    if isinstance(node, dict):
        if "properties" in node and "$ref" in node:
            found.add(node["$ref"].rsplit("/", 1)[-1])
        for value in node.values():
            open_definitions(value, found)
    elif isinstance(node, list):
        for value in node:
            open_definitions(value, found)
    return found


def close(node, is_part):
    """Forbids what is not described in every object, but not in parts of one, which see only themselves."""
    if isinstance(node, list):
        for one in node:
            close(one, is_part)
        return
    if not isinstance(node, dict):
        return
    has_own = "properties" in node
    for key, value in node.items():
        if key in COMBINED:
            close(value, is_part or has_own)
        elif key in ("properties", "patternProperties"):
            for one in value.values():
                close(one, False)
        elif key in ("items", "additionalProperties"):
            close(value, False)
    if has_own and not is_part and "additionalProperties" not in node:
        node["unevaluatedProperties"] = False


def closed(schema):
    schema = copy.deepcopy(schema)
    parts = open_definitions(schema, set())
    close(schema, False)
    for name, definition in schema.get("$defs", {}).items():
        close(definition, name in parts)
    return schema


def plain(value):
    """TOML as JSON has it: dates as text."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value


def documents(path):
    text = path.read_text()
    for part in text.splitlines() if path.suffix == ".jsonl" else [text]:
        yield json.loads(part)


def told(where, errors):
    return [f"{where}: {error.json_path}: {error.message[:300]}" for error in errors]


def judged_documents(validator, strict, folder):
    count = 0
    for path in sorted(folder.iterdir()):
        for document in documents(path):
            count += 1
            yield from told(path, validator.iter_errors(document))
            yield from told(f"{path}, undescribed", strict.iter_errors(document))
            for key in validator.schema.get("required", []):
                less = {name: value for name, value in document.items() if name != key}
                if validator.is_valid(less):
                    yield f"{path}: nobody misses {key}"
    if count == 0:
        yield f"{folder} is empty"


def judged_config(validator, path, is_right):
    """What is wrong with the verdict on a TOML file."""
    try:
        errors = list(validator.iter_errors(plain(tomllib.loads(path.read_text()))))
    except tomllib.TOMLDecodeError:
        return [f"{path} is not TOML"] if is_right else []
    if is_right:
        return told(path, errors)
    return [] if errors else [f"{path} is accepted: {path.read_text()!r}"]


def judged_by_taplo(schema, paths):
    """What taplo, by which editors work, has against files that are right."""
    taplo = Path(sys.executable).parent / "taplo"
    address = schema.resolve().as_uri()
    command = [str(taplo), "check", "--no-auto-config", "--schema", address, *map(str, paths)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    return [] if checked.returncode == 0 else [f"taplo: {checked.stderr[-2000:]}"]


def main():
    schemas, folder = map(Path, sys.argv[1:])
    problems = []
    for path in sorted(schemas.iterdir()):
        name = path.name.removesuffix(".schema.json")
        schema = json.loads(path.read_text())
        kind = jsonschema.Draft202012Validator
        if schema["$schema"] != kind.META_SCHEMA["$schema"] or not schema["$id"] or not schema["title"]:
            problems.append(f"{path} has no name, or is of another draft")
        kind.check_schema(schema)
        own = folder / "documents" / name
        if own.exists():
            problems += judged_documents(kind(schema), kind(closed(schema)), own)
    config = schemas / "config.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(config.read_text()))
    accepted, refused = (sorted((folder / name).iterdir()) for name in ("accepted", "refused"))
    for path in accepted:
        problems += judged_config(validator, path, True)
    for path in refused:
        problems += judged_config(validator, path, False)
    problems += judged_by_taplo(config, accepted)
    for problem in problems[:50]:
        print(problem)
    print(f"{len(accepted)} files accepted, {len(refused)} refused, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
