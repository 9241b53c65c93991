//! `linkwalk audit`: discover, observe, plan, and say what differs.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use super::plan::{NoPlan, discovered, give_up};
use super::report_file::{self, ReportFile};
use super::screen::Screen;
use super::stage::Stage;
use super::{out, scope};
use crate::audit::{self, Audit, FORMAT, Frame, Standing};
use crate::cli::{AuditOptions, Cli, Command, Output, Scope, Written};
use crate::config::Config;
use crate::exit::Exit;
use crate::ids::AccountId;
use crate::report::audit::text::{self, Options};
use crate::report::audit::{Format, render};
use crate::report::event::EventKind;
use crate::run::{Run, audit as walk_and_look, discover, elsewhere, rules, shared_root};
use crate::shutdown::Level;

/// Width of the text where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// What can be known, and go wrong, before anything is asked of AWS.
pub(super) struct Ready {
    scope: Scope,
    written: Written,
    before: Option<Audit>,
    files: Vec<ReportFile>,
    /// GitHub's page of the job.
    summary: Option<File>,
    config: String,
}

impl Ready {
    /// `None` for every other command. The error is for people.
    pub(super) fn for_command(cli: &Cli, config: &Config) -> Result<Option<Self>, String> {
        let Command::Audit(options) = &cli.command else { return Ok(None) };
        let AuditOptions { scope, since, reports } = options;
        let before = since.as_ref().map(|path| {
            let wrong = |why: String| format!("--since {}: {why}", path.display());
            let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
            audit::previous(&text, &config.deployment).map_err(|why| wrong(why.to_string()))
        });
        let files = report_file::open(reports)?;
        let written = cli.common.output;
        if files.iter().any(ReportFile::is_stdout) && written != Written::Plain(Output::Text) {
            return Err("--report FORMAT=- and -o both write to stdout: leave one out".to_owned());
        }
        let config = cli.common.config.clone().unwrap_or_else(|| PathBuf::from("accounts.toml"));
        Ok(Some(Self {
            scope: scope.clone(),
            written,
            before: before.transpose()?,
            files,
            summary: step_summary(),
            config: config.display().to_string(),
        }))
    }
}

/// The file that GitHub shows on the page of the job. That it cannot be had is no reason not to audit.
fn step_summary() -> Option<File> {
    let path = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())?;
    let file = OpenOptions::new().append(true).create(true).open(&path);
    file.inspect_err(|error| {
        out::error(&format!("cannot write GITHUB_STEP_SUMMARY {}: {error}", path.display()));
    })
    .ok()
}

/// Runs the command.
pub(super) async fn run(stage: Stage, ready: Ready) -> Exit {
    let created_at = Timestamp::now();
    let audit = match audited(&stage.run, &ready, created_at, stage.screen.sandbox).await {
        Ok(audit) => audit,
        Err(why) => return give_up(stage, why).await,
    };
    if ready.written.output() == Output::Jsonl {
        for finding in &audit.findings {
            stage.run.events.send(EventKind::Finding { finding: Box::new(finding.clone()) });
        }
    }
    let interrupted = stage.run.shutdown.level() >= Level::Drain;
    let mut exit = exit(&audit, interrupted);
    let screen = stage.screen;
    stage.close(exit).await;
    let Ready { written, files, summary, scope, .. } = ready;
    let taken = files.iter().any(ReportFile::is_stdout);
    match written {
        _ if taken => {}
        Written::Plain(Output::Text) => out::stdout(&on_screen(&audit, screen, &scope)),
        Written::Plain(Output::Json) => out::stdout(&render(&audit, Format::Json)),
        Written::Plain(Output::Jsonl) => {}
        Written::Report(format) => out::stdout(&render(&audit, format)),
    }
    for file in files {
        let text = render(&audit, file.format);
        if let Err(wrong) = file.write(&text) {
            out::error(&wrong);
            exit = exit.worst(Exit::Failed);
        }
    }
    if let Some(mut page) = summary
        && let Err(error) = page.write_all(render(&audit, Format::Markdown).as_bytes())
    {
        out::error(&format!("cannot write GITHUB_STEP_SUMMARY: {error}"));
    }
    exit
}

fn on_screen(audit: &Audit, screen: Screen, scope: &Scope) -> String {
    text::write(
        audit,
        Options {
            color: screen.stdout_color,
            width: screen.columns.unwrap_or(DEFAULT_WIDTH),
            in_full: scope.accounts.len() == 1,
        },
    )
}

/// Drift is 2, and what is not known is worse.
fn exit(audit: &Audit, interrupted: bool) -> Exit {
    let unknown = audit
        .targets
        .iter()
        .any(|one| matches!(one.standing, Standing::Unreachable | Standing::NotStarted));
    let drift = if audit.has_drift() { Exit::Changes } else { Exit::Ok };
    let known = if unknown { Exit::Failed } else { Exit::Ok };
    let asked = if interrupted { Exit::Interrupted } else { Exit::Ok };
    drift.worst(known).worst(asked)
}

async fn audited(
    run: &Arc<Run>,
    ready: &Ready,
    created_at: Timestamp,
    sandbox: bool,
) -> Result<Audit, NoPlan> {
    run.sessions.caller().await.map_err(NoPlan::Failed)?;
    let walk = discover(run).await.map_err(NoPlan::Failed)?;
    let targets = scope::targets(&run.config, &walk, &ready.scope).map_err(NoPlan::Usage)?;
    run.events.send(discovered(&walk, targets.len()));
    let units: BTreeMap<AccountId, String> = walk
        .members
        .iter()
        .map(|member| (member.account.id.clone(), member.account.ou_path.clone()))
        .collect();
    let frame = Frame {
        now: created_at.as_second(),
        patience: run.config.rollout.endpoint_timeout,
        lines: run.config.lines.clone(),
    };
    // Who names accounts asks for these and no others.
    let places = if ready.scope.is_everyone() {
        let places = elsewhere(&run.config, &walk).into_iter();
        places.filter(|place| ready.scope.has_region(&place.target.id.region)).collect()
    } else {
        Vec::new()
    };
    let audits = walk_and_look(run, &targets, &places, &Arc::new(units), &Arc::new(frame)).await;
    let regions = run.config.organization.regions.iter();
    let mut audit = Audit {
        format: FORMAT.to_owned(),
        kind: "audit".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        deployment: run.config.deployment.clone(),
        config: ready.config.clone(),
        created_at: created_at.to_string(),
        sandbox,
        regions: regions.filter(|one| ready.scope.has_region(one)).cloned().collect(),
        shared_root: shared_root(&run.config, &walk),
        targets: audits.targets,
        findings: audits.findings,
        ignored: Vec::new(),
        since: None,
    };
    audit.settle(&rules(&run.config, &walk), created_at.to_zoned(TimeZone::UTC).date());
    if let Some(before) = &ready.before {
        audit.compare(before, &audits.looked);
    }
    Ok(audit)
}
