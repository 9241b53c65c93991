//! Reads a whole file: its sections, each with its own reader, and then what they mean together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use toml::de::DeTable;

use crate::ids::{AccountId, Region};
use crate::model::account::{Account, AccountState};
use crate::model::region;

use super::check::{self, ReadLayer};
use super::problem::{Problem, Problems, Span};
use super::protect::protect;
use super::selector::Selector;
use super::syntax::Syntax;
use super::tree::{Entry, Node, Reading, Table};
use super::{Config, Organization, Override, ignore, layer, lock, notify, rollout, values};

/// The file, or everything that is wrong with it.
pub(super) fn config(source: &str, folder: PathBuf) -> Result<Config, Vec<Problem>> {
    let (tree, errors) = DeTable::parse_recoverable(source);
    let syntax = Syntax::new(&errors, source);
    let reading = Reading { problems: Problems::default(), folder };
    let config = sections(&Table::root(tree.get_ref(), &reading), source);
    let problems = reading.problems.into_sorted(syntax, source);
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// Reads all sections. Where one is wrong, what stands in for it is never used: there is a problem.
fn sections(root: &Table<'_>, source: &str) -> Config {
    let deployment = root.require("deployment").and_then(|node| deployment(&node));
    let organization = organization(root);
    let accounts = root.table("accounts", "accounts");
    let accounts = accounts.as_ref();
    let include = accounts.and_then(|t| t.read("include", |node| node.some(values::selector)));
    let exclude = accounts.and_then(|t| t.read("exclude", |node| node.each(values::selector)));
    let (base, overrides) = layers(root, &organization.regions);
    let ignores = ignore::ignores(root, &organization.regions, |at| line(source, at));
    let config = Config {
        deployment: deployment.unwrap_or_default(),
        include: include.unwrap_or_default(),
        exclude: exclude.unwrap_or_default(),
        roster: roster(root),
        organization,
        base,
        overrides,
        rollout: rollout::rollout(root),
        guard: rollout::guard(root),
        shard: None,
        notify: notify::notify(root),
        ignores,
        lines: lines(root, source),
        lock: lock::lock(root),
        protect: protect(root),
    };
    check_unit_ids(root, &config);
    config
}

/// The line of a place, from 1.
fn line(source: &str, at: usize) -> u32 {
    let breaks = source.bytes().take(at).filter(|byte| *byte == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

/// Lines of the tables that ask for something.
fn lines(root: &Table<'_>, source: &str) -> BTreeMap<String, u32> {
    let named =
        ["accounts", "network", "security_group", "tags", "name_tag", "endpoints", "ignore"];
    let named = named.into_iter().filter_map(|name| Some((name.to_owned(), root.key_span(name)?)));
    let overrides = root.get("override").filter(Node::is_list).and_then(|node| node.items());
    let overrides: Vec<_> = overrides
        .into_iter()
        .flatten()
        .filter_map(|node| if node.is_table() { node.table("override") } else { None })
        .collect();
    let endpoints = [root].into_iter().chain(&overrides).filter_map(|layer| {
        let node = layer.get("endpoints")?;
        if node.is_table() { node.entries() } else { None }
    });
    let endpoints = endpoints.flatten().map(|entry| {
        let quote = if entry.name.contains('.') { "\"" } else { "" };
        (format!("endpoints.{quote}{}{quote}", entry.name), entry.at.span)
    });
    let mut lines = BTreeMap::new();
    for (name, span) in named.chain(endpoints) {
        lines.entry(name).or_insert_with(|| line(source, span.start));
    }
    lines
}

fn deployment(node: &Node<'_>) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    values::text_of(node, 1..=64, is_allowed, "letters, digits and ._-").map(str::to_owned)
}

fn organization(root: &Table<'_>) -> Organization {
    let table = root.table("organization", "organization");
    let table = table.as_ref();
    if root.is_silent_on("organization") {
        root.reading.problems.push(Problem::missing(
            None,
            "`organization.regions` is missing",
            "add the region(s) of the shared resources:\n\n[organization]\nregions = \
             [\"eu-west-1\"]",
        ));
    }
    let regions = table.and_then(|table| table.require("regions")).and_then(|node| regions(&node));
    let text = |name, read: fn(&Node<'_>) -> Option<String>| table.and_then(|t| t.read(name, read));
    Organization {
        id: text("id", values::organization_id),
        role: text("role", values::role)
            .unwrap_or_else(|| "OrganizationAccountAccessRole".to_owned()),
        shared_root: table.and_then(|t| t.read("shared_root", shared_root)).unwrap_or_default(),
        external_id: text("external_id", values::external_id),
        session_name: text("session_name", values::session_text)
            .unwrap_or_else(|| "linkwalk".to_owned()),
        session_tags: table
            .and_then(|t| t.read("session_tags", values::session_tags))
            .unwrap_or_default(),
        source_identity: text("source_identity", values::session_text),
        via: table
            .and_then(|t| t.read("via", |node| via(node, regions.as_deref())))
            .unwrap_or_default(),
        regions: regions.unwrap_or_default(),
    }
}

fn regions(node: &Node<'_>) -> Option<Vec<Region>> {
    let regions = values::distinct(node, values::region)?;
    let mut partitions: Vec<_> = regions.iter().filter_map(region::partition_of).collect();
    partitions.dedup();
    if let [first, second, ..] = partitions.as_slice() {
        return node.refuse(
            format!("regions of two partitions, `{first}` and `{second}`"),
            "an organization lives in one partition; write one accounts.toml for each",
        );
    }
    Some(regions)
}

/// Ids, and the word `management`, which says what is so anyway.
fn shared_root(node: &Node<'_>) -> Option<BTreeSet<AccountId>> {
    let ids = node.each(|item| match item.as_text() {
        Some("management") => Some(None),
        _ => values::account_id(item).map(Some),
    })?;
    Some(ids.into_iter().flatten().collect())
}

fn via(node: &Node<'_>, regions: Option<&[Region]>) -> Option<Vec<String>> {
    let partition = regions.and_then(|regions| regions.first()).and_then(region::partition_of);
    values::distinct(node, |item| {
        let arn = values::role_arn(item)?;
        let of_arn = arn.split(':').nth(1);
        if partition.is_some() && of_arn != partition {
            return item.refuse(
                format!("`{arn}` is of another partition than the regions"),
                format!("roles there begin with `arn:{}:iam::`", partition.unwrap_or_default()),
            );
        }
        Some(arn)
    })
}

fn layers(root: &Table<'_>, regions: &[Region]) -> (super::Layer, Vec<Override>) {
    let mut read = vec![read_layer(root, regions.to_vec())];
    let mut scopes = Vec::new();
    let overrides = root.read("override", Node::items).unwrap_or_default();
    for table in overrides.iter().filter_map(|node| node.table("override")) {
        let (accounts, scope) = override_scope(&table, regions);
        let applies_in = if scope.is_empty() { regions.to_vec() } else { scope.clone() };
        read.push(read_layer(&table, applies_in));
        scopes.push((accounts, scope));
    }
    if !read.iter().any(|read| read.wants_endpoints) {
        root.reading.problems.push(Problem::missing(
            root.key_span("endpoints"),
            "no endpoints are wanted",
            "add a table for each service or bundle:\n\n[endpoints.ecr]\n[endpoints.logs]",
        ));
    }
    let mut layers = check::settle(read, &root.reading.problems).into_iter();
    let base = layers.next().unwrap_or_default();
    let overrides = scopes
        .into_iter()
        .zip(layers)
        .map(|((accounts, regions), layer)| Override { accounts, regions, layer })
        .collect();
    (base, overrides)
}

fn read_layer<'a>(table: &Table<'a>, regions: Vec<Region>) -> ReadLayer<'a> {
    let (layer, mentions) = layer::layer(table);
    let wants_endpoints = match table.get("endpoints") {
        None => !table.is_silent_on("endpoints"),
        Some(node) if node.is_table() => {
            let are_all_read = node.entries().is_some_and(|all| all.len() == mentions.len());
            !are_all_read || mentions.iter().any(|mention| mention.says.enabled != Some(false))
        }
        Some(_) => true,
    };
    ReadLayer { layer, mentions, regions, tags: table.key_span("tags"), wants_endpoints }
}

/// Where an override applies: accounts and regions. It must say where, and something.
fn override_scope(table: &Table<'_>, all: &[Region]) -> (Vec<Selector>, Vec<Region>) {
    let complain = |title: &str, help: &str| {
        let span = table.span.clone();
        table.reading.problems.push(Problem::missing(span, title, help));
    };
    let accounts = table.read("accounts", |node| node.some(values::selector));
    let regions = table.read("regions", |node| {
        values::distinct(node, |item| {
            let region = values::region(item)?;
            if !all.is_empty() && !all.contains(&region) {
                return item.refuse(
                    format!("{region} is not in `organization.regions`"),
                    "the override would never apply; add the region there or remove it here",
                );
            }
            Some(region)
        })
    });
    if ["accounts", "regions"].iter().all(|key| table.is_silent_on(key)) {
        complain(
            "an [[override]] must say where it applies",
            "add accounts = [\"ou:/Workloads/Production/**\"], regions = [\"eu-west-1\"] or both",
        );
    }
    let layer_keys = ["network", "security_group", "endpoints", "tags", "name_tag"];
    if layer_keys.iter().all(|key| table.is_silent_on(key)) {
        complain(
            "an [[override]] says nothing",
            "add what differs, for example: endpoints.kms = { enabled = false }",
        );
    }
    (accounts.unwrap_or_default(), regions.unwrap_or_default())
}

/// `[[account]]` entries, in the order of the file.
fn roster(root: &Table<'_>) -> Vec<Account> {
    let mut places = BTreeMap::<AccountId, Span>::new();
    let items = root.read("account", Node::items).unwrap_or_default();
    let mut accounts = Vec::new();
    for table in items.iter().filter_map(|node| node.table("account")) {
        let Some(node) = table.require("id") else { continue };
        let Some(id) = values::account_id(&node) else { continue };
        if let Some(first) = places.get(&id) {
            root.reading.problems.push(
                Problem::at(node.span.clone(), format!("account {id} stands twice"), "remove one")
                    .with_related(first.clone(), "first here"),
            );
            continue;
        }
        places.insert(id.clone(), node.span.clone());
        let text = |name| table.read(name, |node| node.text().map(str::to_owned));
        accounts.push(Account {
            name: text("name").unwrap_or_else(|| id.to_string()),
            email: text("email").unwrap_or_default(),
            ou_path: table.read("ou", unit_path).unwrap_or_else(|| "/".to_owned()),
            ou_ids: Vec::new(),
            tags: Some(table.read("tags", account_tags).unwrap_or_default()),
            state: AccountState::Active,
            id,
        });
    }
    accounts
}

fn unit_path(node: &Node<'_>) -> Option<String> {
    let path = node.text()?;
    let is_right = path == "/"
        || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|unit| !unit.is_empty()));
    if is_right {
        return Some(path.to_owned());
    }
    let units: Vec<_> = path.split('/').filter(|unit| !unit.is_empty()).collect();
    node.refuse(
        format!("`{path}` is not the path of an organizational unit"),
        format!("did you mean \"/{}\"?", units.join("/")),
    )
}

/// Tags an account has; unlike those to be made they may be anything.
fn account_tags(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    let entries = node.entries()?;
    let read = |entry: Entry<'_>| Some((entry.name.to_owned(), entry.value.text()?.to_owned()));
    Some(entries.into_iter().filter_map(read).collect())
}

/// `[[account]]` entries have no unit ids, so a selector by one would silently match nothing.
fn check_unit_ids(root: &Table<'_>, config: &Config) {
    let in_overrides = config.overrides.iter().flat_map(|o| &o.accounts);
    let in_ignores = config.ignores.iter().flat_map(|rule| &rule.accounts);
    let in_waves = config.rollout.waves.iter().flat_map(|wave| &wave.accounts);
    let by_id = config
        .include
        .iter()
        .chain(&config.exclude)
        .chain(in_overrides)
        .chain(in_waves)
        .chain(in_ignores)
        .chain(&config.protect.accounts);
    let Some(selector) = by_id.into_iter().find(|selector| selector.needs_unit_ids()) else {
        return;
    };
    if let Some(place) = root.key_span("account") {
        root.reading.problems.push(Problem::at(
            place,
            format!("`{selector}` can match no [[account]]: entries have no unit ids"),
            "select by path, `ou:/Workloads/**`, and give each entry its `ou`",
        ));
    }
}
