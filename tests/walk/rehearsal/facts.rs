//! What is in a world, in words that do not depend on ids that AWS gives out: two worlds that came to
//! the same in different ways have the same facts.

use std::collections::BTreeSet;

use linkwalk::sandbox::World;
use serde_json::{Map, Value};

const OWNER: &str = "linkwalk:deployment";

/// Every endpoint and security group of the deployment, account by account, one line each. A thing that
/// exists twice is there twice.
pub(crate) fn ours(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (account, name, region) in regions(world) {
        for endpoint in things(&region, "endpoints").filter(|one| is_ours(&region, one)) {
            let list = |key: &str| texts(&endpoint[key]).collect::<BTreeSet<_>>();
            let groups: BTreeSet<String> = list("groups")
                .iter()
                .map(|id| region["security_groups"][id]["name"].to_string())
                .collect();
            lines.push(format!(
                "{account} {name}: {} {} {} in {} on {:?} {:?} groups {groups:?} dns {} policy {} tags {}",
                endpoint["kind"],
                endpoint["service"],
                endpoint["state"],
                endpoint["vpc"],
                list("subnets"),
                list("route_tables"),
                endpoint["private_dns"],
                endpoint["policy"],
                tags(&region, endpoint),
            ));
        }
        for group in things(&region, "security_groups").filter(|one| is_ours(&region, one)) {
            let rules: BTreeSet<String> = group["rules"]
                .as_object()
                .unwrap()
                .values()
                .map(|rule| format!("{} {} {}", rule["egress"], rule["protocol"], rule["peer"]))
                .collect();
            let (vpc, group_name) = (&group["vpc"], &group["name"]);
            let tags = tags(&region, group);
            lines.push(format!("{account} {name}: {group_name} in {vpc} {rules:?} tags {tags}"));
        }
    }
    lines.sort();
    lines
}

/// Everything that is not the deployment's, whole.
pub(crate) fn foreign(world: &World) -> Value {
    let mut all = Map::new();
    for (account, name, mut region) in regions(world) {
        let mut mine = BTreeSet::new();
        for kind in ["endpoints", "security_groups"] {
            let ours = things(&region, kind).filter(|one| is_ours(&region, one));
            mine.extend(ours.map(|one| one["id"].as_str().unwrap().to_owned()));
        }
        // Interfaces come and go with endpoints, and the rest is the sandbox's own.
        for key in ["salt", "serial", "tokens", "hidden", "interfaces"] {
            region.as_object_mut().unwrap().remove(key);
        }
        for kind in ["endpoints", "security_groups", "tags"] {
            let things = region[kind].as_object_mut().unwrap();
            things.retain(|id, _| !mine.contains(id));
        }
        for table in region["route_tables"].as_object_mut().unwrap().values_mut() {
            let routes = table["routes"].as_array_mut().unwrap();
            routes.retain(|route| !mine.iter().any(|id| route.to_string().contains(id.as_str())));
        }
        all.insert(format!("{account} {name}"), region);
    }
    Value::Object(all)
}

/// Every account's regions: account, name of the region, what is in it.
fn regions(world: &World) -> Vec<(String, String, Value)> {
    let world = serde_json::to_value(world).unwrap();
    let mut all = Vec::new();
    for (id, account) in world["accounts"].as_object().unwrap() {
        for (name, region) in account["regions"].as_object().unwrap() {
            all.push((id.clone(), name.clone(), region.clone()));
        }
    }
    all
}

fn things<'a>(region: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    region[kind].as_object().unwrap().values()
}

fn texts(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned())
}

fn tags<'a>(region: &'a Value, thing: &Value) -> &'a Value {
    &region["tags"][thing["id"].as_str().unwrap()]
}

fn is_ours(region: &Value, thing: &Value) -> bool {
    tags(region, thing)[OWNER] == "privatelink"
}
