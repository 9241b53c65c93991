//! Our clients of S3, SNS and CloudWatch against the sandbox in process (signatures are verified, time is
//! paused), and against the emulator, which does not speak the protocol in which the SDK asks CloudWatch.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use linkwalk::aws::{Access, OnThrottle, Sessions};
use linkwalk::ids::{EndpointId, Region, ServiceName, TargetId, VpcId};
use linkwalk::model::endpoint::EndpointKind;
use linkwalk::model::failure::ErrorClass;
use linkwalk::sandbox::{Effect, FaultRule, Options, Sandbox, World};
use serde_json::{Value, json};

use crate::rig::Rig;

const WORLD: &str = r#"
format = 1
[organization]

[[account]]
name = "alpha"
id = "222233334444"

[[account.vpc]]
name = "main"
endpoint = [
  { service = "logs", bytes_per_minute = 1000 },
  { service = "ssm" },
  { service = "s3", type = "Gateway", bytes_per_minute = 1000 },
]

[[bucket]]
name = "state"

[[bucket]]
name = "far.away"
region = "eu-central-1"

[[bucket]]
name = "theirs"
account = "alpha"

[[topic]]
name = "news"
"#;

fn start() -> (Sandbox, Sessions) {
    let world = World::from_scenario(WORLD).unwrap();
    let keys = Sandbox::credentials(world.operator());
    let sandbox = Sandbox::new(world, Options::at(Timestamp::now()));
    let sessions = Sessions::in_process(sandbox.http_client(), keys, 1.0, access());
    (sandbox, sessions)
}

fn access() -> Access {
    Access {
        partition: "aws",
        home_region: Region::from("eu-west-1"),
        role: "OrganizationAccountAccessRole".to_owned(),
        external_id: None,
        session_name: "linkwalk".to_owned(),
        session_tags: BTreeMap::new(),
        source_identity: None,
        via: Vec::new(),
    }
}

fn here() -> Region {
    Region::from("eu-west-1")
}

#[tokio::test(start_paused = true)]
async fn one_of_two_writers_wins_and_only_its_holder_replaces_or_deletes() {
    let (sandbox, sessions) = start();
    locks(&sessions.bucket("state", &here())).await;
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
}

/// The life of a lock, the same wherever it is.
async fn locks(bucket: &linkwalk::aws::Bucket) {
    let key = "linkwalk/a lock + (1).json";
    assert_eq!(bucket.get(key).await.unwrap(), None);
    let one = bucket.create(key, "one").await.unwrap().unwrap();
    assert_eq!(bucket.create(key, "two").await.unwrap(), None);
    assert_eq!(bucket.get(key).await.unwrap(), Some(("one".to_owned(), one.clone())));
    let two = bucket.replace(key, "two", &one).await.unwrap().unwrap();
    assert_eq!(bucket.replace(key, "three", &one).await.unwrap(), None);
    assert!(!bucket.delete(key, &one).await.unwrap());
    assert!(bucket.delete(key, &two).await.unwrap());
    assert!(bucket.delete(key, &two).await.unwrap(), "what is gone is gone");
    assert_eq!(bucket.replace(key, "four", &two).await.unwrap(), None);
    assert_eq!(bucket.get(key).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_known_as_our_own() {
    let (sandbox, sessions) = start();
    let bucket = sessions.bucket("state", &here());
    let lose = || sandbox.add_fault(FaultRule::nth("PutObject", 1, Effect::LoseAnswer));
    lose();
    let one = bucket.create("lock", "one").await.unwrap().expect("it is ours");
    lose();
    let two = bucket.replace("lock", "two", &one).await.unwrap().expect("it is ours");
    assert_eq!(bucket.get("lock").await.unwrap(), Some(("two".to_owned(), two.clone())));
    sandbox.add_fault(FaultRule::nth("DeleteObject", 1, Effect::LoseAnswer));
    assert!(bucket.delete("lock", &two).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_of_writes_is_tried_again_and_not_for_ever() {
    let (sandbox, sessions) = start();
    let bucket = sessions.bucket("state", &here());
    let conflict = || {
        Effect::Reject {
        code: "ConditionalRequestConflict".to_owned(),
        message: "The conditional request cannot succeed due to a conflicting operation against this resource.".to_owned(),
        status: Some(409),
    }
    };
    sandbox.add_fault(FaultRule::nth("PutObject", 1, conflict()).times(2));
    assert!(bucket.create("lock", "one").await.unwrap().is_some());
    sandbox.add_fault(FaultRule::nth("PutObject", 1, conflict()).times(0));
    let failure = bucket.create("other", "one").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Busy);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_bucket_is_said_with_what_to_do() {
    let (_, sessions) = start();
    for (bucket, code, hint) in [
        ("nowhere", "NoSuchBucket", "there is no bucket `nowhere`"),
        ("far.away", "PermanentRedirect", "is in another region"),
        ("theirs", "AccessDenied", "s3:ListBucket"),
    ] {
        let failure = sessions.bucket(bucket, &here()).create("lock", "x").await.unwrap_err();
        assert_eq!(failure.code.as_deref(), Some(code), "{failure}");
        assert!(failure.hint.unwrap().contains(hint), "{bucket}");
        assert!(failure.request_id.is_some());
    }
    let far = sessions.bucket("far.away", &Region::from("eu-central-1"));
    assert!(far.create("lock", "x").await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_message_reaches_its_topic_and_a_wrong_topic_is_told() {
    let (sandbox, sessions) = start();
    let arn = "arn:aws:sns:eu-west-1:111122223333:news";
    let attributes = BTreeMap::from([("severity".to_owned(), "high".to_owned())]);
    let id = sessions.topic(arn).publish("Drift", "it is & was", &attributes).await.unwrap();
    let published = sandbox.published(arn).unwrap();
    assert_eq!(published[0].id, id);
    assert_eq!(published[0].message, "it is & was");
    assert_eq!(published[0].attributes, attributes);
    for (arn, class) in [
        ("arn:aws:sns:eu-west-1:111122223333:none", ErrorClass::NotFound),
        ("arn:aws:sns:eu-west-1:222233334444:news", ErrorClass::Denied),
    ] {
        let failure = sessions.topic(arn).publish("Drift", "x", &attributes).await.unwrap_err();
        assert_eq!(failure.class, class);
        assert!(failure.hint.unwrap().contains(arn));
    }
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_an_endpoint_carries_is_told_for_those_that_aws_counts() {
    let (sandbox, sessions) = start();
    let target = TargetId { account: "222233334444".parse().unwrap(), region: here() };
    let quiet: OnThrottle = Arc::new(|_| {});
    let endpoints = sessions.ec2(&target, Arc::clone(&quiet)).endpoints().await.unwrap();
    let traffic = sessions.traffic(&target, quiet);
    let since = Timestamp::now() - SignedDuration::from_hours(24);
    for (short, expected) in [("logs", Some(1000 * 60 * 24)), ("ssm", Some(0)), ("s3", None)] {
        let found =
            endpoints.values().find(|found| found.key.service.as_str().ends_with(short)).unwrap();
        let bytes = traffic
            .bytes(&found.id, &found.key.service, &found.key.vpc, &found.key.kind, since)
            .await
            .unwrap();
        // To the minute: some time goes by between the two clocks.
        let close = |bytes: u64, wanted: u64| bytes.abs_diff(wanted) <= 3000;
        match (bytes, expected) {
            (Some(bytes), Some(wanted)) => assert!(close(bytes, wanted), "{short}: {bytes}"),
            (bytes, expected) => assert_eq!(bytes, expected, "{short}"),
        }
    }
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn throttled_metrics_are_counted_and_asked_for_again() {
    let (sandbox, sessions) = start();
    sandbox.add_fault(FaultRule::nth("GetMetricData", 1, Effect::Throttle).times(2));
    let target = TargetId { account: "222233334444".parse().unwrap(), region: here() };
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let counted = Arc::clone(&seen);
    let traffic = sessions.traffic(
        &target,
        Arc::new(move |action: &str| counted.lock().unwrap().push(action.to_owned())),
    );
    let (endpoint, vpc) = (EndpointId::from("vpce-0"), VpcId::from("vpc-0"));
    let service = ServiceName::from("com.amazonaws.eu-west-1.logs");
    let since = Timestamp::now() - SignedDuration::from_hours(1);
    let bytes = traffic.bytes(&endpoint, &service, &vpc, &EndpointKind::Interface, since).await;
    assert_eq!(bytes.unwrap(), Some(0));
    assert_eq!(*seen.lock().unwrap(), ["GetMetricData", "GetMetricData"]);
}

#[tokio::test]
async fn on_the_emulator_a_bucket_is_a_lock_too() {
    let rig = Rig::of(&[]);
    let name = format!("state-{}", rig.management());
    let region = json!({ "Bucket": name,
                         "CreateBucketConfiguration": { "LocationConstraint": "eu-west-1" } });
    rig.in_service("s3", "create_bucket", &region);
    let sessions = rig.sessions();
    locks(&sessions.bucket(&name, &here())).await;
    let missing = sessions.bucket("nowhere-at-all", &here()).get("lock").await.unwrap_err();
    assert_eq!(missing.code.as_deref(), Some("NoSuchBucket"));
}

#[tokio::test]
async fn on_the_emulator_a_message_reaches_who_listens() {
    let rig = Rig::of(&[]);
    let topic =
        rig.in_service("sns", "create_topic", &json!({ "Name": "news" }))["TopicArn"].clone();
    let queue =
        rig.in_service("sqs", "create_queue", &json!({ "QueueName": "ears" }))["QueueUrl"].clone();
    let ears = format!("arn:aws:sqs:eu-west-1:{}:ears", rig.management());
    let subscribe = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": ears });
    rig.in_service("sns", "subscribe", &subscribe);
    let attributes = BTreeMap::from([("severity".to_owned(), "high".to_owned())]);
    let sessions = rig.sessions();
    let arn = topic.as_str().unwrap();
    sessions.topic(arn).publish("Drift", "it is & was", &attributes).await.unwrap();
    let heard = rig.in_service("sqs", "receive_message", &json!({ "QueueUrl": queue }));
    let heard: Value =
        serde_json::from_str(heard["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(heard["Message"], "it is & was");
    assert_eq!(heard["Subject"], "Drift");
    assert_eq!(heard["MessageAttributes"]["severity"]["Value"], "high");
    let none = arn.replace(":news", ":none");
    let failure = sessions.topic(&none).publish("Drift", "x", &attributes).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::NotFound);
}
