//! Shards: an organization split by account over several processes, each of which sees all of it and works
//! on its own part.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::AccountId;

/// The most shards: AWS Batch's largest array.
const MOST: u32 = 10_000;

/// One shard of several: `2/4`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

/// Why a text or an environment names no shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidShard(String);

impl fmt::Display for InvalidShard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidShard {}

impl FromStr for Shard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, InvalidShard> {
        let wrong = |why: String| InvalidShard(format!("{why}; write 1/4 for the first of four"));
        let number = |part: &str| part.parse::<u32>().ok();
        let parts = text.split_once('/').and_then(|(i, n)| Some((number(i)?, number(n)?)));
        let (index, of) = parts.ok_or_else(|| wrong(format!("`{text}` is not a shard")))?;
        match (index, of) {
            (_, 0) => Err(wrong("there must be at least one shard".to_owned())),
            (0, _) => Err(wrong("shards are numbered from 1".to_owned())),
            _ if index > of => Err(wrong(format!("there is no shard {index} of {of}"))),
            _ if of > MOST => Err(wrong(format!("at most {MOST} shards"))),
            _ => Ok(Self { index, of }),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// Variables that say which shard this is, counted from 0, and who sets them.
const INDICES: [&str; 2] = [
    // https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
    "AWS_BATCH_JOB_ARRAY_INDEX",
    // https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
    "JOB_COMPLETION_INDEX",
];

/// Says how many shards there are: neither AWS Batch nor Kubernetes does.
const COUNT: &str = "LINKWALK_SHARDS";

impl Shard {
    /// The shard that an engine's environment names, read by `var`. An index without a count is an
    /// error: every one of the engine's processes would work on everything.
    pub fn of_environment(
        var: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, InvalidShard> {
        let set = |name: &str| var(name).filter(|value| !value.trim().is_empty());
        let found: Vec<(&str, String)> =
            INDICES.into_iter().filter_map(|name| Some((name, set(name)?))).collect();
        let wrong = |why: String| Err(InvalidShard(why));
        let (name, index, count) = match (found.as_slice(), set(COUNT)) {
            ([], None) => return Ok(None),
            ([], Some(count)) => {
                return wrong(format!(
                    "{COUNT} is {count}, and nothing says which shard this is: neither {}; give \
                     --shard 1/{count}, or unset it",
                    INDICES.join(" nor ")
                ));
            }
            ([(name, index), ..], None) => {
                return wrong(format!(
                    "{name} is {index}, and {COUNT} does not say how many there are: set it, or give \
                     --shard 1/1 if this process is to work on everything"
                ));
            }
            ([(one, index), (other, theirs)], _) if index != theirs => {
                return wrong(format!("{one} is {index} and {other} is {theirs}: give --shard"));
            }
            ([(name, index), ..], Some(count)) => (*name, index.clone(), count),
        };
        let number = |name: &str, text: &str| {
            let parsed = text.trim().parse::<u32>();
            parsed.map_err(|_| InvalidShard(format!("{name} is `{text}`, which is no number")))
        };
        let (at, of) = (number(name, &index)?, number(COUNT, &count)?);
        if at >= of {
            return wrong(format!(
                "{name} is {at} and {COUNT} is {of}: indices go from 0 to one less than the count"
            ));
        }
        format!("{}/{of}", at + 1).parse().map(Some)
    }

    /// The accounts of this shard. They are put in the order of a hash of their ids and dealt out in turn, so
    /// that sizes differ by one at most, and neighbours, which are often alike, are spread. The same accounts
    /// are split alike everywhere; one account more or less moves others, which is why documents carry a
    /// digest of what was split ([`Part`]).
    pub fn pick(self, accounts: &BTreeSet<AccountId>) -> BTreeSet<AccountId> {
        let mut dealt: Vec<([u8; 32], &AccountId)> = accounts
            .iter()
            .map(|account| (Sha256::digest(account.as_str()).into(), account))
            .collect();
        dealt.sort();
        let (first, step) = (self.index.saturating_sub(1), self.of.max(1));
        let mine = dealt.into_iter().skip(first as usize).step_by(step as usize);
        mine.map(|(_, account)| account.clone()).collect()
    }
}

/// A shard, and what was split: two documents are parts of one whole where all but the index agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Which.
    #[serde(flatten)]
    pub shard: Shard,
    /// How many accounts all shards have together.
    pub accounts: usize,
    /// A digest of these accounts, the regions and accounts.toml.
    pub whole: String,
}

impl Part {
    /// A part of these accounts. `rest` is what else must be the same.
    pub fn new(shard: Shard, accounts: &BTreeSet<AccountId>, rest: &str) -> Self {
        let mut digest = Sha256::new();
        for account in accounts {
            digest.update(account.as_str());
            digest.update("\n");
        }
        digest.update(rest);
        let whole = hex::encode(&digest.finalize()[..8]);
        Self { shard, accounts: accounts.len(), whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts(count: u32) -> BTreeSet<AccountId> {
        (0..count)
            .map(|n| format!("{:012}", 100_000_000_000_u64 + u64::from(n) * 7).parse().unwrap())
            .collect()
    }

    #[test]
    fn every_account_is_in_exactly_one_shard_and_sizes_differ_by_one_at_most() {
        for count in [0, 1, 3, 11, 1000] {
            for of in [1, 2, 4, 7, 12] {
                let all = accounts(count);
                let shards: Vec<_> = (1..=of).map(|index| Shard { index, of }.pick(&all)).collect();
                let sizes: Vec<usize> = shards.iter().map(BTreeSet::len).collect();
                assert_eq!(sizes.iter().sum::<usize>(), all.len());
                assert_eq!(shards.into_iter().flatten().collect::<BTreeSet<_>>(), all);
                let spread = sizes.iter().max().unwrap() - sizes.iter().min().unwrap();
                assert!(spread <= 1, "{count} over {of}: {sizes:?}");
            }
        }
    }

    #[test]
    fn a_part_tells_other_accounts_and_another_file_apart() {
        let shard = Shard { index: 1, of: 2 };
        let part = |count, rest| Part::new(shard, &accounts(count), rest).whole;
        assert_eq!(part(5, "a"), part(5, "a"));
        assert_ne!(part(5, "a"), part(6, "a"));
        assert_ne!(part(5, "a"), part(5, "b"));
    }

    #[test]
    fn a_shard_is_written_from_one_on() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, of: 4 }));
        for (text, says) in [
            ("0/4", "numbered from 1"),
            ("5/4", "no shard 5 of 4"),
            ("1/0", "at least one"),
            ("1", "is not a shard"),
            ("", "is not a shard"),
            ("-1/4", "is not a shard"),
            ("1/20000", "at most"),
        ] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn engines_say_which_and_the_operator_says_how_many() {
        let read = |set: &[(&str, &str)]| {
            let var = |name: &str| {
                set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            Shard::of_environment(var).map_err(|error| error.to_string())
        };
        let (batch, job) = ("AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX");
        let third = Ok(Some(Shard { index: 3, of: 4 }));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[(batch, ""), (COUNT, "")]), Ok(None));
        assert_eq!(read(&[(batch, "2"), (COUNT, "4")]), third);
        assert_eq!(read(&[(job, "2"), (COUNT, "4")]), third);
        assert_eq!(read(&[(batch, "2"), (job, "2"), (COUNT, "4")]), third);
        for (set, says) in [
            (&[(batch, "2")][..], "LINKWALK_SHARDS does not say how many"),
            (&[(COUNT, "4")], "nothing says which shard"),
            (&[(batch, "4"), (COUNT, "4")], "indices go from 0"),
            (&[(batch, "x"), (COUNT, "4")], "which is no number"),
            (&[(batch, "1"), (job, "2"), (COUNT, "4")], "give --shard"),
        ] {
            let error = read(set).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
