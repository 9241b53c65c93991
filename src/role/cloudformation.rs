//! A template for `CloudFormation`, fit for a service-managed `StackSet`.

use serde_json::{Map, Value, json};

use super::{Parameter, Policy, Printed, Role, yaml};

pub(super) fn text(printed: &Printed) -> String {
    let mut template = Map::from_iter([
        ("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09")),
        ("Description".to_owned(), json!(description(printed))),
    ]);
    if !printed.parameters.is_empty() {
        let each = printed.parameters.iter().map(|it| (it.name().to_owned(), parameter(*it)));
        template.insert("Parameters".to_owned(), Value::Object(each.collect()));
    }
    template.insert("Resources".to_owned(), resources(printed));
    template.insert("Outputs".to_owned(), outputs(printed));
    let head = if printed.role.is_some() { rollout(printed) } else { once(printed) };
    let sections = template.into_iter().map(|(key, value)| {
        let section = Value::Object(Map::from_iter([(key, value)]));
        yaml::block(&section, 0)
    });
    head + &sections.collect::<Vec<_>>().join("\n")
}

fn description(printed: &Printed) -> String {
    let deployment = &printed.deployment;
    match &printed.role {
        Some(_) => format!("The role by which linkwalk enters an account, deployment {deployment}"),
        None => format!("What the caller of linkwalk may do, deployment {deployment}"),
    }
}

fn parameter(parameter: Parameter) -> Value {
    json!({
        "Type": "String",
        "Description": parameter.description(),
        "AllowedPattern": parameter.pattern(),
    })
}

/// `ReadPolicy` of `read`.
fn logical(policy: &Policy) -> String {
    let words = policy.part.split('-').map(|word| {
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_uppercase() + rest
    });
    words.collect::<String>() + "Policy"
}

fn resources(printed: &Printed) -> Value {
    let mut resources = Map::new();
    if let Some(role) = &printed.role {
        let policies: Vec<Value> =
            printed.policies.iter().map(|it| json!(format!("!Ref {}", logical(it)))).collect();
        let properties = json!({
            "RoleName": role.name,
            "Path": role.path,
            "Description": description(printed),
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": role.trust,
            "ManagedPolicyArns": policies,
        });
        let made = json!({ "Type": "AWS::IAM::Role", "Properties": properties });
        resources.insert("Role".to_owned(), made);
    }
    for policy in &printed.policies {
        let properties = json!({
            "ManagedPolicyName": policy.name,
            "Path": path(printed.role.as_ref()),
            "Description": policy.purpose,
            "PolicyDocument": policy.document,
        });
        let made = json!({ "Type": "AWS::IAM::ManagedPolicy", "Properties": properties });
        resources.insert(logical(policy), made);
    }
    Value::Object(resources)
}

/// Where the policies are: beside their role.
pub(super) fn path(role: Option<&Role>) -> &str {
    role.map_or("/", |role| role.path.as_str())
}

fn outputs(printed: &Printed) -> Value {
    if printed.role.is_some() {
        return json!({ "RoleArn": { "Value": { "Fn::GetAtt": ["Role", "Arn"] } } });
    }
    let each = printed.policies.iter().map(|it| {
        (format!("{}Arn", logical(it)), json!({ "Value": format!("!Ref {}", logical(it)) }))
    });
    Value::Object(each.collect())
}

/// `ParameterKey=...` for every parameter.
fn values(printed: &Printed) -> String {
    let example = |parameter: &Parameter| match parameter {
        Parameter::OrganizationId => "o-...",
        Parameter::TrustedAccount => "111122223333",
    };
    let each = printed
        .parameters
        .iter()
        .map(|it| format!(" ParameterKey={},ParameterValue={}", it.name(), example(it)));
    let each: String = each.collect();
    if each.is_empty() { each } else { format!("#     --parameters{each} \\\n") }
}

/// The commands that bring it into every account, as comments.
fn rollout(printed: &Printed) -> String {
    let (name, values) = (format!("linkwalk-{}", printed.deployment), values(printed));
    format!(
        "# Into every account of the organization, and into every new one, as a service-managed StackSet. Run as\n\
         # the management account, or as a delegated administrator of StackSets with --call-as DELEGATED_ADMIN.\n\
         # IAM is global, so one region is enough. The management account gets no stack, and needs none.\n\
         #\n\
         #   aws cloudformation create-stack-set --stack-set-name {name} \\\n\
         #     --template-body file://{name}-role.yaml --permission-model SERVICE_MANAGED \\\n\
         #     --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false \\\n\
         {values}\
         #     --capabilities CAPABILITY_NAMED_IAM\n\
         #   aws cloudformation create-stack-instances --stack-set-name {name} \\\n\
         #     --deployment-targets OrganizationalUnitIds=r-... --regions us-east-1 \\\n\
         #     --operation-preferences MaxConcurrentPercentage=100,FailureTolerancePercentage=10\n\
         \n",
    )
}

fn once(printed: &Printed) -> String {
    let (name, values) = (format!("linkwalk-{}", printed.deployment), values(printed));
    let values = values.replace("#     --parameters", "#     --parameter-overrides");
    let values = values.replace("ParameterKey=", "").replace(",ParameterValue=", "=");
    format!(
        "# Once, in the account that linkwalk runs in; then attach the policy to the role it runs as.\n\
         #\n\
         #   aws cloudformation deploy --stack-name {name}-caller \\\n\
         #     --template-file {name}-caller.yaml \\\n\
         {values}\
         #     --capabilities CAPABILITY_NAMED_IAM\n\
         \n",
    )
}
