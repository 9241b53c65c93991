//! `linkwalk sandbox`: what one can do to the sandbox besides working in it.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::Path;

use jiff::Timestamp;
use tokio::net::TcpListener;

use super::kept::{self, Kept, Scenario};
use super::out;
use crate::cli::SandboxVerb;
use crate::config::Config;
use crate::exit::Exit;
use crate::model::endpoint::OWNER_TAG;
use crate::report::event::Events;
use crate::report::safe;
use crate::sandbox::{Breakage, serve};
use crate::shutdown::{Level, Shutdown};

/// Runs the command. `world` is the value of `--sandbox`, `config` the accounts.toml that belongs to it.
pub(super) async fn run(verb: &SandboxVerb, world: Option<&Path>, config: &Config) -> Exit {
    let result = match verb {
        SandboxVerb::Break { name, seed } => {
            spoil(Scenario::of(world), name.as_deref(), *seed, config)
        }
        SandboxVerb::Reset => kept::reset().map(|worlds| match worlds {
            0 => "SANDBOX: there was nothing to forget.\n".to_owned(),
            _ => "SANDBOX: forgotten; the next command begins anew.\n".to_owned(),
        }),
        SandboxVerb::Serve { world: named, port, empty } => {
            let scenario =
                if *empty { Scenario::Empty } else { Scenario::of(named.as_deref().or(world)) };
            return serve_until_stopped(scenario, *port).await;
        }
    };
    match result {
        Ok(text) => {
            out::stdout(&text);
            Exit::Ok
        }
        Err(wrong) => {
            out::error(&wrong);
            Exit::Usage
        }
    }
}

/// Spoils one thing that the deployment owns, so that there is drift to find.
fn spoil(
    scenario: Scenario<'_>,
    name: Option<&str>,
    seed: Option<u64>,
    config: &Config,
) -> Result<String, String> {
    let kept = Kept::open(scenario)?;
    let seed = seed.unwrap_or_else(|| Timestamp::now().subsec_nanosecond().unsigned_abs().into());
    let how = name.and_then(Breakage::named);
    let done = kept.sandbox.break_named(how, seed, (OWNER_TAG, &config.deployment));
    kept.close();
    done.map(|what| format!("SANDBOX: {what}\n")).ok_or_else(|| {
        format!(
            "there is nothing of deployment {} to break in this way; `linkwalk --sandbox apply` \
             makes something",
            config.deployment
        )
    })
}

/// Serves until Ctrl-C.
async fn serve_until_stopped(scenario: Scenario<'_>, port: u16) -> Exit {
    let (listener, kept) = match open(scenario, port).await {
        Ok(open) => open,
        Err(wrong) => {
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let address = listener.local_addr().map_or_else(|_| String::new(), |at| at.to_string());
    let environment = kept.sandbox.environment(&format!("http://{address}"));
    let exports: String =
        environment.iter().flat_map(|(name, value)| ["export ", name, "=", value, "\n"]).collect();
    let shutdown = Shutdown::new();
    let (events, _) = Events::channel();
    if let Err(error) = shutdown.listen(&events) {
        out::error(&format!("Ctrl-C will lose the last changes: {error}"));
    }
    out::stdout(&exports);
    let accounts = kept.sandbox.world().accounts().count();
    out::stderr(&format!("SANDBOX of {accounts} accounts at http://{address}; Ctrl-C ends it\n"));
    let served = serve(kept.sandbox.clone(), listener, shutdown.at_least(Level::Drain)).await;
    let unknown = kept.sandbox.unknown();
    kept.close();
    // A client met the sandbox's limits, not AWS's.
    for asked in unknown.into_iter().collect::<BTreeSet<_>>() {
        let asked = safe::text(&asked);
        out::stderr(&format!("SANDBOX was asked what it does not know: {asked}\n"));
    }
    match served {
        Ok(()) => Exit::Ok,
        Err(error) => {
            out::error(&format!("the sandbox ended: {error}"));
            Exit::Failed
        }
    }
}

async fn open(scenario: Scenario<'_>, port: u16) -> Result<(TcpListener, Kept), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        format!("cannot listen on 127.0.0.1:{port}: {error}; --port names another port, 0 any that is free")
    })?;
    Ok((listener, Kept::open(scenario)?))
}
