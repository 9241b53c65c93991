//! SNS topics and what was published to them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many messages a topic remembers: real ones remember none.
const KEPT: usize = 100;

/// A topic.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topic {
    pub(crate) messages: Vec<Published>,
}

/// A message that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Its id.
    pub id: String,
    /// The subject, for subscribers by mail.
    pub subject: Option<String>,
    /// The message itself.
    pub message: String,
    /// The values of its attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Topic {
    /// Remembers a message, and forgets the oldest if there are many.
    pub(crate) fn keep(&mut self, message: Published) {
        if self.messages.len() >= KEPT {
            self.messages.remove(0);
        }
        self.messages.push(message);
    }
}

/// The account and region of a topic's ARN.
pub(crate) fn place_of(arn: &str) -> Option<(&str, &str)> {
    let parts: Vec<_> = arn.split(':').collect();
    let ["arn", _, "sns", region, account, name] = parts[..] else {
        return None;
    };
    is_name(name).then_some((account, region))
}

/// True for what may be the name of a topic.
pub(crate) fn is_name(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=256).contains(&name.len()) && name.bytes().all(fine)
}
