//! Who is calling, and what they may do.

use serde_json::json;

use super::client::{Client, PLAIN, options, pass, sandbox, world};
use linkwalk::sandbox::Sandbox;

fn identity(client: &Client) -> Result<String, super::client::Refused> {
    Ok(client.sts("GetCallerIdentity", &[])?.one("Arn"))
}

#[tokio::test(start_paused = true)]
async fn the_access_key_names_the_principal_and_its_account() {
    let sandbox = sandbox(PLAIN);
    let management = Client::management(&sandbox);
    assert_eq!(identity(&management).unwrap(), "arn:aws:iam::111122223333:user/operator");
    let member = management.assume("222233334444").unwrap();
    let arn = "arn:aws:sts::222233334444:assumed-role/OrganizationAccountAccessRole/test";
    assert_eq!(identity(&member).unwrap(), arn);
    assert!(member.key.starts_with("ASIASANDBOX") && management.key.starts_with("AKIASANDBOX"));
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_are_refused_in_the_words_of_each_service() {
    let sandbox = sandbox(PLAIN);
    let mut stranger = Client::management(&sandbox);
    stranger.key = "AKIAIOSFODNN7EXAMPLE".to_owned();
    let refused = stranger.refused("DescribeVpcs", &[]);
    assert_eq!((refused.status, refused.code.as_str()), (401, "AuthFailure"));
    assert_eq!(refused.message, "AWS was not able to validate the provided access credentials");
    let refused = identity(&stranger).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (403, "InvalidClientTokenId"));
    let refused = stranger.organizations("ListRoots", &json!({})).unwrap_err();
    assert_eq!(refused.code, "UnrecognizedClientException");
    // The account of this key does not exist.
    let nobody = Client::operator(&sandbox, "999999999999");
    assert_eq!(nobody.code("DescribeVpcs", &[]), "AuthFailure");
}

#[tokio::test(start_paused = true)]
async fn a_session_token_must_belong_to_its_key() {
    let sandbox = sandbox(PLAIN);
    let management = Client::management(&sandbox);
    let mut one = management.assume("222233334444").unwrap();
    let other = management.assume("222233334444").unwrap();
    one.token = other.token;
    assert_eq!(one.code("DescribeVpcs", &[]), "AuthFailure");
    one.token = None;
    assert_eq!(one.code("DescribeVpcs", &[]), "AuthFailure");
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_it_expires() {
    let sandbox = sandbox(PLAIN);
    let member = Client::management(&sandbox).assume("222233334444").unwrap();
    pass(3_599).await;
    member.must("DescribeVpcs", &[]);
    pass(2).await;
    assert_eq!(member.code("DescribeVpcs", &[]), "RequestExpired");
    assert_eq!(identity(&member).unwrap_err().code, "ExpiredToken");
}

#[tokio::test(start_paused = true)]
async fn speed_does_not_shorten_sessions() {
    let mut options = options();
    options.speed = 1_000.0;
    let sandbox = Sandbox::new(world(PLAIN), options);
    let member = Client::management(&sandbox).assume("222233334444").unwrap();
    pass(3_000).await;
    member.must("DescribeVpcs", &[]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_role_a_refusing_trust_and_a_closed_account_look_alike() {
    let scenario = r#"
[organization]
[[account]]
name = "bare"
id = "222233334444"
roles = []
[[account]]
name = "closed"
id = "333344445555"
state = "SUSPENDED"
[[account]]
name = "distrustful"
id = "444455556666"
roles = [{ name = "OrganizationAccountAccessRole", trusts = ["bare"] }]
"#;
    let sandbox = sandbox(scenario);
    let management = Client::management(&sandbox);
    for account in ["222233334444", "333344445555", "444455556666", "999999999999"] {
        let refused = management.assume(account).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (403, "AccessDenied"));
        let text = format!(
            "User: arn:aws:iam::111122223333:user/operator is not authorized to perform: sts:AssumeRole on \
             resource: arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        );
        assert_eq!(refused.message, text);
    }
}

#[tokio::test(start_paused = true)]
async fn an_external_id_opens_the_role_that_asks_for_it() {
    let role = r#"roles = [{ name = "audit", path = "/tools/", external_id = "s3cret" }]
vpc ="#;
    let sandbox = sandbox(&PLAIN.replace("vpc =", role));
    let management = Client::management(&sandbox);
    let arn = ("RoleArn", "arn:aws:iam::222233334444:role/tools/audit");
    let name = ("RoleSessionName", "test");
    let code =
        |with: &[(&str, &str)]| management.sts("AssumeRole", with).map_err(|refused| refused.code);
    assert_eq!(code(&[arn, name]).unwrap_err(), "AccessDenied");
    assert_eq!(code(&[arn, name, ("ExternalId", "wrong")]).unwrap_err(), "AccessDenied");
    assert!(code(&[arn, name, ("ExternalId", "s3cret")]).is_ok());
    let without_path = ("RoleArn", "arn:aws:iam::222233334444:role/audit");
    assert!(code(&[without_path, name, ("ExternalId", "s3cret")]).is_err());
}

#[tokio::test(start_paused = true)]
async fn chained_sessions_are_capped_at_an_hour() {
    let role = r#"roles = [{ name = "OrganizationAccountAccessRole", max_session_seconds = 43200, trusts = ["management", "alpha"] }]
vpc ="#;
    let sandbox = sandbox(&PLAIN.replace("vpc =", role));
    let management = Client::management(&sandbox);
    let wanted = [
        ("RoleArn", "arn:aws:iam::222233334444:role/OrganizationAccountAccessRole"),
        ("RoleSessionName", "test"),
        ("DurationSeconds", "7200"),
    ];
    let answer = management.sts("AssumeRole", &wanted).unwrap();
    assert_eq!(answer.one("Expiration"), "2026-11-22T12:00:00.000Z");
    let chained = management.session(&answer).sts("AssumeRole", &wanted).unwrap_err();
    assert_eq!(chained.code, "ValidationError");
    assert!(chained.message.contains("1 hour session limit for roles assumed by role chaining"));
    let name = [wanted[0], ("RoleSessionName", "no spaces")];
    assert_eq!(management.sts("AssumeRole", &name).unwrap_err().code, "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn denials_of_roles_and_of_the_organization_have_their_own_words() {
    let roles = r#"roles = [{ name = "OrganizationAccountAccessRole", allows = ["ec2:*"], denies = ["ec2:DeleteVpc"] }]
vpc ="#;
    let policy = "\n[[policy]]\nid = \"p-1\"\ntarget = \"/\"\ndeny = [\"ec2:CreateVpcEndpoint\"]\n";
    let sandbox = sandbox(&(PLAIN.replace("vpc =", roles) + policy));
    let management = Client::management(&sandbox);
    let member = management.assume("222233334444").unwrap();
    let by_organization = member.refused("CreateVpcEndpoint", &[]);
    assert_eq!(
        (by_organization.status, by_organization.code.as_str()),
        (403, "UnauthorizedOperation")
    );
    let text = "You are not authorized to perform this operation. User: \
                arn:aws:sts::222233334444:assumed-role/OrganizationAccountAccessRole/test is not authorized to \
                perform: ec2:CreateVpcEndpoint on resource: arn:aws:ec2:eu-west-1:222233334444:vpc-endpoint/* \
                with an explicit deny in a service control policy: arn:aws:organizations::111122223333:policy/o-";
    assert!(by_organization.message.starts_with(text), "{}", by_organization.message);
    assert!(by_organization.message.contains("Encoded authorization failure message: "));
    let by_role = member.refused("DeleteVpc", &[]);
    assert!(by_role.message.contains("with an explicit deny in an identity-based policy"));
    let refused = member.organizations("ListRoots", &json!({})).unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
    // The management account is never restricted by service control policies.
    assert_eq!(management.code("CreateVpcEndpoint", &[]), "MissingParameter");
}

#[tokio::test(start_paused = true)]
async fn a_region_that_is_not_enabled_refuses_its_credentials() {
    let off = PLAIN.replace("vpc =", "regions_off = [\"us-east-1\"]\nvpc =");
    let sandbox = sandbox(&off);
    let member = Client::management(&sandbox).assume("222233334444").unwrap();
    for region in ["us-east-1", "eu-south-2", "moon-1"] {
        assert_eq!(member.in_region(region).code("DescribeVpcs", &[]), "AuthFailure", "{region}");
    }
    let all = member.must("DescribeRegions", &[("AllRegions", "true")]);
    assert!(all.0.contains("<regionName>us-east-1</regionName>"));
    assert!(all.all("optInStatus").contains(&"not-opted-in".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn malformed_authorization_is_an_incomplete_signature() {
    let sandbox = sandbox(PLAIN);
    let client = Client::management(&sandbox);
    let body = b"Action=GetCallerIdentity&Version=2011-06-15".to_vec();
    for header in [
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256",
        "Basic abc",
        "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=1",
    ] {
        let mut request = client.request("sts", body.clone());
        request.headers.retain(|(name, _)| name != "authorization");
        request.headers.push(("authorization".to_owned(), header.to_owned()));
        let response = sandbox.handle(&request).unwrap();
        let text = String::from_utf8(response.body).unwrap();
        assert!(text.contains("<Code>IncompleteSignature</Code>"), "{text}");
    }
    let mut request = client.request("sts", body);
    request.headers.retain(|(name, _)| name != "authorization");
    let text = String::from_utf8(sandbox.handle(&request).unwrap().body).unwrap();
    assert!(text.contains("<Code>MissingAuthenticationToken</Code>"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_signature_is_refused() {
    let mut options = options();
    options.verify_signatures = true;
    let sandbox = Sandbox::new(world(PLAIN), options);
    let client = Client::management(&sandbox);
    assert_eq!(identity(&client).unwrap_err().code, "SignatureDoesNotMatch");
    assert_eq!(client.code("DescribeVpcs", &[]), "AuthFailure");
}

#[tokio::test(start_paused = true)]
async fn tags_on_creation_need_the_permission_to_tag() {
    let roles = r#"roles = [{ name = "OrganizationAccountAccessRole", denies = ["ec2:CreateTags"] }]
vpc ="#;
    let sandbox = sandbox(&PLAIN.replace("vpc =", roles));
    let member = Client::management(&sandbox).assume("222233334444").unwrap();
    let tagged = [
        ("CidrBlock", "10.7.0.0/16"),
        ("TagSpecification.1.ResourceType", "vpc"),
        ("TagSpecification.1.Tag.1.Key", "a"),
    ];
    let refused = member.refused("CreateVpc", &tagged);
    assert!(refused.message.contains("is not authorized to perform: ec2:CreateTags"));
    member.must("CreateVpc", &tagged[..1]);
}
