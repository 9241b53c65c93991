//! Scripted faults: which calls go wrong, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sandbox::dice::Dice;
use crate::sandbox::wire::filters::like;

/// A rule that makes calls go wrong. Its count goes up with every call that it matches.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultRule {
    /// The action, with wildcards (`Create*`); `*` for all.
    #[serde(default = "any")]
    pub action: String,
    /// An account's id; `*` for all.
    #[serde(default = "any")]
    pub account: String,
    /// A region; `*` for all.
    #[serde(default = "any")]
    pub region: String,
    /// The first matching call that goes wrong, from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many go wrong from there on; 0 for all.
    #[serde(default = "one")]
    pub times: u64,
    /// The share of those that go wrong, from 0 to 1: a random mix.
    #[serde(default = "always")]
    pub share: f64,
    /// What happens.
    pub effect: Effect,
    /// Matching calls so far.
    #[serde(default)]
    pub seen: u64,
}

fn any() -> String {
    "*".to_owned()
}

fn one() -> u64 {
    1
}

fn always() -> f64 {
    1.0
}

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// It is refused with this code and text.
    Reject {
        /// AWS's code.
        code: String,
        /// The text.
        #[serde(default)]
        message: String,
        /// The HTTP status; by default the one AWS sends with the code.
        #[serde(default)]
        status: Option<u16>,
    },
    /// It is throttled, in the words of its service.
    Throttle,
    /// The answer comes this much later (milliseconds of real time).
    Delay {
        /// How much later.
        milliseconds: u64,
    },
    /// The connection is cut before anything is done.
    Reset,
    /// It is done, and the connection is cut before the answer arrives.
    LoseAnswer,
    /// The caller's session is over from now on; a new one works.
    ExpireCredentials,
    /// The account is suspended from now on.
    SuspendAccount,
    /// The endpoint this call creates will fail.
    FailEndpoint,
    /// The endpoint this call creates takes four times as long as usual.
    SlowEndpoint,
}

impl FaultRule {
    /// The `nth` call of `action` goes wrong.
    pub fn nth(action: &str, nth: u64, effect: Effect) -> Self {
        Self {
            action: action.to_owned(),
            account: any(),
            region: any(),
            nth,
            times: 1,
            share: 1.0,
            effect,
            seen: 0,
        }
    }

    /// The same, in one account only.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.account);
        self
    }

    /// The same, in one region only.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// The same, `times` times; 0 for ever.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// A random mix: in each hundred calls a few are throttled, cut, lost, delayed or fail inside.
    pub fn mix(share: f64) -> Vec<Self> {
        let unavailable = Effect::Reject {
            code: "ServiceUnavailable".to_owned(),
            message: "The service is unavailable. Please try again shortly.".to_owned(),
            status: Some(503),
        };
        let effects = [
            (0.4, Effect::Throttle),
            (0.2, unavailable),
            (0.15, Effect::Reset),
            (0.15, Effect::LoseAnswer),
            (0.1, Effect::Delay { milliseconds: 2_000 }),
        ];
        let rule = |(part, effect): (f64, Effect)| Self {
            times: 0,
            share: share * part,
            ..Self::nth("*", 1, effect)
        };
        effects.into_iter().map(rule).collect()
    }
    /// What a large rollout meets on an ordinary day, beside what the limits of rates refuse: of all calls
    /// 0.5 % are throttled, 0.2 % answered with a 503, 0.05 % cut off, 0.05 % done with the answer lost, and
    /// 0.5 % answered two seconds late; of the endpoints 2 % take four times as long, and 0.1 % fail.
    pub fn realistic() -> Vec<Self> {
        let unavailable = Effect::Reject {
            code: "Unavailable".to_owned(),
            message: "The server is overloaded and can't handle the request.".to_owned(),
            status: Some(503),
        };
        let rule = |(action, share, effect): (&str, f64, Effect)| Self {
            times: 0,
            share,
            ..Self::nth(action, 1, effect)
        };
        [
            ("CreateVpcEndpoint", 0.02, Effect::SlowEndpoint),
            ("CreateVpcEndpoint", 0.001, Effect::FailEndpoint),
            ("*", 0.005, Effect::Throttle),
            ("*", 0.002, unavailable),
            ("*", 0.0005, Effect::Reset),
            ("*", 0.0005, Effect::LoseAnswer),
            ("*", 0.005, Effect::Delay { milliseconds: 2_000 }),
        ]
        .map(rule)
        .into()
    }
}

/// What the rules say about one call: the first that applies.
pub(crate) fn decide(
    rules: &mut [FaultRule],
    seed: u64,
    (action, account, region): (&str, &str, &str),
) -> Option<Effect> {
    let mut decided = None;
    for (index, rule) in rules.iter_mut().enumerate() {
        let matches = like(&rule.action, action)
            && like(&rule.account, account)
            && like(&rule.region, region);
        if !matches {
            continue;
        }
        rule.seen += 1;
        let due = rule.seen >= rule.nth && (rule.times == 0 || rule.seen < rule.nth + rule.times);
        let mut dice = Dice::new(seed, &["fault", &index.to_string(), &rule.seen.to_string()]);
        if decided.is_none() && due && dice.unit() < rule.share {
            decided = Some(rule.effect.clone());
        }
    }
    decided
}
