//! `linkwalk schema`: the contracts of the files that linkwalk reads and the documents that it writes.

use schemars::{Schema, schema_for};
use serde_json::Value;

use super::{accounts as account, out};
use crate::audit;
use crate::cli::Document;
use crate::config;
use crate::doctor::shared_root::SharedRoot;
use crate::doctor::{self, Diagnosis};
use crate::exit::Exit;
use crate::plan::artifact;
use crate::report::contract::{of, published};
use crate::report::{
    accounts, audit as reports, codes, event, outcomes, plan_json, rehearsal, runs,
};
use crate::sandbox::{SCENARIO_SCHEMA, World};

/// Prints the schema of a document.
pub(super) fn run(document: Document) -> Exit {
    out::json(&schema(document));
    Exit::Ok
}

/// The schema of a document, as `schemas/NAME.schema.json` publishes it.
fn schema(document: Document) -> Value {
    let (schema, format, title) = match document {
        Document::Config => (config::contract(), config::FORMAT, "linkwalk: accounts.toml"),
        Document::Plan => (plan_json::schema(), artifact::FORMAT, "linkwalk: a plan"),
        Document::Report => (outcomes::schema(), outcomes::FORMAT, "linkwalk: the report of a run"),
        Document::Event => (event::schema(), event::FORMAT, "linkwalk: an event of -o jsonl"),
        Document::Audit => (reports::schema(), audit::FORMAT, "linkwalk: an audit"),
        Document::Doctor => (of::<Diagnosis>(), doctor::FORMAT, "linkwalk: a diagnosis"),
        Document::SharedRoot => {
            let format = doctor::FORMAT;
            (of::<SharedRoot>(), format, "linkwalk: a diagnosis of the shared root")
        }
        Document::Accounts => (accounts::schema(), accounts::FORMAT, "linkwalk: the walk"),
        Document::Account => {
            (account::schema(), accounts::FORMAT, "linkwalk: an account explained")
        }
        Document::Runs => (runs::schema(), runs::FORMAT, "linkwalk: the runs"),
        Document::Rehearsal => (rehearsal::schema(), rehearsal::FORMAT, "linkwalk: a rehearsal"),
        Document::Codes => (codes::schema(), codes::FORMAT, "linkwalk: codes explained"),
        Document::World => (World::schema(), "1", "linkwalk: a world, saved"),
        Document::Scenario => (scenario(), "1", "linkwalk: a scenario of the sandbox"),
    };
    published(schema, &document.name(), format, title)
}

fn scenario() -> Schema {
    // The embedded text is checked by a test.
    let read: Option<Value> = serde_json::from_str(SCENARIO_SCHEMA).ok();
    read.and_then(|value| Schema::try_from(value).ok()).unwrap_or_else(|| schema_for!(Value))
}
