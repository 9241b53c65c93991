//! S3 as bytes: addresses, conditions, AWS's codes and words.

use linkwalk::sandbox::{Request, Sandbox};
use sha2::{Digest as _, Sha256};

use super::client::{Client, Doc, PLAIN, sandbox};

fn start() -> Sandbox {
    sandbox(&format!(
        "{PLAIN}\n[[bucket]]\nname = \"state\"\n[[bucket]]\nname = \"far\"\nregion = \"eu-central-1\"\n"
    ))
}

/// Status, code (or nothing) and entity tag.
type Told = (u16, String, String);

fn ask(client: &Client, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Told {
    let mut request = client.request("s3", body.as_bytes().to_vec());
    method.clone_into(&mut request.method);
    target.clone_into(&mut request.target);
    let hash = hex::encode(Sha256::digest(body));
    let hash = [("x-amz-content-sha256", hash.as_str())];
    for (name, value) in hash.iter().chain(headers) {
        request.headers.push(((*name).to_owned(), (*value).to_owned()));
    }
    told(client, &request)
}

fn told(client: &Client, request: &Request) -> Told {
    let response = client.sandbox.handle(request).unwrap();
    let text = String::from_utf8(response.body).unwrap();
    let code = if text.contains("<Code>") { Doc(text).one("Code") } else { String::new() };
    let tag = response.headers.iter().find(|(name, _)| *name == "etag");
    (response.status, code, tag.map(|(_, tag)| tag.clone()).unwrap_or_default())
}

fn refused(status: u16, code: &str) -> Told {
    (status, code.to_owned(), String::new())
}

#[test]
fn of_those_who_write_only_where_nothing_is_one_wins() {
    let sandbox = start();
    let client = Client::management(&sandbox);
    let absent = [("if-none-match", "*")];
    let (status, code, first) = ask(&client, "PUT", "/state/a/lock", &absent, "one");
    assert_eq!((status, code.as_str()), (200, ""));
    let second = ask(&client, "PUT", "/state/a/lock", &absent, "two");
    assert_eq!(second, refused(412, "PreconditionFailed"));
    assert_eq!(ask(&client, "GET", "/state/a/lock", &[], ""), (200, String::new(), first.clone()));

    let still = [("if-match", first.as_str())];
    let (status, _, second) = ask(&client, "PUT", "/state/a/lock", &still, "two");
    assert_eq!(status, 200);
    let third = ask(&client, "PUT", "/state/a/lock", &still, "three");
    assert_eq!(third, refused(412, "PreconditionFailed"));
    let wrong = ask(&client, "DELETE", "/state/a/lock", &still, "");
    assert_eq!(wrong, refused(412, "PreconditionFailed"));
    let right = [("if-match", second.as_str())];
    assert_eq!(ask(&client, "DELETE", "/state/a/lock", &right, ""), refused(204, ""));
    assert_eq!(ask(&client, "DELETE", "/state/a/lock", &right, ""), refused(404, "NoSuchKey"));
    assert_eq!(ask(&client, "PUT", "/state/a/lock", &right, "four"), refused(404, "NoSuchKey"));
    assert_eq!(ask(&client, "DELETE", "/state/a/lock", &[], ""), refused(204, ""));
    assert_eq!(sandbox.unknown(), Vec::<String>::new());
}

#[test]
fn what_s3_refuses_is_refused_in_its_words() {
    let sandbox = start();
    let management = Client::management(&sandbox);
    let member = Client::alpha(&sandbox);
    let star = [("if-none-match", "*")];
    for (client, method, target, headers, status, code) in [
        (&management, "GET", "/state/none", &[][..], 404, "NoSuchKey"),
        (&management, "GET", "/nowhere/none", &[], 404, "NoSuchBucket"),
        (&management, "PUT", "/far/key", &star, 301, "PermanentRedirect"),
        (&member, "PUT", "/state/key", &star, 403, "AccessDenied"),
        (&management, "PUT", "/state/key", &[("if-none-match", "\"x\"")], 501, "NotImplemented"),
        (&management, "PUT", "/state/key", &[("x-amz-acl", "private")], 501, "NotImplemented"),
        (&management, "GET", "/state?versioning", &[], 501, "NotImplemented"),
        (&management, "POST", "/state/key", &[], 501, "NotImplemented"),
        (
            &management,
            "PUT",
            "/state/key",
            &[("x-amz-expected-bucket-owner", "222233334444")],
            403,
            "AccessDenied",
        ),
    ] {
        assert_eq!(
            ask(client, method, target, headers, ""),
            refused(status, code),
            "{method} {target}"
        );
    }
    // The answer to HEAD has no body, not even when it is no.
    assert_eq!(ask(&management, "HEAD", "/state/none", &[], ""), refused(404, ""));
    let mut request = management.request("s3", b"body".to_vec());
    request.method = "PUT".to_owned();
    request.target = "/state/key".to_owned();
    assert_eq!(told(&management, &request), refused(400, "InvalidRequest"));
    request.headers.push(("x-amz-content-sha256".to_owned(), "0".repeat(64)));
    assert_eq!(told(&management, &request), refused(400, "XAmzContentSHA256Mismatch"));
}

#[test]
fn who_may_not_list_is_not_told_that_a_key_is_missing() {
    let sandbox = sandbox(
        r#"
[organization]
[[account]]
name = "alpha"
id = "222233334444"
roles = [{ name = "OrganizationAccountAccessRole", allows = ["s3:GetObject", "s3:PutObject"] }]
[[bucket]]
name = "state"
account = "alpha"
"#,
    );
    let session = Client::management(&sandbox).assume("222233334444").unwrap();
    assert_eq!(ask(&session, "GET", "/state/key", &[], ""), refused(403, "AccessDenied"));
    assert_eq!(ask(&session, "PUT", "/state/key", &[], "").0, 200);
    assert_eq!(ask(&session, "GET", "/state/key", &[], "").0, 200);
    assert_eq!(ask(&session, "DELETE", "/state/key", &[], ""), refused(403, "AccessDenied"));
}
