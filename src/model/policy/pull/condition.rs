//! Conditions of a repository's policy, as far as they can be decided for everybody of an account.

use serde_json::Value;

use super::{Puller, Truth, items, like, texts};

/// Whether all conditions of a statement hold.
pub(super) fn holds(condition: Option<&Value>, puller: &Puller) -> Truth {
    let Some(condition) = condition else { return Truth::Yes };
    let Some(operators) = condition.as_object() else { return Truth::unknown("its conditions") };
    let mut all = Truth::Yes;
    for (operator, keys) in operators {
        let Some(keys) = keys.as_object() else { return Truth::unknown(operator) };
        for (key, values) in keys {
            all = all.and(one(operator, key, values, puller));
        }
    }
    all
}

/// What is the same for everybody of the account who pulls. `None`: it differs, or is not known.
fn known(key: &str, puller: &Puller) -> Option<String> {
    match key.to_lowercase().as_str() {
        "aws:principalorgid" | "aws:resourceorgid" => puller.organization.clone(),
        "aws:principalorgpaths" => puller.path.clone(),
        "aws:principalaccount" => Some(puller.account.clone()),
        // ECR is spoken to by HTTPS only.
        "aws:securetransport" => Some("true".to_owned()),
        "aws:principalisawsservice" => Some("false".to_owned()),
        _ => None,
    }
}

fn one(operator: &str, key: &str, values: &Value, puller: &Puller) -> Truth {
    // Of the keys that are known each has exactly one value, so that all of them are any of them.
    let plain = operator.split_once(':').map_or(operator, |(_, plain)| plain);
    let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
    let Some(known) = known(key, puller) else { return Truth::unknown(key) };
    let wanted = texts(Some(values));
    // A variable stands for something that differs.
    if wanted.iter().any(|value| value.contains("${")) || items(Some(values)).is_empty() {
        return Truth::unknown(key);
    }
    let any = |matches: &dyn Fn(&str) -> bool| Truth::from(wanted.iter().any(|one| matches(one)));
    let same = |one: &str| one == known;
    let alike = |one: &str| one.eq_ignore_ascii_case(&known);
    let matched = |one: &str| like(one, &known);
    match plain {
        "StringEquals" => any(&same),
        "StringNotEquals" => any(&same).not(),
        "StringEqualsIgnoreCase" | "Bool" => any(&alike),
        "StringNotEqualsIgnoreCase" => any(&alike).not(),
        "StringLike" => any(&matched),
        "StringNotLike" => any(&matched).not(),
        "Null" => any(&|one| one.eq_ignore_ascii_case("false")),
        _ => Truth::unknown(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(condition: &str) -> Truth {
        let puller = Puller {
            account: "222233334444".to_owned(),
            organization: Some("o-a1b2c3d4e5".to_owned()),
            path: Some("o-a1b2c3d4e5/r-ab12/ou-ab12-work/ou-ab12-prod/".to_owned()),
        };
        let condition: Value = serde_json::from_str(condition).unwrap();
        holds(Some(&condition), &puller)
    }

    #[test]
    fn what_is_the_same_for_a_whole_account_is_decided() {
        for (condition, expected) in [
            ("{}", true),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, true),
            (r#"{"StringEquals":{"AWS:principalorgid":["o-1","o-a1b2c3d4e5"]}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-zzzzzzzzzz"}}"#, false),
            (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-zzzzzzzzzz"}}"#, false),
            (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#, false),
            (r#"{"StringNotEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}"#, true),
            (r#"{"StringLike":{"aws:PrincipalOrgID":"o-a1b2*"}}"#, true),
            (
                r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-work/*"}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-work/"}}"#,
                false,
            ),
            (
                r#"{"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":["o-a1b2c3d4e5/*","x"]}}"#,
                true,
            ),
            (r#"{"ForAnyValue:StringNotLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}"#, false),
            (r#"{"StringEquals":{"aws:PrincipalAccount":["111122223333","222233334444"]}}"#, true),
            (r#"{"StringEquals":{"aws:PrincipalAccount":222233334444}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":true}}"#, true),
            (r#"{"Bool":{"aws:SecureTransport":"false"}}"#, false),
            (r#"{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#, true),
            (r#"{"Null":{"aws:PrincipalOrgID":"true"}}"#, false),
            (r#"{"Null":{"aws:PrincipalOrgID":"false"}}"#, true),
            (
                r#"{"StringEquals":{"aws:PrincipalOrgID":"o-zzzzzzzzzz","aws:SourceVpce":"vpce-1"}}"#,
                false,
            ),
        ] {
            assert_eq!(truth(condition), expected.into(), "{condition}");
        }
    }

    #[test]
    fn what_differs_from_caller_to_caller_is_named_and_not_guessed() {
        for (condition, expected) in [
            (r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#, vec!["aws:SourceVpce"]),
            (
                r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}}"#,
                vec!["aws:PrincipalArn"],
            ),
            (
                r#"{"StringEquals":{"aws:PrincipalTag/team":"a","aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#,
                vec!["aws:PrincipalTag/team"],
            ),
            (
                r#"{"StringEquals":{"aws:PrincipalOrgID":"${aws:PrincipalTag/org}"}}"#,
                vec!["aws:PrincipalOrgID"],
            ),
            (r#"{"NumericEquals":{"aws:PrincipalAccount":"1"}}"#, vec!["aws:PrincipalAccount"]),
            (
                r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Bool":{"aws:MultiFactorAuthPresent":true}}"#,
                vec!["aws:MultiFactorAuthPresent", "aws:SourceIp"],
            ),
        ] {
            let expected = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(truth(condition), Truth::Unknown(expected), "{condition}");
        }
    }
}
