//! The reports of all shards as one: what each of them says is kept, and the verdict is that of the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::audit::{Audit, Finding, Since};
use crate::exit::Exit;
use crate::ids::TargetId;
use crate::model::shard::{Part, Shard};
use crate::plan::outcome::Outcome;
use crate::report::event::{Event, EventKind};
use crate::report::outcomes;
use crate::report::progress::Progress;

/// Several reports as one.
#[derive(Debug)]
pub enum Whole {
    /// Of a run: the document, and the same as it would have been folded from the run's events.
    Outcomes(Value, Box<Progress>),
    /// Of an audit.
    Audit(Box<Audit>),
}

/// What joining came to.
#[derive(Debug)]
pub struct Joined {
    /// The whole.
    pub whole: Whole,
    /// Shards that are not there, of how many.
    pub missing: Vec<Shard>,
    /// The verdict: the worst of the parts; with a part missing at least "failed".
    pub exit: Exit,
}

/// One document, with the name of its file.
struct Shown<'a> {
    file: &'a str,
    document: &'a Value,
    part: Part,
}

/// Joins documents, each with the name of its file. With `partial` shards may be missing. The error is for
/// people.
pub fn join(documents: &[(String, Value)], partial: bool) -> Result<Joined, String> {
    let mut shards: BTreeMap<Shard, Shown> = BTreeMap::new();
    for (file, document) in documents {
        let shown = read(file, document)?;
        if let Some((_, first)) = shards.first_key_value() {
            agree(first, &shown)?;
        }
        let shard = shown.part.shard;
        if let Some(other) = shards.insert(shard, shown) {
            return Err(format!("{} and {file} are both of shard {shard}", other.file));
        }
    }
    let Some((first, _)) = shards.first_key_value() else {
        return Err("there is nothing to join".to_owned());
    };
    let of = first.of;
    let all = (1..=of).map(|index| Shard { index, of });
    let missing: Vec<Shard> = all.filter(|shard| !shards.contains_key(shard)).collect();
    if !missing.is_empty() && !partial {
        return Err(format!(
            "shard {} of {of} is missing: the whole is not known; --partial joins what is there",
            names(&missing)
        ));
    }
    let parts: Vec<Shown> = shards.into_values().collect();
    let exits = parts.iter().map(|part| exit(part)).collect::<Result<Vec<_>, _>>()?;
    let least = if missing.is_empty() { Exit::Ok } else { Exit::Failed };
    let exit = exits.into_iter().fold(least, Exit::worst);
    let whole = if parts.iter().all(|part| part.document["kind"] == "audit") {
        Whole::Audit(Box::new(audit(&parts)?))
    } else {
        let (document, progress) = outcomes(&parts, &missing, exit)?;
        Whole::Outcomes(document, Box::new(progress))
    };
    Ok(Joined { whole, missing, exit })
}

/// `1, 3`
pub fn names(shards: &[Shard]) -> String {
    shards.iter().map(|shard| shard.index.to_string()).collect::<Vec<_>>().join(", ")
}

fn read<'a>(file: &'a str, document: &'a Value) -> Result<Shown<'a>, String> {
    let format = document["format"].as_str().unwrap_or_default();
    match document["kind"].as_str() {
        Some("outcomes" | "audit") => {}
        Some(kind) => {
            return Err(format!(
                "{file} is of kind `{kind}`: only what `apply -o json` or `audit -o json` wrote can be joined"
            ));
        }
        None => return Err(format!("{file} is no report of linkwalk")),
    }
    if format.split('.').next() != Some("1") {
        return Err(format!("{file} is of format {format:?}, and this version joins 1"));
    }
    if document["shard"].is_null() {
        return Err(format!("{file} is not of a shard: it was made without --shard"));
    }
    let part: Part = serde_json::from_value(document["shard"].clone())
        .map_err(|error| format!("{file}: its `shard` cannot be read: {error}"))?;
    Ok(Shown { file, document, part })
}

/// Whether both are parts of one whole.
fn agree(first: &Shown, other: &Shown) -> Result<(), String> {
    let (one, two) = (first.file, other.file);
    for (key, what) in [
        ("kind", "of different kinds"),
        ("command", "of different commands"),
        ("deployment", "of different deployments"),
        ("sandbox", "of the sandbox and of a real organization"),
    ] {
        let (ours, theirs) = (&first.document[key], &other.document[key]);
        if ours != theirs {
            return Err(format!("{one} and {two} are {what}: {ours} and {theirs}"));
        }
    }
    let (ours, theirs) = (&first.part, &other.part);
    if ours.shard.of != theirs.shard.of {
        return Err(format!(
            "{one} is one of {} shards and {two} one of {}",
            ours.shard.of, theirs.shard.of
        ));
    }
    if ours.whole != theirs.whole {
        return Err(format!(
            "{one} and {two} are not of one whole ({} and {} accounts): the organization, the scope or \
             accounts.toml changed between them, so accounts can be missing or there twice; run all shards \
             again",
            ours.accounts, theirs.accounts
        ));
    }
    Ok(())
}

/// How a part ended: as it says, or for an audit by what it found.
fn exit(part: &Shown) -> Result<Exit, String> {
    if part.document["kind"] == "audit" {
        let audit = parsed(part)?;
        let drift = if audit.has_drift() { Exit::Changes } else { Exit::Ok };
        return Ok(if audit.has_unknown() { Exit::Failed } else { drift });
    }
    let code = part.document["exit_code"].as_u64();
    let all = [Exit::Ok, Exit::Changes, Exit::Failed, Exit::Usage, Exit::Interrupted];
    let found = all.into_iter().find(|exit| Some(u64::from(exit.code())) == code);
    found.ok_or_else(|| format!("{}: it does not say how the run ended", part.file))
}

fn outcomes(parts: &[Shown], missing: &[Shard], exit: Exit) -> Result<(Value, Progress), String> {
    let mut progress = Progress::default();
    let text = |key: &str| {
        let value = parts.first().and_then(|part| part.document[key].as_str());
        value.unwrap_or_default().to_owned()
    };
    (progress.command, progress.deployment) = (text("command"), text("deployment"));
    for part in parts {
        let rows = part.document["targets"].as_array();
        let rows = rows.ok_or_else(|| format!("{}: it has no targets", part.file))?;
        for row in rows {
            let wrong = |why: String| format!("{}: a target cannot be read: {why}", part.file);
            let target: TargetId = serde_json::from_value(row["target"].clone())
                .map_err(|error| wrong(error.to_string()))?;
            let outcome: Outcome =
                serde_json::from_value(row.clone()).map_err(|error| wrong(error.to_string()))?;
            if progress.finished.contains_key(&target) {
                return Err(format!("{}: {target} is in another shard too", part.file));
            }
            let name = row["name"].as_str().unwrap_or_default().to_owned();
            let kind = EventKind::TargetFinished { target, name, outcome };
            progress.apply(&Event { elapsed: Duration::ZERO, kind });
        }
        let number = |key: &str| part.document[key].as_u64().unwrap_or(0);
        progress.throttled += usize::try_from(number("throttled")).unwrap_or(0);
        // They worked side by side.
        progress.elapsed = progress.elapsed.max(Duration::from_millis(number("elapsed_ms")));
    }
    let mut document = outcomes::document(&progress, exit);
    document["sandbox"] =
        parts.first().map_or(Value::Null, |part| part.document["sandbox"].clone());
    document["shards"] = shards(parts, missing);
    Ok((document, progress))
}

fn shards(parts: &[Shown], missing: &[Shard]) -> Value {
    let index = |shard: &Shard| shard.index;
    let joined: Vec<u32> = parts.iter().map(|part| part.part.shard.index).collect();
    let missing: Vec<u32> = missing.iter().map(index).collect();
    let mut shards = Map::new();
    shards.insert("joined".to_owned(), json!(joined));
    shards.insert("missing".to_owned(), json!(missing));
    Value::Object(shards)
}

fn parsed(part: &Shown) -> Result<Audit, String> {
    serde_json::from_value(part.document.clone())
        .map_err(|error| format!("{}: it is not an audit: {error}", part.file))
}

fn audit(parts: &[Shown]) -> Result<Audit, String> {
    let mut audits = parts.iter().map(parsed).collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut whole = audits.next().ok_or("there is nothing to join")?;
    for part in audits {
        whole.created_at = whole.created_at.min(part.created_at);
        whole.targets.extend(part.targets);
        // What is about no account of the shard is found by each.
        let known: BTreeSet<String> = whole.findings.iter().map(|one| one.id.clone()).collect();
        whole.findings.extend(part.findings.into_iter().filter(|one| !known.contains(&one.id)));
        whole.ignored.extend(part.ignored);
        whole.since = match (whole.since, part.since) {
            (Some(one), Some(other)) => Some(since(one, other)),
            _ => None,
        };
    }
    whole.shard = None;
    whole.in_order();
    Ok(whole)
}

/// What one shard does not know, because another one looks at it, the other one does.
fn since(one: Since, other: Since) -> Since {
    let ids = |since: &Since| -> BTreeSet<String> {
        let fixed = since.fixed.iter().map(|finding| finding.id.clone());
        fixed.chain(since.remaining.iter().cloned()).collect()
    };
    let known: BTreeSet<String> = ids(&one).union(&ids(&other)).cloned().collect();
    let theirs: BTreeSet<String> = other.unknown.iter().map(|finding| finding.id.clone()).collect();
    let is_unknown =
        |finding: &Finding| theirs.contains(&finding.id) && !known.contains(&finding.id);
    let united = |mut ids: Vec<String>, more: Vec<String>| {
        ids.extend(more);
        ids.sort();
        ids.dedup();
        ids
    };
    let mut fixed = one.fixed;
    let seen: BTreeSet<String> = fixed.iter().map(|finding| finding.id.clone()).collect();
    fixed.extend(other.fixed.into_iter().filter(|finding| !seen.contains(&finding.id)));
    Since {
        created_at: one.created_at,
        new: united(one.new, other.new),
        fixed,
        remaining: united(one.remaining, other.remaining),
        unknown: one.unknown.into_iter().filter(is_unknown).collect(),
    }
}
