"""Judges what `linkwalk role` prints: every folder named holds some of *.yaml, *.tf and *.json.

CloudFormation is checked by cfn-lint against AWS's schemas, Terraform parsed by python-hcl2, and every policy,
wherever it stands, checked by parliament against the service authorization reference. Says what is wrong,
and fails, if anything is.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import hcl2
import yaml
from parliament import analyze_policy_string

class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _short(loader, suffix, node):
    value = loader.construct_scalar(node)
    # What a parameter stands for does not matter to a policy, but that it is a value does.
    return re.sub(r"\$\{\w+\}", "111122223333", value) if suffix == "Sub" else "o-a1b2c3d4e5"


Loader.add_multi_constructor("!", _short)


def _list(value) -> list:
    return [value] if isinstance(value, str) else value


def _is_elsewhere(document: dict, action: str, arn: str) -> bool:
    kind = arn.rpartition(":")[2]
    return any(action in _list(statement["Action"])
               and any(it.endswith(f":{kind}") for it in _list(statement["Resource"]))
               for statement in document["Statement"])


def policy(where: str, document: dict) -> list[str]:
    """What parliament says of an identity's policy."""
    analyzed = analyze_policy_string(json.dumps(document), ignore_private_auditors=True)
    wrong = []
    for finding in analyzed.findings:
        # parliament wants every type of resource of an action in one statement; conditions on what is made
        # need another statement for what is around it.
        if finding.issue == "RESOURCE_MISMATCH":
            if all(_is_elsewhere(document, it["action"], it["required_format"]) for it in finding.detail):
                continue
        wrong.append(f"{where}: {finding.issue} {finding.detail} {finding.location}")
    for statement in document["Statement"]:
        actions = _list(statement["Action"])
        reads = all(re.search(r":(Describe|Get|List)", action) for action in actions)
        if any("*" in action for action in actions):
            wrong.append(f"{where}: {statement['Sid']} has a wildcard among its actions")
        if not reads and statement["Resource"] == "*":
            wrong.append(f"{where}: {statement['Sid']} changes anything")
    return wrong


def trust(where: str, document: dict) -> list[str]:
    """A trust policy has principals, and conditions that name an organization."""
    wrong = [f"{where}: no principal" for it in document["Statement"] if "AWS" not in it["Principal"]]
    wrong += [f"{where}: anybody" for it in document["Statement"] if it["Principal"]["AWS"] == "*"]
    return wrong


def lint(templates: list[Path]) -> list[str]:
    command = [sys.executable, "-c", "from cfnlint.runner import main; main()",
               "--non-zero-exit-code", "informational", "--template", *templates]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return [ran.stdout + ran.stderr] if ran.returncode else []


def template(path: Path) -> list[str]:
    wrong = []
    resources = yaml.load(path.read_text(), Loader)["Resources"]  # noqa: S506 - ours, and safe
    for name, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            wrong += policy(f"{path} {name}", properties["PolicyDocument"])
        else:
            wrong += trust(f"{path} {name}", properties["AssumeRolePolicyDocument"])
    return wrong


def module(path: Path) -> list[str]:
    read = hcl2.loads(path.read_text())
    kinds = [kind.strip('"') for resource in read["resource"] for kind in resource]
    return [] if "aws_iam_policy" in kinds else [f"{path}: no policy in {kinds}"]


def document(path: Path) -> list[str]:
    read = json.loads(path.read_text())
    return (trust if "Principal" in read["Statement"][0] else policy)(str(path), read)


def main() -> None:
    judges = {".yaml": template, ".tf": module, ".json": document}
    files = sorted(path for folder in sys.argv[1:] for path in Path(folder).iterdir())
    wrong = lint([path for path in files if path.suffix == ".yaml"])
    for path in files:
        wrong += judges[path.suffix](path)
    print(f"{len(files)} files")
    if wrong or not files:
        sys.exit("\n".join(wrong) or "nothing to judge")


main()
