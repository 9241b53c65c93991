//! What is in an account, in a form in which two moments can be compared.

use serde_json::{Value, json};

use super::Rig;

/// Whether an action changes something. Assuming a role does not.
pub(crate) fn is_mutating(action: &str) -> bool {
    !["Describe", "List", "Get", "Assume"].iter().any(|reading| action.starts_with(reading))
}

impl Rig {
    /// Every endpoint of an account that is not deleted, as EC2 describes it.
    pub(crate) fn endpoints(&self, account: &str) -> Vec<Value> {
        self.endpoints_in(account, "eu-west-1")
    }

    /// The same in another region.
    pub(crate) fn endpoints_in(&self, account: &str, region: &str) -> Vec<Value> {
        let answer = self.by_hand_in(account, region, "describe_vpc_endpoints", &json!({}));
        let all = answer["VpcEndpoints"].as_array().unwrap();
        all.iter().filter(|endpoint| endpoint["State"] != "deleted").cloned().collect()
    }

    /// The endpoint of this deployment that leads to a service, by its short name.
    #[track_caller]
    pub(crate) fn endpoint(&self, account: &str, service: &str) -> Value {
        let full = format!("com.amazonaws.eu-west-1.{service}");
        let ours = |endpoint: &&Value| {
            endpoint["ServiceName"] == full && tag(endpoint, "linkwalk:deployment").is_some()
        };
        let all = self.endpoints(account);
        all.iter().find(ours).unwrap_or_else(|| panic!("no {service} in {all:#?}")).clone()
    }

    /// The deployment's security group in the account's first network.
    #[track_caller]
    pub(crate) fn group(&self, account: &str) -> Value {
        let filter =
            json!({ "Filters": [{ "Name": "group-name", "Values": ["linkwalk-endpoints"] }] });
        let answer = self.by_hand(account, "describe_security_groups", &filter);
        answer["SecurityGroups"][0].clone()
    }

    /// All of an account that the program could change, without order and moments: endpoints,
    /// security groups and their rules, tags.
    pub(crate) fn world(&self, account: &str) -> Value {
        let mut groups =
            self.by_hand(account, "describe_security_groups", &json!({}))["SecurityGroups"].clone();
        let mut endpoints = Value::from(self.endpoints(account));
        sort(&mut groups);
        sort(&mut endpoints);
        json!({ "endpoints": endpoints, "groups": groups })
    }
}

/// The value of a resource's tag.
pub(crate) fn tag<'a>(resource: &'a Value, key: &str) -> Option<&'a str> {
    let tags = resource["Tags"].as_array()?;
    tags.iter().find(|tag| tag["Key"] == key)?["Value"].as_str()
}

/// Sorts every list in it, all the way down; leaves out what the emulator does not keep in step.
fn sort(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(sort);
            list.sort_by_key(Value::to_string);
        }
        Value::Object(object) => {
            for volatile in ["CreationTimestamp", "NetworkInterfaceIds"] {
                object.remove(volatile);
            }
            object.values_mut().for_each(sort);
        }
        _ => {}
    }
}
