//! Telling people: each channel by itself, so that one that fails keeps nothing from the others.

use crate::aws::{Sessions, Webhook};
use crate::config::Notify;
use crate::model::failure::Failure;
use crate::report::notice::Notice;

/// A way to tell people.
#[derive(Debug)]
pub enum Channel {
    /// An SNS topic, by its ARN.
    Topic(String),
    /// A webhook, and the environment variable its URL is in.
    Webhook(String, Webhook),
}

impl Channel {
    /// The channels of accounts.toml, in its order. `secret` reads an environment variable. The error is
    /// for people, and without the secret.
    pub fn of(
        notify: &Notify,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Self>, String> {
        let mut channels: Vec<Self> = notify.sns_topic.iter().cloned().map(Self::Topic).collect();
        if let Some(name) = &notify.webhook_env {
            let url = secret(name).filter(|url| !url.trim().is_empty()).ok_or_else(|| {
                format!(
                    "notify.webhook_env names {name}, and there is no such environment variable"
                )
            })?;
            let webhook = Webhook::new(&url).map_err(|failure| {
                format!("the URL in {name} cannot be used: {}", failure.message)
            })?;
            channels.push(Self::Webhook(name.clone(), webhook));
        }
        Ok(channels)
    }

    /// What it is called, in messages and in the memory.
    pub fn name(&self) -> String {
        match self {
            Self::Topic(arn) => format!("SNS topic {arn}"),
            Self::Webhook(name, _) => format!("webhook in {name}"),
        }
    }

    /// Whether a notice stays on this machine when it is sent there from the sandbox.
    pub fn is_within_sandbox(&self) -> bool {
        match self {
            Self::Topic(_) => true,
            Self::Webhook(_, webhook) => webhook.is_here(),
        }
    }

    /// Tells it.
    pub async fn tell(&self, sessions: &Sessions, notice: &Notice) -> Result<(), Failure> {
        match self {
            Self::Topic(arn) => {
                let Notice { subject, text, attributes, .. } = notice;
                sessions.topic(arn).publish(subject, text, attributes).await.map(drop)
            }
            Self::Webhook(_, webhook) => webhook.post(&notice.chat).await,
        }
    }
}
