//! Whether a principal may do something, and AWS's words when not (IAM user guide, "Troubleshoot access
//! denied error messages").

use super::Principal;
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
    let name = format!("{}:{action}", service.prefix());
    let Some(why) = reason(world, principal, &name, region) else {
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

/// Why not, if not.
fn reason(world: &World, principal: &Principal, name: &str, region: &str) -> Option<String> {
    if let Some(organization) = &world.organization
        && let Some(denial) = organization.denial(world, &principal.account, name, region)
    {
        let arn = organization.policy_arn(&denial.policy);
        return Some(format!("with an explicit deny in a service control policy: {arn}"));
    }
    let session = principal.session.as_ref()?;
    if name == "sts:GetCallerIdentity" {
        return None;
    }
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
    if role.is_some_and(|role| any(&role.allows)) {
        return None;
    }
    Some(format!("because no identity-based policy allows the {name} action"))
}
