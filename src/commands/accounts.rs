//! `linkwalk accounts`: the walk itself.

use super::stage::Stage;
use super::{out, screen::Screen};
use crate::cli::Output;
use crate::exit::Exit;
use crate::ids::AccountId;
use crate::model::failure::Failure;
use crate::report::accounts;
use crate::report::event::EventKind;
use crate::run::{Run, Walk, discover};

/// Runs the command.
pub(super) async fn run(stage: Stage, explain: Option<AccountId>) -> Exit {
    let walk = match walk(&stage.run).await {
        Ok(walk) => walk,
        Err(failure) => return stage.fail("cannot walk the organization", &failure).await,
    };
    let run = std::sync::Arc::clone(&stage.run);
    let screen = stage.screen;
    let exit = Exit::Ok;
    stage.run.events.flush().await;
    let exit = match explain {
        None => {
            show(&walk, screen);
            exit
        }
        Some(id) => show_one(&run, &walk, &id, screen),
    };
    drop(run);
    stage.close(exit).await;
    exit
}
