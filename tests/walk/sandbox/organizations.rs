//! Walking and building organizations.

use serde_json::{Value, json};

use super::client::{Client, PLAIN, options, pass, sandbox, world};
use linkwalk::sandbox::{Generated, Sandbox, World};

fn pages(client: &Client, action: &str, list: &str, body: &Value) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut body = body.clone();
    loop {
        let answer = client.organizations(action, &body).unwrap();
        pages.push(answer[list].as_array().unwrap().clone());
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => return pages,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_come_in_pages_of_twenty_and_a_page_may_be_empty() {
    let mut empty = 0;
    for seed in 0..9 {
        let mut options = options();
        options.throttle = false;
        let sandbox = Sandbox::new(Generated::plain(45, seed).world().unwrap(), options);
        let pages = pages(&Client::management(&sandbox), "ListAccounts", "Accounts", &json!({}));
        assert!(pages.iter().all(|page| page.len() <= 20));
        assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), 46);
        empty += pages.iter().filter(|page| page.is_empty()).count();
    }
    assert!((1..9).contains(&empty), "{empty}");
}

#[tokio::test(start_paused = true)]
async fn an_account_has_state_paths_and_the_retired_status() {
    let scenario =
        PLAIN.replace("vpc =", "unit = \"/Workloads/Staging\"\nstate = \"CLOSED\"\nvpc =");
    let sandbox_of_old = sandbox(&scenario);
    let ask = |sandbox: &Sandbox| {
        let client = Client::management(sandbox);
        client
            .organizations("DescribeAccount", &json!({ "AccountId": "222233334444" }))
            .unwrap()["Account"]
            .clone()
    };
    let account = ask(&sandbox_of_old);
    assert_eq!((&account["State"], &account["Status"]), (&json!("CLOSED"), &json!("SUSPENDED")));
    let path = account["Paths"][0].as_str().unwrap();
    assert!(path.starts_with("o-") && path.ends_with("/222233334444/"));
    assert_eq!(path.matches("/ou-").count(), 2);
    let mut options = options();
    options.account_status = false;
    assert!(ask(&Sandbox::new(world(&scenario), options)).get("Status").is_none());
}

#[tokio::test(start_paused = true)]
async fn only_the_management_account_and_delegated_administrators_may_read() {
    let scenario = r#"
[organization]
delegated = { delegate = ["ram.amazonaws.com"] }
[[account]]
name = "delegate"
id = "222233334444"
[[account]]
name = "member"
id = "333344445555"
"#;
    let sandbox = sandbox(scenario);
    let list = |id: &str| Client::operator(&sandbox, id).organizations("ListAccounts", &json!({}));
    assert!(list("111122223333").is_ok() && list("222233334444").is_ok());
    let refused = list("333344445555").unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (400, "AccessDeniedException"));
    let member = Client::operator(&sandbox, "333344445555");
    assert!(member.organizations("DescribeOrganization", &json!({})).is_ok());
    let delegate = Client::operator(&sandbox, "222233334444");
    let write =
        delegate.organizations("TagResource", &json!({ "ResourceId": "333344445555", "Tags": [] }));
    assert_eq!(write.unwrap_err().code, "AccessDeniedException");
}

#[tokio::test(start_paused = true)]
async fn an_organization_can_be_built_from_nothing() {
    let sandbox = Sandbox::new(World::empty(1), options());
    let client = Client::management(&sandbox);
    let call = |action: &str, body: Value| client.organizations(action, &body);
    let none = call("DescribeOrganization", json!({})).unwrap_err();
    assert_eq!(none.code, "AWSOrganizationsNotInUseException");
    call("CreateOrganization", json!({ "FeatureSet": "ALL" })).unwrap();
    let root = call("ListRoots", json!({})).unwrap()["Roots"][0]["Id"].clone();
    let unit = json!({ "ParentId": root, "Name": "Workloads" });
    let id =
        call("CreateOrganizationalUnit", unit.clone()).unwrap()["OrganizationalUnit"]["Id"].clone();
    let again = call("CreateOrganizationalUnit", unit).unwrap_err();
    assert_eq!(again.code, "DuplicateOrganizationalUnitException");
    pass(5).await;
    let account = json!({ "AccountName": "alpha", "Email": "alpha@example.com" });
    let status = call("CreateAccount", account).unwrap()["CreateAccountStatus"].clone();
    assert_eq!(status["State"], "IN_PROGRESS");
    pass(60).await;
    let request = json!({ "CreateAccountRequestId": status["Id"] });
    let status =
        call("DescribeCreateAccountStatus", request).unwrap()["CreateAccountStatus"].clone();
    assert_eq!(status["State"], "SUCCEEDED");
    let account = status["AccountId"].as_str().unwrap();
    let moved = json!({ "AccountId": account, "SourceParentId": root, "DestinationParentId": id });
    call("MoveAccount", moved.clone()).unwrap();
    pass(5).await;
    assert_eq!(call("MoveAccount", moved).unwrap_err().code, "DuplicateAccountException");
    let tags = json!({ "ResourceId": account, "Tags": [{ "Key": "a", "Value": "1" }] });
    call("TagResource", tags).unwrap();
    let listed = call("ListTagsForResource", json!({ "ResourceId": account })).unwrap();
    assert_eq!(listed["Tags"], json!([{ "Key": "a", "Value": "1" }]));
    client.assume(account).unwrap().must("DescribeVpcs", &[]);
    call("CloseAccount", json!({ "AccountId": account })).unwrap();
    pass(300).await;
    let closed = call("DescribeAccount", json!({ "AccountId": account })).unwrap();
    assert_eq!(closed["Account"]["State"], "CLOSED");
    assert_eq!(client.assume(account).unwrap_err().code, "AccessDenied");
    assert!(sandbox.unknown().is_empty(), "{:?}", sandbox.unknown());
}

#[tokio::test(start_paused = true)]
async fn wrong_input_is_named() {
    let sandbox = sandbox(PLAIN);
    let client = Client::management(&sandbox);
    let code = |action: &str, body: Value| client.organizations(action, &body).unwrap_err().code;
    assert_eq!(code("ListAccounts", json!({ "MaxResults": 21 })), "InvalidInputException");
    assert_eq!(code("ListAccounts", json!({ "NextToken": "made-up" })), "InvalidInputException");
    let parent = json!({ "ParentId": "ou-none-12345678" });
    assert_eq!(code("ListAccountsForParent", parent), "ParentNotFoundException");
    let account = json!({ "AccountId": "999999999999" });
    assert_eq!(code("DescribeAccount", account), "AccountNotFoundException");
    let target = json!({ "ResourceId": "999999999999" });
    assert_eq!(code("ListTagsForResource", target), "TargetNotFoundException");
    assert!(sandbox.unknown().is_empty());
    assert_eq!(code("ListAccounts", json!({ "Surprise": 1 })), "SerializationException");
    assert_eq!(code("ListPolicies", json!({})), "UnknownOperationException");
    assert_eq!(sandbox.unknown().len(), 2);
}
