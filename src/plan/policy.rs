//! The policy an endpoint should have, or why it cannot have it.

use serde_json::{Value, json};

use crate::model::endpoint::EndpointKind;
use crate::model::policy::{MAX_POLICY_CHARS, Perimeter, PolicyDocument};
use crate::model::spec::PolicySpec;
use crate::plan::draft::Refusal;
use crate::plan::service::Wanted;
use crate::plan::target::Site;

/// `None` where the service takes no policy and none but full access is asked for.
pub(super) fn desired(site: &Site, wanted: &Wanted) -> Result<Option<PolicyDocument>, Refusal> {
    let short = wanted.short;
    if !wanted.offer.policy_supported || wanted.offer.kind == EndpointKind::GatewayLoadBalancer {
        return if wanted.spec.policy == PolicyDocument::full_access().into() {
            Ok(None)
        } else {
            Err(Refusal::new(
                "policy-not-supported",
                format!("endpoints of `{short}` take no policy: leave `policy` out"),
            ))
        };
    }
    let policy = match &wanted.spec.policy {
        PolicySpec::Document(document) => document.clone(),
        PolicySpec::Organization => perimeter(site, short)?,
    };
    let length = policy.to_json().chars().count();
    if length > MAX_POLICY_CHARS {
        return Err(Refusal::new(
            "policy-too-long",
            format!("the policy has {length} characters and AWS takes {MAX_POLICY_CHARS}"),
        ));
    }
    if wanted.offer.kind == EndpointKind::Gateway && !names_everyone(&policy) {
        return Err(Refusal::new(
            "policy-principal",
            "a gateway endpoint's policy must have the principal \"*\" in every statement; narrow it with the condition key aws:PrincipalArn",
        ));
    }
    Ok(Some(policy))
}

fn perimeter(site: &Site, short: &str) -> Result<PolicyDocument, Refusal> {
    let organization = site.settings.organization.as_deref().ok_or_else(|| {
        Refusal::new(
            "organization-unknown",
            "policy = \"organization\" needs the organization's id: set organization.id",
        )
    })?;
    Ok(Perimeter { organization, region: &site.target.region }.policy(short))
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html> wants `"*"`.
fn names_everyone(policy: &PolicyDocument) -> bool {
    let everyone = json!({ "AWS": ["*"] });
    policy.statements().iter().all(|statement| statement.get("Principal") == Some(&everyone))
}

/// Whether what is there means what should be. An endpoint of which AWS shows no policy has AWS's
/// default.
pub(super) fn same(desired: Option<&PolicyDocument>, there: Option<&PolicyDocument>) -> bool {
    match (desired, there) {
        (None, _) => true,
        (Some(desired), Some(there)) => desired == there,
        (Some(desired), None) => desired.is_full_access(),
    }
}

/// A policy as a drift's value.
pub(super) fn value(policy: Option<&PolicyDocument>) -> Value {
    policy.map_or(Value::Null, |policy| serde_json::from_str(&policy.to_json()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::EndpointSpec;
    use crate::plan::action::Verb;
    use crate::plan::testing::{check, check_blocked, restrictive, world};

    #[test]
    fn a_service_that_takes_no_policy_gets_none() {
        let plan = world().want(["transfer.server"]).plan();
        let Verb::CreateEndpoint(made) = &plan.actions[1].verb else { panic!("{plan:?}") };
        assert_eq!(made.policy, None);
    }

    #[test]
    fn the_perimeter_is_that_of_the_organization_and_a_change_of_it_is_a_difference() {
        let perimeter = |spec: &mut EndpointSpec| spec.policy = PolicySpec::Organization;
        let world = world().want_with("logs", perimeter).want_with("s3", perimeter);
        let plan = world.plan();
        for (at, short) in [(1, "logs"), (2, "s3")] {
            let Verb::CreateEndpoint(made) = &plan.actions[at].verb else { panic!("{plan:?}") };
            let region = &"eu-west-1".into();
            let wanted = Perimeter { organization: "o-a1b2c3d4e5", region }.policy(short);
            assert_eq!(made.policy, Some(wanted), "{short}");
        }
        let settled = world.applied();
        assert!(settled.plan().is_in_sync());
        let moved = settled.but(|w| w.settings.organization = Some("o-zzzzzzzzzz".into()));
        check([("another organization", moved, vec!["~ logs: policy", "~ s3: policy"])]);
    }

    #[test]
    fn a_policy_that_aws_would_refuse_is_blocked() {
        let long = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"*","Resource":"{}"}}]}}"#,
            "x".repeat(MAX_POLICY_CHARS)
        );
        check_blocked([
            (
                "policy-not-supported",
                world().want_with("transfer.server", |spec| spec.policy = restrictive().into()),
                "take no policy",
            ),
            (
                "policy-not-supported",
                world().want_with("transfer.server", |s| s.policy = PolicySpec::Organization),
                "take no policy",
            ),
            (
                "organization-unknown",
                world()
                    .want_with("logs", |s| s.policy = PolicySpec::Organization)
                    .but(|w| w.settings.organization = None),
                "set organization.id",
            ),
            (
                "policy-too-long",
                world().want_with("logs", |s| s.policy = PolicyDocument::observed(&long).into()),
                "AWS takes 20480",
            ),
        ]);
    }
}
