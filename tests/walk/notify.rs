//! `audit --notify` as the compiled program: a webhook on this machine, topics in the sandbox and in the
//! emulator.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::Rig;

/// A webhook that answers each request with the next status, and hands out what it was told.
fn webhook(statuses: &'static [u16]) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/services/T000/SECRET", listener.local_addr().unwrap());
    let (told, heard) = channel();
    thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            told.send(serde_json::from_slice(&body).unwrap()).ok();
            let place = "location: http://127.0.0.1:1/\r\n";
            write!(
                stream,
                "HTTP/1.1 {status} X\r\n{place}content-length: 2\r\nconnection: close\r\n\r\nno"
            )
            .unwrap();
        }
    });
    (url, heard)
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:network-news";

fn audit(folder: &Path, notify: &str, more: &[&str], url: Option<&str>) -> Output {
    let demo = include_str!("../../data/demo-accounts.toml");
    std::fs::write(folder.join("accounts.toml"), format!("{demo}\n[notify]\n{notify}\n")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .args(["-c", "accounts.toml", "--sandbox", "-q", "audit", "--notify"])
        .args(more)
        .current_dir(folder)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(url.map(|url| ("HOOK", url)))
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn news_are_told_once_and_again_when_they_could_not_be() {
    let folder = TempDir::new().unwrap();
    let both = format!("sns_topic = \"{TOPIC}\"\nwebhook_env = \"HOOK\"");
    let (url, heard) = webhook(&[404, 302, 500, 200]);

    let first = audit(folder.path(), &both, &[], Some(&url));
    assert_eq!(first.status.code(), Some(1), "the verdict stands: {}", stderr(&first));
    assert!(stderr(&first).contains(&format!("Told: SNS topic {TOPIC}")), "{}", stderr(&first));
    assert!(stderr(&first).contains("the webhook in HOOK was not told"), "{}", stderr(&first));
    assert!(!stderr(&first).contains("SECRET"), "{}", stderr(&first));
    let document = heard.recv().unwrap();
    assert!(document["text"].as_str().unwrap().starts_with("SANDBOX: linkwalk audit of"));

    // The topic knows; the webhook does not yet. It leads elsewhere now, which is not followed.
    let second = audit(folder.path(), &both, &[], Some(&url));
    assert!(stderr(&second).contains("nothing has changed"), "{}", stderr(&second));
    assert!(stderr(&second).contains("redirects are not followed"), "{}", stderr(&second));
    heard.recv().unwrap();

    // What may pass is tried again.
    let third = audit(folder.path(), &both, &[], Some(&url));
    assert!(stderr(&third).contains("Told: webhook in HOOK"), "{}", stderr(&third));
    assert_eq!(heard.iter().count(), 2);
    let memory =
        std::fs::read_to_string(folder.path().join(".linkwalk/sandbox/audit-privatelink.json"));
    assert!(!memory.unwrap().contains("SECRET"));
    let fourth = audit(folder.path(), &both, &[], Some(&url));
    assert_eq!(stderr(&fourth).matches("nothing has changed").count(), 2, "{}", stderr(&fourth));
}

#[test]
fn what_is_wrong_with_notify_is_told_before_the_walk_and_without_the_secret() {
    let folder = TempDir::new().unwrap();
    for (notify, url, says) in [
        ("webhook_env = \"HOOK\"", None, "there is no such environment variable"),
        ("webhook_env = \"HOOK\"", Some("http://example.com/SECRET"), "must begin with https://"),
        ("webhook_env = \"HOOK\"", Some("SECRET"), "must begin with https://"),
        ("webhook_env = \"https://hooks.example.com/SECRET\"", None, "holds a URL"),
        ("min_severity = \"low\"", None, "tells nobody"),
        ("sns_topic = \"news\"", None, "is not the ARN of an SNS topic"),
        ("sns_topic = \"arn:aws:sns:eu-west-1:111122223333:news.fifo\"", None, "FIFO"),
    ] {
        let refused = audit(folder.path(), notify, &[], url);
        assert_eq!(refused.status.code(), Some(64), "{notify}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(says), "{notify}: {}", stderr(&refused));
        assert!(!stderr(&refused).contains("SECRET"), "{notify}: {}", stderr(&refused));
    }
    // From the sandbox nobody outside is told.
    let kept_in =
        audit(folder.path(), "webhook_env = \"HOOK\"", &[], Some("https://example.com/x"));
    assert!(stderr(&kept_in).contains("not on this machine"), "{}", stderr(&kept_in));
}

#[test]
fn on_the_emulator_a_topic_is_told_of_drift_and_of_its_repair() {
    let rig = Rig::of(&["alpha"]);
    let topic =
        rig.in_service("sns", "create_topic", &json!({ "Name": "news" }))["TopicArn"].clone();
    let queue =
        rig.in_service("sqs", "create_queue", &json!({ "QueueName": "ears" }))["QueueUrl"].clone();
    let ears = format!("arn:aws:sqs:eu-west-1:{}:ears", rig.management());
    rig.in_service(
        "sns",
        "subscribe",
        &json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": ears }),
    );
    rig.add(&format!("[notify]\nsns_topic = {topic}"));
    let heard = || {
        let heard = rig.in_service("sqs", "receive_message", &json!({ "QueueUrl": queue }));
        let text = heard["Messages"][0]["Body"]
            .as_str()
            .map(|body| serde_json::from_str::<Value>(body).unwrap());
        text.map(|body| body["Message"].as_str().unwrap().to_owned())
    };
    rig.run(&["audit", "--notify"]);
    assert!(heard().unwrap().contains("New:"));
    rig.run(&["apply", "--yes"]);
    let clean = rig.run(&["audit", "--notify"]);
    assert_eq!(clean.code, Some(0), "{}", clean.stderr);
    assert!(heard().unwrap().contains("Fixed:"));
    rig.run(&["audit", "--notify"]);
    assert_eq!(heard(), None);
}
