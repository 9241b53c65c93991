//! Reads what the file says about targets at one level: the whole file, or one `[[override]]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{RouteTableId, SubnetId, VpcId};
use crate::model::spec::{Glob, RouteTableSelector, SubnetSelector, VpcSelector};

use super::endpoint::{self, Mention};
use super::tree::{Node, Table};
use super::{Layer, Naming, values};

/// The layer, and the `[endpoints.*]` tables in it, which are settled once all layers are read.
pub(super) fn layer<'a>(table: &Table<'a>) -> (Layer, Vec<Mention<'a>>) {
    let network = table.table("network", "network");
    let group = table.table("security_group", "security_group");
    let mentions = table.read("endpoints", Node::entries);
    let layer = Layer {
        vpcs: network.as_ref().and_then(|t| t.read("vpcs", vpcs)),
        subnets: network.as_ref().and_then(|t| t.read("subnets", subnets)),
        route_tables: network.as_ref().and_then(|t| t.read("route_tables", route_tables)),
        fix_vpc_dns: network.as_ref().and_then(|t| t.read("fix_vpc_dns", Node::flag)),
        security_group_name: group.as_ref().and_then(|t| t.read("name", values::own_group_name)),
        ingress: group
            .as_ref()
            .and_then(|t| t.read("ingress", |node| values::distinct(node, values::ingress))),
        endpoints: BTreeMap::new(),
        tags: table.read("tags", values::tags).unwrap_or_default(),
        name_tag: table.read("name_tag", naming).unwrap_or_default(),
    };
    let mut mentions: Vec<_> =
        mentions.into_iter().flatten().filter_map(endpoint::mention).collect();
    mentions.sort_by_key(|mention| mention.at.span.start);
    (layer, mentions)
}

fn naming(node: &Node<'_>) -> Option<Naming> {
    if node.is_false() {
        return Some(Naming { on: Some(false), ..Naming::default() });
    }
    let table = node.table("name_tag")?;
    let key = table.read("key", |node| {
        let key = node.text()?;
        values::tag_key(node, key);
        Some(key.to_owned())
    });
    Some(Naming { on: Some(true), key, template: table.read("template", values::template) })
}

fn vpcs(node: &Node<'_>) -> Option<VpcSelector> {
    let words = [
        ("all", VpcSelector::All),
        ("default", VpcSelector::Default),
        ("non-default", VpcSelector::NonDefault),
    ];
    selection::<VpcId, _>(node, &words, "vpc-", VpcSelector::Ids, VpcSelector::Tags)
}

/// `subnets`, of the network or of one endpoint.
pub(super) fn subnets(node: &Node<'_>) -> Option<SubnetSelector> {
    let words = [("private", SubnetSelector::Private), ("all", SubnetSelector::All)];
    selection::<SubnetId, _>(node, &words, "subnet-", SubnetSelector::Ids, SubnetSelector::Tags)
}

/// `route_tables`, of the network or of one endpoint.
pub(super) fn route_tables(node: &Node<'_>) -> Option<RouteTableSelector> {
    let words = [
        ("private", RouteTableSelector::Private),
        ("all", RouteTableSelector::All),
        ("main", RouteTableSelector::Main),
    ];
    let (ids, tags) = (RouteTableSelector::Ids, RouteTableSelector::Tags);
    selection::<RouteTableId, _>(node, &words, "rtb-", ids, tags)
}

/// A word, a list of ids, or `{ tags = { KEY = GLOB } }`.
fn selection<Id: Ord + for<'t> From<&'t str>, T: Clone>(
    node: &Node<'_>,
    words: &[(&str, T)],
    prefix: &str,
    by_ids: fn(BTreeSet<Id>) -> T,
    by_tags: fn(BTreeMap<String, Glob>) -> T,
) -> Option<T> {
    if node.is_list() {
        let ids = values::distinct(node, |item| values::resource_id(item, prefix))?;
        return Some(by_ids(ids.into_iter().map(Id::from).collect()));
    }
    if node.is_table() {
        return node
            .table("selection")?
            .require("tags")
            .and_then(|tags| values::tag_globs(&tags).map(by_tags));
    }
    match node.as_text() {
        None => node.wrong_type(),
        Some(id) if id.starts_with(prefix) => {
            node.refuse(format!("`{}` takes ids as a list", node.path), format!("write [\"{id}\"]"))
        }
        Some(_) => values::word(node, words),
    }
}
