//! EC2's filters: `Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-…`. Values of one filter are alternatives,
//! several filters must all hold; `*` and `?` are wildcards.

use std::collections::BTreeMap;

use super::params::Params;
use super::refusal::{Refusal, missing};

/// The most values of a filter (EC2 user guide, "List and filter using the CLI and API").
const VALUES: usize = 200;

/// The filters of one request.
#[derive(Debug, Default)]
pub(crate) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Reads the filters; a name that is not in `known` is refused. `tagged` admits `tag:KEY` and `tag-key`.
    pub(crate) fn read(params: &Params, known: &[&str], tagged: bool) -> Result<Self, Refusal> {
        let mut filters = Vec::new();
        for prefix in params.structures("Filter") {
            let name = params.get(&format!("{prefix}.Name"));
            let name = name.ok_or_else(|| missing(&format!("{prefix}.Name")))?.to_owned();
            let by_tag = name.starts_with("tag:") || name == "tag-key" || name == "tag-value";
            if !(known.contains(&name.as_str()) || (tagged && by_tag)) {
                let message = format!("The filter '{name}' is invalid");
                return Err(Refusal::new("InvalidParameterValue", message).unknown());
            }
            let values = params.list(&format!("{prefix}.Value"));
            if values.is_empty() {
                let message = "The filter value set is empty".to_owned();
                return Err(Refusal::new("InvalidParameterValue", message));
            }
            if values.len() > VALUES {
                let message = format!(
                    "The maximum number of filter values specified on a single call is {VALUES}"
                );
                return Err(Refusal::new("FilterLimitExceeded", message));
            }
            filters.push((name, values));
        }
        Ok(Self(filters))
    }

    /// True if all filters hold for what `field` says; `tags` answers the tag filters.
    pub(crate) fn hold(
        &self,
        tags: &BTreeMap<String, String>,
        field: impl Fn(&str) -> Vec<String>,
    ) -> bool {
        self.0.iter().all(|(name, wanted)| {
            let has = match name.as_str() {
                "tag-key" => tags.keys().cloned().collect(),
                "tag-value" => tags.values().cloned().collect(),
                _ => match name.strip_prefix("tag:") {
                    Some(key) => tags.get(key).cloned().into_iter().collect(),
                    None => field(name),
                },
            };
            has.iter().any(|value| wanted.iter().any(|pattern| like(pattern, value)))
        })
    }
}

/// Matches `*` (any run) and `?` (any one character).
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut pos, mut star) = (0, 0, None);
    while pos < text.len() {
        if at < pattern.len() && pattern[at] == '*' {
            star = Some((at, pos));
            at += 1;
        } else if at < pattern.len() && (pattern[at] == '?' || pattern[at] == text[pos]) {
            at += 1;
            pos += 1;
        } else if let Some((back, from)) = star {
            at = back + 1;
            pos = from + 1;
            star = Some((back, from + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn wildcards_match_runs_and_single_characters() {
        assert!(like("com.amazonaws.*.s3", "com.amazonaws.eu-west-1.s3"));
        assert!(like("vpc-?", "vpc-1"));
        assert!(!like("vpc-?", "vpc-12"));
        assert!(like("*", ""));
        assert!(!like("a*b", "ac"));
    }
}
