//! SNS as bytes.

use super::client::{Client, PLAIN, sandbox};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:news";

#[test]
fn what_is_published_is_remembered_and_what_sns_refuses_is_refused() {
    let sandbox = sandbox(&format!("{PLAIN}\n[[topic]]\nname = \"news\"\n"));
    let client = Client::management(&sandbox);
    let message = [
        ("TopicArn", TOPIC),
        ("Subject", "Drift"),
        ("Message", "<3 findings>\n"),
        ("MessageAttributes.entry.1.Name", "severity"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "high"),
    ];
    let id = client.sns("Publish", &message).unwrap().one("MessageId");
    let published = sandbox.published(TOPIC).unwrap();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].id, id);
    assert_eq!(published[0].subject.as_deref(), Some("Drift"));
    assert_eq!(published[0].message, "<3 findings>\n");
    assert_eq!(published[0].attributes["severity"], "high");

    let other = "arn:aws:sns:eu-west-1:111122223333:none";
    let member = Client::alpha(&sandbox);
    let far = "arn:aws:sns:eu-central-1:111122223333:news";
    let long = "x".repeat(101);
    for (client, topic, subject, status, code) in [
        (&client, other, "x", 404, "NotFound"),
        (&member, TOPIC, "x", 403, "AuthorizationError"),
        (&client, far, "x", 400, "InvalidParameter"),
        (&client, "news", "x", 400, "InvalidParameter"),
        (&client, TOPIC, "two\nlines", 400, "InvalidParameter"),
        (&client, TOPIC, long.as_str(), 400, "InvalidParameter"),
    ] {
        let parameters = [("TopicArn", topic), ("Subject", subject), ("Message", "x")];
        let refused = client.sns("Publish", &parameters).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (status, code), "{topic} {subject}");
    }
    assert_eq!(sandbox.published(TOPIC).unwrap().len(), 1);
    assert_eq!(sandbox.published(other), None);
    let made = client.sns("CreateTopic", &[("Name", "none")]).unwrap();
    assert_eq!(made.one("TopicArn"), other);
    assert_eq!(sandbox.published(other), Some(Vec::new()));
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
}
