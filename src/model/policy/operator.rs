//! Operators of conditions
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

/// All but `Null`, without what can be put before and behind them.
const OPERATORS: [&str; 26] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
];

/// For keys that have several values.
const SETS: [&str; 2] = ["ForAllValues", "ForAnyValue"];

/// Whether there is an operator of this name. The error says what to write instead.
pub(super) fn known(name: &str) -> Result<(), String> {
    let (set, plain) = match name.split_once(':') {
        Some((set, plain)) => (Some(set), plain),
        None => (None, name),
    };
    if let Some(set) = set.filter(|set| !SETS.contains(set)) {
        return Err(match nearest(set, SETS) {
            Some(near) => format!("did you mean `{near}:{plain}`?"),
            None => format!("before the colon can stand {}", SETS.join(" or ")),
        });
    }
    let operator = plain.strip_suffix("IfExists").unwrap_or(plain);
    if plain == "Null" || OPERATORS.contains(&operator) {
        return Ok(());
    }
    if operator == "Null" {
        return Err("`Null` itself asks whether a key is there: write `Null`".to_owned());
    }
    let near = nearest(operator, OPERATORS.into_iter().chain(["Null"]));
    Err(near.map_or_else(
        || {
            "operators are StringEquals, StringLike, ArnLike, Bool, IpAddress, Null and their like"
                .to_owned()
        },
        |near| format!("did you mean `{}`?", name.replace(operator, near)),
    ))
}

/// The candidate that was probably meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .map(|one| (strsim::damerau_levenshtein(&lower, &one.to_lowercase()), one))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_is_known_with_what_can_stand_around_it() {
        for operator in OPERATORS {
            for set in ["", "ForAllValues:", "ForAnyValue:"] {
                for end in ["", "IfExists"] {
                    assert_eq!(known(&format!("{set}{operator}{end}")), Ok(()));
                }
            }
        }
        assert_eq!(known("Null"), Ok(()));
    }

    #[test]
    fn what_is_no_operator_is_told_with_the_nearest_one() {
        for (name, says) in [
            ("stringEquals", "`StringEquals`"),
            ("StringEqualIfExists", "`StringEqualsIfExists`"),
            ("ForAnyValues:StringLike", "`ForAnyValue:StringLike`"),
            ("ForAnyValue:ArnLikes", "`ForAnyValue:ArnLike`"),
            ("Every:StringLike", "ForAllValues or ForAnyValue"),
            ("NullIfExists", "write `Null`"),
            ("Matches", "operators are"),
        ] {
            let help = known(name).unwrap_err();
            assert!(help.contains(says), "{name}: {help}");
        }
    }
}
