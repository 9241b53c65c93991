//! What is said of a file that was written, and what comes next.

use serde_json::{Value, json};

use super::file::Place;
use super::looked_in_words;
use crate::cli::Output;
use crate::commands::out;
use crate::commands::screen::Screen;
use crate::exit::Exit;
use crate::ids::Region;
use crate::init::{Proposal, Seen};
use crate::model::account::{Account, AccountState};
use crate::report::{safe, words};

/// Version of the document.
const FORMAT: &str = "1.0";

/// Tells what was proposed.
pub(super) fn proposed(
    seen: &Seen,
    proposal: &Proposal,
    place: &Place,
    screen: Screen,
    exit: Exit,
) {
    if screen.output == Output::Json {
        screen.json(document(Some(seen), proposal, place));
    } else {
        say(&summary(seen, proposal, place), place, screen);
    }
    if exit != Exit::Ok {
        out::error(
            "no account could be entered, so nothing is known of their networks: see the comment above `role` in \
             the file",
        );
        out::stderr(
            "  help: `linkwalk init --role NAME` tries another role; `linkwalk role` shows how to make one\n",
        );
    }
}

/// Tells that a starter was written, and why.
pub(super) fn starter(proposal: &Proposal, why: &str, place: &Place, screen: Screen) {
    out::stderr(&format!("a starter was written without asking AWS anything, {why}\n"));
    if screen.output == Output::Json {
        screen.json(document(None, proposal, place));
    } else {
        let wrote = match place {
            Place::Stdout => String::new(),
            Place::File(path) => format!("wrote {}\n\n", path.display()),
        };
        say(&format!("{wrote}{}", next(place, screen.sandbox)), place, screen);
    }
}

/// Where stdout is the file, what is said goes to stderr.
fn say(text: &str, place: &Place, screen: Screen) {
    match place {
        Place::Stdout => out::stderr(text),
        Place::File(_) => screen.text(text),
    }
}

fn summary(seen: &Seen, proposal: &Proposal, place: &Place) -> String {
    let wrote = match place {
        Place::Stdout => "proposed".to_owned(),
        Place::File(path) => format!("wrote {}", path.display()),
    };
    let regions: Vec<_> = proposal.regions.value.iter().map(Region::as_str).collect();
    let include: Vec<_> = proposal.include.iter().map(|(selector, _)| selector.as_str()).collect();
    let include = match proposal.roster.len() {
        0 if include.is_empty() => "every usable member: name units before you plan".to_owned(),
        0 => include.join(", "),
        accounts => format!("the {} named", words::count(accounts, "account")),
    };
    let endpoints = proposal.endpoints.value.iter().filter(|table| table.active);
    let endpoints: Vec<_> = endpoints.map(|table| table.name.as_str()).collect();
    let waves: Vec<_> = proposal.waves.iter().map(|wave| wave.name).collect();
    let waves =
        if waves.is_empty() { "none: everything at once".to_owned() } else { waves.join(", ") };
    let mut lines = vec![format!("{wrote}: {}", looked_in_words(seen))];
    for (name, value) in [
        ("regions", regions.join(", ")),
        ("accounts", include),
        ("vpcs", proposal.vpcs.value.toml()),
        ("subnets", proposal.subnets.value.toml()),
        ("endpoints", endpoints.join(", ")),
        ("waves", waves),
    ] {
        lines.push(format!("  {name:<9}  {}", safe::text(&value)));
    }
    format!("{}\n\n{}", lines.join("\n"), next(place, seen.sandbox))
}

/// What a person does next.
fn next(place: &Place, sandbox: bool) -> String {
    let named = match place {
        Place::File(path) if sandbox || path.as_os_str() != "accounts.toml" => {
            format!(" -c {}", path.display())
        }
        _ => String::new(),
    };
    let sandbox = if sandbox { " --sandbox" } else { "" };
    format!(
        "Next: read it through, then\n  linkwalk{sandbox}{named} accounts   # who is a consumer, and why\n  \
         linkwalk{sandbox}{named} doctor     # whether every account is ready\n  linkwalk{sandbox}{named} plan       \
         # what would change; changes nothing\n"
    )
}

fn document(seen: Option<&Seen>, proposal: &Proposal, place: &Place) -> Value {
    let file = match place {
        Place::Stdout => None,
        Place::File(path) => Some(path.display().to_string()),
    };
    let looked = seen.map(|seen| {
        let is_active = |account: &&Account| account.state == AccountState::Active;
        let closed = seen.looks.iter().filter_map(|(id, look)| Some((id, look.as_ref().err()?)));
        let closed: Vec<_> =
            closed.map(|(id, failure)| json!({ "account": id, "failure": failure })).collect();
        json!({
            "members": seen.accounts.len(),
            "active": seen.accounts.iter().filter(is_active).count(),
            "tried": seen.looks.len(),
            "opened": seen.opened(),
            "not_opened": closed,
        })
    });
    let include: Vec<_> = proposal.include.iter().map(|(selector, _)| selector).collect();
    let endpoints = proposal.endpoints.value.iter().filter(|table| table.active);
    let endpoints: Vec<_> = endpoints.map(|table| &table.name).collect();
    let waves = proposal.waves.iter().map(|w| json!({ "name": w.name, "accounts": w.accounts }));
    json!({
        "format": FORMAT,
        "kind": "init",
        "version": env!("CARGO_PKG_VERSION"),
        "file": file,
        "starter": seen.is_none(),
        "looked": looked,
        "role": proposal.role.value,
        "regions": proposal.regions.value,
        "shared_root": proposal.shared_root.value,
        "include": include,
        "vpcs": value(&proposal.vpcs.value.toml()),
        "subnets": value(&proposal.subnets.value.toml()),
        "endpoints": endpoints,
        "waves": waves.collect::<Vec<_>>(),
    })
}

/// What TOML says, as JSON says it.
fn value(written: &str) -> Value {
    let table: Option<Value> = toml::from_str(&format!("value = {written}")).ok();
    table.map(|mut table| table["value"].take()).unwrap_or_default()
}
