//! Whether a principal may do something, and AWS's words when not (IAM user guide, "Troubleshoot access
//! denied error messages").

use super::Principal;
use super::document::{Asked, Document, Keys, Verdict, judge};
use super::signature::encoded_message;
use crate::sandbox::wire::protocol::Service;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::world::World;
use crate::sandbox::world::organization::action_matches;

/// Refuses what policies deny. `resource` is the ARN the refusal names, if the action has one.
pub(crate) fn check(
    world: &World,
    principal: &Principal,
    service: Service,
    action: &str,
    region: &str,
    resource: Option<&str>,
) -> Result<(), Refusal> {
    check_with(world, principal, service, action, region, resource, &Keys::new())
}

/// The same with the condition keys that the request has beside those of every request.
pub(crate) fn check_with(
    world: &World,
    principal: &Principal,
    service: Service,
    action: &str,
    region: &str,
    resource: Option<&str>,
    keys: &Keys,
) -> Result<(), Refusal> {
    let name = format!("{}:{action}", service.prefix());
    let Some(why) = reason(world, principal, &name, region, (resource.unwrap_or("*"), keys)) else {
        return Ok(());
    };
    // SNS writes its own name in capitals.
    let shown = if service == Service::Sns { format!("SNS:{action}") } else { name.clone() };
    let text = text(principal, &shown, resource, &why.replace(&name, &shown));
    Err(match service {
        Service::Ec2 => Refusal::new(
            "UnauthorizedOperation",
            format!(
                "You are not authorized to perform this operation. {text}. \
                 Encoded authorization failure message: {}",
                encoded_message(&text)
            ),
        ),
        Service::Sts | Service::S3 | Service::CloudWatch | Service::Route53 => {
            Refusal::new("AccessDenied", text)
        }
        Service::Sns => Refusal::new("AuthorizationError", text),
        Service::Organizations | Service::ServiceQuotas | Service::Ecr => {
            Refusal::new("AccessDeniedException", text)
        }
    })
}

/// The words of a denial.
pub(crate) fn text(
    principal: &Principal,
    action: &str,
    resource: Option<&str>,
    why: &str,
) -> String {
    let on = resource.map(|arn| format!(" on resource: {arn}")).unwrap_or_default();
    format!("User: {} is not authorized to perform: {action}{on} {why}", principal.arn())
}

/// The policies of a principal that has documents instead of lists of actions.
pub(crate) fn documents<'a>(world: &'a World, principal: &Principal) -> &'a [Document] {
    let Some(account) = world.accounts.get(&principal.account) else { return &[] };
    match &principal.session {
        None => &account.operator_policies,
        Some(session) => account.roles.get(&session.role).map_or(&[], |role| &role.policies),
    }
}

/// The condition keys that every request of a principal has, on this resource.
pub(crate) fn global_keys(
    world: &World,
    principal: &Principal,
    region: &str,
    resource: &str,
) -> Keys {
    let member = |account: &str| world.accounts.get(account).map(|found| found.parent.as_str());
    let organization = |account: &str| {
        let found = world.organization.as_ref()?;
        member(account).filter(|parent| !parent.is_empty()).map(|_| found.id.clone())
    };
    let of = resource.split(':').nth(4).filter(|account| !account.is_empty());
    let of = of.unwrap_or(&principal.account);
    let keys = [
        ("aws:principalaccount", Some(principal.account.clone())),
        ("aws:principalarn", Some(principal.role_arn(world))),
        ("aws:principalorgid", organization(&principal.account)),
        ("aws:requestedregion", Some(region.to_owned())),
        ("aws:resourceaccount", Some(of.to_owned())),
        ("aws:resourceorgid", organization(of)),
        ("ec2:region", Some(region.to_owned())),
    ];
    keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), vec![value?]))).collect()
}

/// Why not, if not.
fn reason(
    world: &World,
    principal: &Principal,
    name: &str,
    region: &str,
    (resource, keys): (&str, &Keys),
) -> Option<String> {
    if let Some(organization) = &world.organization
        && let Some(denial) = organization.denial(world, &principal.account, name, region)
    {
        let arn = organization.policy_arn(&denial.policy);
        return Some(format!("with an explicit deny in a service control policy: {arn}"));
    }
    if name == "sts:GetCallerIdentity" {
        return None;
    }
    // S3 quotes what it names.
    let resource = resource.trim_matches('"');
    let silent = || Some(format!("because no identity-based policy allows the {name} action"));
    let documents = documents(world, principal);
    let judged = (!documents.is_empty()).then(|| {
        let mut keys = keys.clone();
        keys.extend(global_keys(world, principal, region, resource));
        judge(documents, &Asked { action: name, resource, keys: &keys, names: &[] })
    });
    match judged {
        Some(Verdict::Denied) => {
            return Some("with an explicit deny in an identity-based policy".to_owned());
        }
        Some(Verdict::Silent) => return silent(),
        Some(Verdict::Allowed) | None => {}
    }
    let session = principal.session.as_ref()?;
    let account = world.accounts.get(&principal.account)?;
    let role = account.roles.get(&session.role);
    let any = |patterns: &[String]| patterns.iter().any(|pattern| action_matches(pattern, name));
    if role.is_some_and(|role| any(&role.denies)) {
        return Some("with an explicit deny in an identity-based policy".to_owned());
    }
    if role.is_some_and(|role| role.boundary.as_deref().is_some_and(|allows| !any(allows))) {
        return Some(format!("because no permissions boundary allows the {name} action"));
    }
    if session.only.as_deref().is_some_and(|allows| !any(allows)) {
        return Some(format!("because no session policy allows the {name} action"));
    }
    if judged.is_some() || role.is_some_and(|role| any(&role.allows)) {
        return None;
    }
    silent()
}
