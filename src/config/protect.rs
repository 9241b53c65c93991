//! `[protect]`: what is never deleted for good.

use std::collections::BTreeMap;

use crate::model::account::Account;
use crate::model::spec::Glob;

use super::selector::Selector;
use super::tree::{Node, Table};
use super::values;

/// `[protect]`: what neither `destroy` nor `apply --mode sync` deletes.
#[derive(Debug, Clone, Default)]
pub struct Protect {
    /// Accounts in which `destroy` touches nothing.
    pub accounts: Vec<Selector>,
    /// Endpoints and security groups with one of these tags, or in a VPC with one, stay.
    pub tags: BTreeMap<String, Glob>,
}

impl Protect {
    /// The selector that protects an account.
    pub fn of(&self, account: &Account) -> Option<&Selector> {
        self.accounts.iter().find(|selector| selector.matches(account))
    }
}

pub(super) fn protect(root: &Table<'_>) -> Protect {
    let table = root.table("protect", "protect");
    let table = table.as_ref();
    Protect {
        accounts: table
            .and_then(|table| table.read("accounts", |node| node.some(values::selector)))
            .unwrap_or_default(),
        tags: table.and_then(|table| table.read("tags", tags)).unwrap_or_default(),
    }
}

fn tags(node: &Node<'_>) -> Option<BTreeMap<String, Glob>> {
    if node.entries()?.is_empty() {
        return node.refuse(
            "`protect.tags` names no tag, so it protects nothing",
            "name one, for example tags = { tier = \"production\" }, or remove it",
        );
    }
    values::tag_globs(node)
}
