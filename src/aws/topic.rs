//! An SNS topic to tell people on.

use std::collections::BTreeMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;

use super::error;
use crate::model::failure::Failure;

/// One topic.
#[derive(Debug)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    pub(super) fn new(client: Client, arn: &str) -> Self {
        Self { client, arn: arn.to_owned() }
    }

    /// Publishes a message and answers its id. `subject` is ASCII, of one line and at most 100 characters,
    /// for subscribers by mail; `attributes` are texts that subscribers can filter by
    /// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
    pub async fn publish(
        &self,
        subject: &str,
        message: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, Failure> {
        let mut request =
            self.client.publish().topic_arn(&self.arn).subject(subject).message(message);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            // A value without a type cannot be: it has just been given one.
            if let Ok(value) = value.build() {
                request = request.message_attributes(name, value);
            }
        }
        let answer = request.send().await.map_err(|e| {
            let mut failure = error::failure("Publish", &e);
            let arn = &self.arn;
            failure.hint = match failure.code.as_deref() {
                Some("NotFound") => Some(format!("there is no topic {arn}")),
                Some("AuthorizationError") => {
                    Some(format!(
                        "the caller needs sns:Publish on {arn}: `linkwalk role --caller` prints its policy"
                    ))
                }
                _ => failure.hint,
            };
            failure
        })?;
        Ok(answer.message_id.unwrap_or_default())
    }
}
