//! `linkwalk accounts`: the walk itself.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::out;
use super::stage::Stage;
use crate::cli::Output;
use crate::config::{Config, Explanation};
use crate::exit::Exit;
use crate::ids::AccountId;
use crate::model::account::{Account, Standing};
use crate::model::failure::Failure;
use crate::report::event::EventKind;
use crate::report::{accounts, contract, safe};
use crate::run::{Run, Walk, discover};

/// Runs the command.
pub(super) async fn run(stage: Stage, explain: Option<AccountId>) -> Exit {
    let walk = match walk(&stage.run).await {
        Ok(walk) => walk,
        Err(failure) => return stage.fail(&failure).await,
    };
    let walk = if explain.is_none() { of_shard(&stage.run.config, walk) } else { walk };
    let shown = match &explain {
        None => Ok(Shown::Walk),
        Some(id) => explained(&stage.run, &walk, id),
    };
    let (screen, exit) = (stage.screen, if shown.is_ok() { Exit::Ok } else { Exit::Usage });
    stage.close(exit).await;
    match (shown, screen.output) {
        (Err(wrong), _) => out::error(&wrong),
        (Ok(Shown::Walk), Output::Text) => {
            screen.text(&accounts::text(&walk.members, screen.stdout_color));
        }
        (Ok(Shown::Walk), Output::Json) => screen.json(accounts::document(&walk.members)),
        (Ok(Shown::One(one)), Output::Text) => screen.text(&text(&one.0, &one.1)),
        (Ok(Shown::One(one)), Output::Json) => screen.json(document(&one.0, &one.1)),
        (Ok(_), Output::Jsonl) => {}
    }
    exit
}

/// Only the consumers of this process's shard, where it has one.
fn of_shard(config: &Config, mut walk: Walk) -> Walk {
    if let Some(shard) = config.shard {
        let consumers = walk.consumers().map(|account| account.id.clone()).collect();
        let mine = shard.pick(&consumers);
        walk.members.retain(|member| mine.contains(&member.account.id));
    }
    walk
}

/// What is shown: all, or one account with its rules.
enum Shown {
    Walk,
    One(Box<(Account, Explanation)>),
}

async fn walk(run: &Run) -> Result<Walk, Failure> {
    run.sessions.caller().await?;
    let walk = discover(run).await?;
    let consumers = walk.consumers().count();
    run.events.send(EventKind::Discovered {
        consumers,
        skipped: walk.members.len() - consumers,
        targets: 0,
    });
    Ok(walk)
}

fn explained(run: &Run, walk: &Walk, id: &AccountId) -> Result<Shown, String> {
    let account = walk
        .members
        .iter()
        .map(|member| &member.account)
        .find(|account| &account.id == id)
        .ok_or_else(|| format!("account {id} is not in the organization"))?;
    let why = run.config.explain(account, walk.management.as_ref());
    Ok(Shown::One(Box::new((account.clone(), why))))
}

/// Every rule in the order in which they are tried; the first that matches decides.
fn text(account: &Account, why: &Explanation) -> String {
    let standing = match &why.standing {
        Standing::Consumer { rule } => format!("consumer: {rule}"),
        Standing::Skipped { reason } => format!("skipped: {reason}"),
    };
    let mut lines = vec![
        format!("{}  {}  {}", account.id, safe::text(&account.name), safe::text(&account.ou_path)),
        safe::text(&standing),
        String::new(),
    ];
    lines.extend(why.rules.iter().map(|tried| {
        let (verdict, rule) = (tried.verdict.as_str(), safe::text(&tried.rule));
        format!("  {verdict:<14}  {rule}")
    }));
    lines.extend(why.overrides.iter().map(|over| {
        let regions: Vec<&str> = over.regions.iter().map(AsRef::as_ref).collect();
        let (number, regions, rule) = (over.number, regions.join(", "), safe::text(&over.rule));
        format!("\n  [[override]] number {number} applies in {regions}: {rule}")
    }));
    lines.extend(why.wave.iter().map(|wave| {
        let (number, name, rule) = (wave.number, safe::text(&wave.name), safe::text(&wave.rule));
        format!("\n  wave {number} ({name}): {rule}")
    }));
    lines.join("\n") + "\n"
}

/// One account and why it stands where it stands: what `accounts --explain ID -o json` writes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Account explained")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `account`.
    kind: &'static str,
    /// The account.
    account: &'a Account,
    /// Why.
    explanation: &'a Explanation,
    /// Whether the organization is the sandbox's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
}

/// The JSON Schema of the document about one account.
pub(super) fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

fn document(account: &Account, explanation: &Explanation) -> Value {
    let (format, kind) = (accounts::FORMAT, "account");
    let document = Document { format, kind, account, explanation, sandbox: None };
    // Plain structs with text keys always serialise.
    serde_json::to_value(document).unwrap_or_default()
}
