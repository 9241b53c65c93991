//! `linkwalk force-unlock`: breaks the lock that a run has left behind, when it is certain that it has ended.

use std::io::{self, BufRead, IsTerminal};

use jiff::Timestamp;

use super::out;
use super::stage::Stage;
use crate::exit::Exit;
use crate::run::journal::State;
use crate::run::lock;

/// It asks, so it needs someone to ask, or to be told not to.
pub(super) fn check_can_confirm(yes: bool) -> Result<(), String> {
    if yes || io::stdin().is_terminal() {
        return Ok(());
    }
    Err("force-unlock asks before it breaks a lock, and there is no terminal to ask on; look at who holds \
         it, then run it with --yes"
        .to_owned())
}

/// Runs the command.
pub(super) async fn run(stage: Stage, state: &State, id: &str, yes: bool) -> Exit {
    stage.run.events.flush().await;
    if !yes && !confirm(id) {
        stage.close(Exit::Failed).await;
        out::stderr("Not unlocked.\n");
        return Exit::Failed;
    }
    let (config, sessions) = (&stage.run.config, &stage.run.sessions);
    let broken = lock::break_open(state.root(), config, id, sessions).await;
    let exit = if broken.is_ok() { Exit::Ok } else { Exit::Failed };
    let deployment = config.deployment.clone();
    stage.close(exit).await;
    match broken {
        Ok(owner) => out::stderr(&format!(
            "deployment {deployment} is unlocked: it was locked by {}\n",
            owner.in_words()
        )),
        Err(lock::Refused::Held { owner, is_alive: false }) if owner.run != id => {
            out::error(&format!(
                "deployment {deployment} is not locked by run {id}, but by {}",
                owner.in_words()
            ))
        }
        Err(refused) => out::error(&refused.in_words(Timestamp::now())),
    }
    exit
}

fn confirm(id: &str) -> bool {
    out::stderr(&format!(
        "If run {id} still changes something, another run beside it would plan against it.\nBreak its lock? \
         Only `yes` is taken for a yes: "
    ));
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == "yes"
}
