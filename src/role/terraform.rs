//! A module for Terraform: the role or the caller's policies in one account.

use serde_json::json;

use super::cloudformation::path;
use super::hcl::{block, expression, jsonencode};
use super::{Parameter, Policy, Printed};

pub(super) fn text(printed: &Printed) -> String {
    let mut blocks = vec![head(printed), required()];
    blocks.extend(printed.parameters.iter().map(|parameter| variable(*parameter)));
    if let Some(role) = &printed.role {
        blocks.push(block(
            "resource \"aws_iam_role\" \"linkwalk\"",
            &[
                ("name", json!(role.name)),
                ("path", json!(role.path)),
                ("description", json!("The role by which linkwalk enters this account")),
                ("max_session_duration", json!(3600)),
                ("assume_role_policy", jsonencode(&role.trust)),
            ],
        ));
    }
    for policy in &printed.policies {
        blocks.push(managed(printed, policy));
        if printed.role.is_some() {
            blocks.push(attached(policy));
        }
    }
    blocks.push(output(printed));
    blocks.join("\n")
}

fn head(printed: &Printed) -> String {
    let what = match printed.role {
        Some(_) => {
            "# One account: use it once for each, with a provider that is that account's. Of all accounts at once,\n\
             # those to come too, a StackSet takes care: `linkwalk role --format cloudformation`.\n"
        }
        None => {
            "# Once, in the account that linkwalk runs in; then attach the policy to the role it runs as.\n"
        }
    };
    what.to_owned()
}

fn required() -> String {
    "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \">= 5.0\"\n    }\n  }\n}\n"
        .to_owned()
}

fn variable(parameter: Parameter) -> String {
    let name = parameter.variable();
    let (description, pattern) = (parameter.description(), parameter.pattern());
    format!(
        "variable \"{name}\" {{\n  type        = string\n  description = \"{description}\"\n\n  validation {{\n    \
         condition     = can(regex(\"{pattern}\", var.{name}))\n    error_message = \"It must match \
         {pattern}.\"\n  }}\n}}\n"
    )
}

/// `via_1` of `via-1`.
fn label(policy: &Policy) -> String {
    policy.part.replace('-', "_")
}

fn managed(printed: &Printed, policy: &Policy) -> String {
    block(
        &format!("resource \"aws_iam_policy\" \"{}\"", label(policy)),
        &[
            ("name", json!(policy.name)),
            ("path", json!(path(printed.role.as_ref()))),
            ("description", json!(policy.purpose)),
            ("policy", jsonencode(&policy.document)),
        ],
    )
}

fn attached(policy: &Policy) -> String {
    let label = label(policy);
    block(
        &format!("resource \"aws_iam_role_policy_attachment\" \"{label}\""),
        &[
            ("role", expression("aws_iam_role.linkwalk.name")),
            ("policy_arn", expression(&format!("aws_iam_policy.{label}.arn"))),
        ],
    )
}

fn output(printed: &Printed) -> String {
    let one = |name: &str, value: &str| -> String {
        block(&format!("output \"{name}\""), &[("value", expression(value))])
    };
    if printed.role.is_some() {
        return one("role_arn", "aws_iam_role.linkwalk.arn");
    }
    let each = printed.policies.iter().map(|policy| {
        let label = label(policy);
        one(&format!("{label}_policy_arn"), &format!("aws_iam_policy.{label}.arn"))
    });
    each.collect::<Vec<_>>().join("\n")
}
