//! ECR (API 2015-09-21): repositories and their policies, as far as they are read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::wire::fields::Fields;
use super::wire::pages::Page;
use super::wire::refusal::Refusal;

/// Repositories by ARN, with their policies.
type Repositories = BTreeMap<String, Option<String>>;

/// Whether the sandbox knows this action.
pub(crate) fn knows(action: &str) -> bool {
    matches!(action, "DescribeRepositories" | "GetRepositoryPolicy")
}

/// The ARN of a repository.
pub(crate) fn arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:ecr:{region}:{account}:repository/{name}")
}

/// Whether a repository may have this name: lower-case words between `.`, `_`, `-` and `/`.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_right = |byte: u8| is_plain(byte) || b"._-/".contains(&byte);
    (2..=256).contains(&name.len())
        && name.bytes().all(is_right)
        && name.bytes().next().is_some_and(is_plain)
        && name.bytes().last().is_some_and(is_plain)
}

/// Carries out one of the actions, for an account in a region.
pub(crate) fn act(
    action: &str,
    repositories: &Repositories,
    (region, account): (&str, &str),
    page_cap: Option<usize>,
    fields: &Fields,
) -> Result<Value, Refusal> {
    let registry = fields.text("registryId")?.unwrap_or_else(|| account.to_owned());
    if registry != account {
        let message = format!("User is not authorized to access the registry with id '{registry}'");
        return Err(Refusal::new("AccessDeniedException", message));
    }
    if action == "GetRepositoryPolicy" {
        return policy(repositories, (region, account), fields);
    }
    let asked = fields.number("maxResults")?.unwrap_or(100);
    let token = fields.text("nextToken")?;
    fields.finish()?;
    let wrong = |what: &str| {
        Refusal::new("InvalidParameterException", format!("Invalid parameter: {what}"))
    };
    if !(1..=1000).contains(&asked) {
        return Err(wrong("maxResults"));
    }
    let limit = usize::try_from(asked).unwrap_or(100).min(page_cap.unwrap_or(1000)).max(1);
    let scope = format!("repositories {region} {account}");
    let page = Page::new(&scope, limit, token.as_deref()).map_err(|_| wrong("nextToken"))?;
    let own = arn(region, account, "");
    let names = repositories.keys().filter_map(|arn| arn.strip_prefix(&own));
    let (names, next) = page.cut(names, |name| (*name).to_owned());
    let described: Vec<Value> = names
        .into_iter()
        .map(|name| {
            json!({
                "repositoryArn": arn(region, account, name),
                "registryId": account,
                "repositoryName": name,
                "repositoryUri": format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"),
                "createdAt": 1_700_000_000.0,
                "imageTagMutability": "MUTABLE",
                "imageScanningConfiguration": { "scanOnPush": false },
                "encryptionConfiguration": { "encryptionType": "AES256" },
            })
        })
        .collect();
    let mut answer = json!({ "repositories": described });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

fn policy(
    repositories: &Repositories,
    (region, account): (&str, &str),
    fields: &Fields,
) -> Result<Value, Refusal> {
    let name = fields.need("repositoryName")?;
    fields.finish()?;
    let absent = |code: &'static str, what: &str| {
        let place = format!("in the registry with id '{account}'");
        Err(Refusal::new(code, format!("{what} with name '{name}' {place}")))
    };
    match repositories.get(&arn(region, account, &name)) {
        None => absent("RepositoryNotFoundException", "There is no repository"),
        Some(None) => absent(
            "RepositoryPolicyNotFoundException",
            "Repository policy does not exist for the repository",
        ),
        Some(Some(policy)) => Ok(json!({
            "registryId": account,
            "repositoryName": name,
            "policyText": policy,
        })),
    }
}
