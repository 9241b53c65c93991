//! How accounts, units and the organization are written.

use serde_json::{Map, Value, json};

use super::Call;
use crate::sandbox::world::account::Account;
use crate::sandbox::world::organization::{AccountRequest, Organization, Unit};

/// Seconds since the epoch, as AWS JSON writes times.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit")]
pub(crate) fn seconds(wall: i64) -> Value {
    json!(wall as f64 / 1000.0)
}

pub(crate) fn account_arn(organization: &Organization, id: &str) -> String {
    format!("arn:aws:organizations::{}:account/{}/{id}", organization.management, organization.id)
}

/// `o-…/r-…/ou-…/` down to `parent`.
fn path(organization: &Organization, parent: &str) -> String {
    let line = organization.ancestry(parent).join("/");
    format!("{}/{line}/", organization.id)
}

/// An account. `Status` is retired; whether the service still sends it is an option.
pub(crate) fn account(call: &Call, organization: &Organization, account: &Account) -> Value {
    let mut value = json!({
        "Id": account.id,
        "Arn": account_arn(organization, &account.id),
        "Email": account.email,
        "Name": account.name,
        "State": account.state.state(),
        "Paths": [format!("{}{}/", path(organization, &account.parent), account.id)],
        "JoinedMethod": if account.invited { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": seconds(account.joined),
    });
    if call.options.account_status {
        value["Status"] = json!(account.state.status());
    }
    value
}

pub(crate) fn unit(organization: &Organization, unit: &Unit) -> Value {
    json!({
        "Id": unit.id,
        "Arn": format!("arn:aws:organizations::{}:ou/{}/{}", organization.management, organization.id, unit.id),
        "Name": unit.name,
        "Path": path(organization, &unit.id),
    })
}

pub(crate) fn organization(call: &Call, organization: &Organization) -> Value {
    let email =
        call.world.accounts.get(&organization.management).map(|account| account.email.as_str());
    let Organization { id, management, .. } = organization;
    json!({
        "Organization": {
            "Id": id,
            "Arn": format!("arn:aws:organizations::{management}:organization/{id}"),
            "FeatureSet": if organization.all_features { "ALL" } else { "CONSOLIDATED_BILLING" },
            "MasterAccountArn": account_arn(organization, management),
            "MasterAccountId": management,
            "MasterAccountEmail": email,
            "AvailablePolicyTypes": [{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }],
        }
    })
}

pub(crate) fn request(call: &Call, request: &AccountRequest) -> Value {
    let done = request.done_sim <= call.now.sim || request.failure.is_some();
    let state = match (&request.failure, done) {
        (Some(_), _) => "FAILED",
        (None, true) => "SUCCEEDED",
        (None, false) => "IN_PROGRESS",
    };
    let mut value = json!({
        "Id": request.id,
        "AccountName": request.name,
        "State": state,
        "RequestedTimestamp": seconds(request.requested),
    });
    if done {
        value["CompletedTimestamp"] = seconds(request.done_wall.min(call.now.wall));
    }
    if let Some(account) = request.account.as_ref().filter(|_| done) {
        value["AccountId"] = json!(account);
    }
    if let Some(reason) = &request.failure {
        value["FailureReason"] = json!(reason);
    }
    json!({ "CreateAccountStatus": value })
}

/// A list and the token of the next page.
pub(crate) fn list(
    name: &str,
    items: impl IntoIterator<Item = Value>,
    next: Option<String>,
) -> Value {
    let mut value = Map::from_iter([(name.to_owned(), items.into_iter().collect())]);
    value.extend(next.map(|next| ("NextToken".to_owned(), Value::String(next))));
    Value::Object(value)
}
