//! Endpoint policies (AWS `PrivateLink` guide, "Control access to VPC endpoints using endpoint policies").

use serde_json::Value;

use crate::sandbox::catalogue::Detail;
use crate::sandbox::wire::refusal::{Refusal, invalid};
use crate::sandbox::world::endpoint::Kind;

/// The longest policy, white space included.
const LONGEST: usize = 20_480;

/// The policy AWS gives to an endpoint that was made without one, in AWS's own two spellings.
pub(crate) fn full(kind: Kind) -> String {
    match kind {
        Kind::Gateway => "{\"Version\":\"2008-10-17\",\"Statement\":[{\"Sid\":\"\",\"Effect\":\"Allow\",\
                          \"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"
            .to_owned(),
        Kind::Interface | Kind::GatewayLoadBalancer => {
            "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \
             \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"
                .to_owned()
        }
    }
}

/// Checks a policy and answers with the text the service will give back: the same, formatted its own way.
pub(crate) fn check(text: &str, service: &Detail) -> Result<String, Refusal> {
    if !service.policy || service.kind == Kind::GatewayLoadBalancer {
        return Err(invalid(format!(
            "Endpoint policies are not supported for the service {}.",
            service.name
        )));
    }
    if text.chars().count() > LONGEST {
        return Err(bad(&format!(
            "The policy document is longer than the maximum of {LONGEST} characters."
        )));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|_| bad("The policy document is not valid JSON."))?;
    let statements = match value.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => return Err(bad("The policy document has no statement.")),
    };
    if let Some(version) = value.get("Version")
        && !matches!(version.as_str(), Some("2008-10-17" | "2012-10-17"))
    {
        return Err(bad("The policy document has an unknown version."));
    }
    statements.iter().try_for_each(|statement| check_statement(statement, service.kind))?;
    Ok(serde_json::to_string_pretty(&value).unwrap_or_else(|_| text.to_owned()))
}

fn check_statement(statement: &Value, kind: Kind) -> Result<(), Refusal> {
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(bad("A statement has no valid effect."));
    }
    for (one, other) in
        [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
    {
        if statement.get(one).is_none() && statement.get(other).is_none() {
            return Err(bad(&format!("A statement has no {}.", one.to_lowercase())));
        }
    }
    let principal = statement.get("Principal");
    let everybody = principal.is_some_and(|principal| {
        principal == "*" || principal.get("AWS").is_some_and(|aws| aws == "*" || aws[0] == "*")
    });
    if kind == Kind::Gateway && !everybody {
        return Err(bad("The principal of a gateway endpoint's policy must be \"*\"."));
    }
    Ok(())
}

fn bad(message: &str) -> Refusal {
    Refusal::new("InvalidPolicyDocument", message)
}

#[cfg(test)]
mod tests {
    use super::{check, full};
    use crate::sandbox::catalogue::Detail;
    use crate::sandbox::world::endpoint::Kind;

    fn service(kind: Kind) -> Detail {
        Detail {
            name: "com.amazonaws.eu-west-1.s3".to_owned(),
            kind,
            private_dns: Vec::new(),
            policy: true,
            ip_types: Vec::new(),
        }
    }

    #[test]
    fn the_default_policies_are_policies() {
        for kind in [Kind::Gateway, Kind::Interface] {
            assert!(check(&full(kind), &service(kind)).is_ok());
        }
    }

    #[test]
    fn malformed_and_long_policies_are_refused() {
        let kind = Kind::Interface;
        let long = format!("{{\"Statement\":[]{}}}", " ".repeat(20_480));
        for text in ["{", "{}", "[]", "{\"Statement\":[{\"Effect\":\"Allow\"}]}", &long] {
            assert_eq!(check(text, &service(kind)).unwrap_err().code, "InvalidPolicyDocument");
        }
    }

    #[test]
    fn a_gateway_policy_is_for_everybody() {
        let text = full(Kind::Gateway)
            .replace("\"Principal\":\"*\"", "\"Principal\":{\"AWS\":\"123456789012\"}");
        assert!(check(&text, &service(Kind::Gateway)).is_err());
        assert!(check(&text, &service(Kind::Interface)).is_ok());
    }
}
