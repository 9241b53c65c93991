//! `linkwalk plan --save-world`: the organization as it was observed, in a file to rehearse on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::out;
use super::plan::Prepared;
use crate::config::{Config, Selector};
use crate::exit::Exit;
use crate::plan::Planned;
use crate::rehearse::saved::{self, Seen};
use crate::report::words;
use crate::run::Run;

/// Writes it down.
pub(super) async fn save(run: &Run, prepared: &Prepared, file: &Path) -> Exit {
    let caller = match run.sessions.caller().await {
        Ok(caller) => caller.account,
        Err(failure) => {
            out::failure("cannot save the world", &failure);
            return Exit::Failed;
        }
    };
    let notes = run.notes();
    let unreachable: BTreeMap<_, _> = prepared
        .plan
        .targets
        .iter()
        .filter_map(|(target, planned)| match planned {
            Planned::Unreachable { failure } => Some((target, failure)),
            Planned::Ready(_) => None,
        })
        .collect();
    let organization = &run.config.organization;
    let world = saved::world(&Seen {
        caller: &caller,
        management: prepared.walk.management.as_ref(),
        members: &prepared.walk.members,
        observed: &notes.observed,
        offers: &notes.offers,
        unreachable,
        role: &organization.role,
        via: &organization.via,
        home: &organization.regions[0],
        with_emails: needs_emails(&run.config),
    });
    let text = world.to_string() + "\n";
    if let Err(error) = fs::write(file, text) {
        out::error(&format!("cannot write {}: {error}", file.display()));
        return Exit::Failed;
    }
    let targets = words::count(notes.observed.len(), "target");
    out::stderr(&format!(
        "saved {targets} as observed in {name}; `linkwalk rehearse --world {name}` rehearses on it\n",
        name = file.display()
    ));
    Exit::Ok
}

/// Whether any selector looks at addresses of email: otherwise they are nobody's business.
fn needs_emails(config: &Config) -> bool {
    let in_overrides = config.overrides.iter().flat_map(|over| &over.accounts);
    let mut all = config.include.iter().chain(&config.exclude).chain(in_overrides);
    all.any(|selector: &Selector| selector.to_string().starts_with("email:"))
}
