//! The policy an endpoint should have, or why it cannot have it.

use serde_json::{Value, json};

use crate::model::endpoint::EndpointKind;
use crate::model::policy::{MAX_POLICY_CHARS, PolicyDocument};
use crate::plan::draft::Refusal;
use crate::plan::service::Wanted;

/// `None` where the service takes no policy and none but full access is asked for.
pub(super) fn desired(wanted: &Wanted) -> Result<Option<PolicyDocument>, Refusal> {
    let policy = &wanted.spec.policy;
    let short = wanted.short;
    if !wanted.offer.policy_supported || wanted.offer.kind == EndpointKind::GatewayLoadBalancer {
        return if policy.is_full_access() {
            Ok(None)
        } else {
            Err(Refusal::new(
                "policy-not-supported",
                format!("endpoints of `{short}` take no policy: leave `policy` out"),
            ))
        };
    }
    let length = policy.to_json().chars().count();
    if length > MAX_POLICY_CHARS {
        return Err(Refusal::new(
            "policy-too-long",
            format!("the policy has {length} characters and AWS takes {MAX_POLICY_CHARS}"),
        ));
    }
    if wanted.offer.kind == EndpointKind::Gateway && !names_everyone(policy) {
        return Err(Refusal::new(
            "policy-principal",
            "a gateway endpoint's policy must have the principal \"*\" in every statement; narrow it with the condition key aws:PrincipalArn",
        ));
    }
    Ok(Some(policy.clone()))
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
    use crate::plan::action::Verb;
    use crate::plan::testing::{check_blocked, restrictive, world};

    #[test]
    fn a_service_that_takes_no_policy_gets_none() {
        let plan = world().want(["transfer.server"]).plan();
        let Verb::CreateEndpoint(made) = &plan.actions[1].verb else { panic!("{plan:?}") };
        assert_eq!(made.policy, None);
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
                world().want_with("transfer.server", |spec| spec.policy = restrictive()),
                "take no policy",
            ),
            (
                "policy-too-long",
                world().want_with("logs", |s| s.policy = PolicyDocument::parse(&long).unwrap()),
                "AWS takes 20480",
            ),
        ]);
    }
}
