//! The proposal as an accounts.toml.

use super::sheet::{Sheet, key, list, literal, quoted};
use super::subnets::Subnets;
use super::vpcs::Vpcs;
use super::{Proposal, Wave};
use crate::ids::{AccountId, Region};

/// The sections that a first accounts.toml does not need.
const MORE: &str = include_str!("more.toml");

/// The whole file.
pub fn text(proposal: &Proposal) -> String {
    let mut sheet = Sheet::default();
    sheet.line("#:schema accounts.schema.json");
    sheet.comment(
        "For completion in an editor: linkwalk schema config > accounts.schema.json. Every key is explained in \
         docs/accounts-toml.md.",
    );
    all(&mut sheet, &proposal.head);
    sheet.line("");
    all(&mut sheet, &proposal.deployment.why);
    sheet.line(&format!("deployment = {}", quoted(&proposal.deployment.value)));
    organization(&mut sheet, proposal);
    accounts(&mut sheet, proposal);
    network(&mut sheet, proposal);
    sheet.table("[security_group]");
    sheet.comment("One in every VPC, for the endpoints alone: 443/tcp from every CIDR of the VPC.");
    sheet.line("name = \"linkwalk-endpoints\"");
    sheet.line("ingress = [\"vpc\"]");
    endpoints(&mut sheet, proposal);
    sheet.line("");
    sheet.comment("Tags of everything that is made:");
    sheet.line("# [tags]");
    sheet.line("# CostCenter = \"platform\"");
    rollout(&mut sheet, &proposal.waves);
    if proposal.explains_all {
        sheet.line("");
        sheet.line(MORE.trim_end());
    }
    roster(&mut sheet, proposal);
    sheet.into_text()
}

/// The least accounts.toml that says how accounts are reached.
pub fn access(regions: &[&str], role: &str, external_id: Option<&str>) -> String {
    let external_id = external_id.map(|id| format!("external_id = {}\n", quoted(id)));
    format!(
        "deployment = \"privatelink\"\n[organization]\nregions = {}\nrole = {}\n{}[endpoints.ecr]\n",
        list(regions),
        quoted(role),
        external_id.unwrap_or_default()
    )
}

fn all(sheet: &mut Sheet, comments: &[String]) {
    for comment in comments {
        sheet.comment(comment);
    }
}

fn organization(sheet: &mut Sheet, proposal: &Proposal) {
    sheet.table("[organization]");
    all(sheet, &proposal.role.why);
    sheet.line(&format!("role = {}", quoted(&proposal.role.value)));
    match &proposal.external_id {
        Some(id) => sheet.line(&format!("external_id = {}", quoted(id))),
        None => sheet.line("# external_id = \"a-shared-secret\""),
    }
    all(sheet, &proposal.shared_root.why);
    let ids = proposal.shared_root.value.iter().map(AccountId::as_str);
    let shared: Vec<_> = ["management"].into_iter().chain(ids).collect();
    sheet.line(&format!("shared_root = {}", list(&shared)));
    all(sheet, &proposal.regions.why);
    let regions: Vec<_> = proposal.regions.value.iter().map(Region::as_str).collect();
    sheet.line(&format!("regions = {}", list(&regions)));
}

fn accounts(sheet: &mut Sheet, proposal: &Proposal) {
    sheet.table("[accounts]");
    if !proposal.roster.is_empty() {
        sheet.comment("Consumers are the [[account]] entries at the end of this file.");
    } else if proposal.include.is_empty() {
        sheet.comment(
            "Consumers. No unit with workloads was seen, so this would be every usable member but the shared \
             root: name units before you plan.",
        );
        sheet.line("# include = [\"ou:/Workloads/**\"]");
    } else {
        sheet.comment("Consumers: the units that hold workloads.");
        selectors(sheet, "", "include", &proposal.include);
    }
    if !proposal.left_out.is_empty() {
        sheet.comment("Not included:");
        proposal.left_out.iter().for_each(|unit| sheet.comment(&format!("- {unit}")));
    }
    if !proposal.exclude.is_empty() {
        sheet.comment("To leave some out; `exclude` always wins:");
        selectors(sheet, "# ", "exclude", &proposal.exclude);
    }
}

/// A list of selectors, each under what it rests on; commented out with `mark`.
fn selectors(sheet: &mut Sheet, mark: &str, name: &str, selectors: &[(String, String)]) {
    if selectors.iter().all(|(_, why)| why.is_empty()) {
        let selectors: Vec<_> = selectors.iter().map(|(selector, _)| selector).collect();
        sheet.line(&format!("{mark}{name} = {}", list(&selectors)));
        return;
    }
    sheet.line(&format!("{mark}{name} = ["));
    for (selector, why) in selectors {
        if mark.is_empty() {
            sheet.inner(why);
            sheet.line(&format!("  {},", quoted(selector)));
        } else {
            sheet.aside(&format!("{mark}  {},", quoted(selector)), why);
        }
    }
    sheet.line(&format!("{mark}]"));
}

fn tagged(name: &str, value: &str) -> String {
    format!("{{ tags = {{ {} = {} }} }}", key(name), quoted(&literal(value)))
}

impl Vpcs {
    /// As accounts.toml says it.
    pub fn toml(&self) -> String {
        match self {
            Self::NonDefault => quoted("non-default"),
            Self::Tagged { key, value } => tagged(key, value),
        }
    }
}

impl Subnets {
    /// As accounts.toml says it.
    pub fn toml(&self) -> String {
        match self {
            Self::Private => quoted("private"),
            Self::All => quoted("all"),
            Self::Tagged { key, value } => tagged(key, value),
        }
    }
}

fn network(sheet: &mut Sheet, proposal: &Proposal) {
    sheet.table("[network]");
    sheet.comment("VPCs: \"all\", \"default\", \"non-default\", ids, or { tags = { purpose = \"workload\" } }.");
    all(sheet, &proposal.vpcs.why);
    sheet.line(&format!("vpcs = {}", proposal.vpcs.value.toml()));
    sheet.comment("Subnets: \"private\", \"all\", ids, or { tags = { tier = \"endpoint\" } }; one per zone is used.");
    all(sheet, &proposal.subnets.why);
    sheet.line(&format!("subnets = {}", proposal.subnets.value.toml()));
    sheet.comment(
        "Route tables of gateway endpoints: \"private\", \"all\", \"main\", ids, or tags.",
    );
    all(sheet, &proposal.route_tables.why);
    sheet.line(&format!("route_tables = {}", quoted(proposal.route_tables.value)));
}

fn endpoints(sheet: &mut Sheet, proposal: &Proposal) {
    sheet.line("");
    all(sheet, &proposal.endpoints.why);
    let (active, suggested): (Vec<_>, Vec<_>) =
        proposal.endpoints.value.iter().partition(|table| table.active);
    for (at, table) in active.iter().enumerate() {
        if at > 0 {
            sheet.line("");
        }
        sheet.aside(&format!("[endpoints.{}]", key(&table.name)), &table.why);
    }
    if !suggested.is_empty() {
        sheet.line("");
        sheet.comment("Others that may be wanted:");
        for table in suggested {
            sheet.aside(&format!("# [endpoints.{}]", key(&table.name)), &table.why);
        }
    }
}

fn rollout(sheet: &mut Sheet, waves: &[Wave]) {
    sheet.table("[rollout]");
    sheet.comment("How many targets may fail before nothing new is started; a count or a share:");
    sheet.line("# failure_budget = \"5%\"");
    if waves.is_empty() {
        sheet.comment("Which accounts come first:");
        sheet.line("# waves = [\"ou:/Sandbox/**\", \"ou:/Workloads/Staging/**\", \"*\"]");
        return;
    }
    sheet.comment(
        "What comes first, by the names of the units. Accounts that no wave names come last.",
    );
    sheet.line("waves = [");
    for wave in waves {
        sheet.inner(&super::count(wave.members, "account"));
        let accounts = list(&wave.accounts);
        sheet.line(&format!("  {{ name = {}, accounts = {accounts} }},", quoted(wave.name)));
    }
    sheet.line("]");
}

fn roster(sheet: &mut Sheet, proposal: &Proposal) {
    if proposal.roster.is_empty() {
        return;
    }
    sheet.line("");
    sheet.comment("The accounts, named because AWS Organizations was not asked.");
    for (at, account) in proposal.roster.iter().enumerate() {
        if at > 0 {
            sheet.line("");
        }
        sheet.line("[[account]]");
        sheet.line(&format!("id = {}", quoted(account.id.as_str())));
    }
}
