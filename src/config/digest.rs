//! What a file comes to, as digests: whether two files say the same, and if not, where they differ.

use std::collections::BTreeMap;
use std::fmt::Debug;

use sha2::{Digest as _, Sha256};

use super::{Config, Organization};

impl Config {
    /// A digest for each part of the file that decides what is planned and how it is carried out, by the
    /// name of the part. Of what was read and not of the text: comments and the order of keys do not
    /// count, a policy file does. How the accounts are reached (role, `via`, ...) does not count either:
    /// a pipeline may plan with a role that can only read.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let Organization { regions, shared_root, .. } = &self.organization;
        [
            ("deployment", of(&self.deployment)),
            ("[organization]", of(&(regions, shared_root))),
            ("[accounts]", of(&(&self.include, &self.exclude))),
            ("[[account]]", of(&self.roster)),
            ("what an account should have", of(&self.base)),
            ("[[override]]", of(&self.overrides)),
            ("[rollout]", of(&self.rollout)),
        ]
        .map(|(part, digest)| (part.to_owned(), digest))
        .into()
    }
}

/// The derived `Debug` names every field, and there is no part of a file that it leaves out.
fn of(part: &impl Debug) -> String {
    let mut digest = Sha256::new();
    digest.update(format!("{part:?}"));
    format!("sha256:{}", hex::encode(digest.finalize()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn digests(text: &str) -> BTreeMap<String, String> {
        let parsed = crate::config::parse("test".to_owned(), text.to_owned(), Path::new(""));
        parsed.unwrap_or_else(|wrong| panic!("{}", wrong.render(false))).digests()
    }

    const FILE: &str = r#"
        deployment = "privatelink"
        [organization]
        role = "Walker"
        regions = ["eu-west-1"]
        [endpoints.logs]
        [endpoints.ecr]
        [rollout]
        max_in_flight = 9
    "#;

    #[test]
    fn how_a_file_is_written_and_how_accounts_are_reached_does_not_count() {
        for (from, to) in [
            (
                "[endpoints.logs]\n        [endpoints.ecr]",
                "[endpoints.ecr]\n# both\n[endpoints.logs]",
            ),
            ("\"Walker\"", "\"Reader\""),
            ("max_in_flight = 9", "max_in_flight = 0x9"),
        ] {
            assert!(FILE.contains(from));
            assert_eq!(digests(FILE), digests(&FILE.replace(from, to)), "{to}");
        }
    }

    #[test]
    fn what_a_file_says_counts_in_its_part() {
        for (from, to, part) in [
            ("privatelink", "other", "deployment"),
            ("eu-west-1", "eu-west-2", "[organization]"),
            ("[endpoints.ecr]", "[endpoints.kms]", "what an account should have"),
            ("= 9", "= 10", "[rollout]"),
        ] {
            let (before, after) = (digests(FILE), digests(&FILE.replace(from, to)));
            let differ: Vec<_> =
                before.iter().filter(|(key, digest)| after[*key] != **digest).collect();
            assert_eq!(differ.len(), 1, "{differ:?}");
            assert_eq!(differ[0].0, part);
        }
    }
}
