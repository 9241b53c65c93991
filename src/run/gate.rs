//! What stands between two waves: time, and a command of the operator's.

use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
// The runtime's processes come with `aws-config`, which reads credentials from one.
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::Run;
use crate::report::event::{EventKind, WaveId};
use crate::shutdown::Level;

/// How long the output of a gate that has ended is still read: something it left running may hold it.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Characters of a line that are passed on.
const LONGEST_LINE: usize = 2000;

/// Waits between two waves, unless the run is asked to stop.
pub(super) async fn bake(run: &Run, wave: &WaveId, bake: Duration) {
    run.events.send(EventKind::BakeStarted { wave: wave.clone(), seconds: bake.as_secs() });
    tokio::select! {
        biased;
        () = run.shutdown.at_least(Level::Drain) => {}
        () = sleep(bake) => {}
    }
}

/// Runs the command between two waves. The error says how it ended. When the run is asked to stop nothing
/// depends on its answer any more, so it is killed; and so it is when it takes too long.
pub(super) async fn gate(
    run: &Run,
    wave: &WaveId,
    command: &str,
    surroundings: &[(&str, String)],
) -> Result<(), String> {
    run.events.send(EventKind::GateStarted { wave: wave.clone(), command: command.to_owned() });
    let limit = run.config.rollout.gate_timeout;
    let ended = tokio::select! {
        biased;
        () = run.shutdown.at_least(Level::Drain) => Err("stopped with the run".to_owned()),
        ended = carry_out(run, command, surroundings) => ended,
        () = really(limit) => Err(format!(
            "had not ended after {} (rollout.gate_timeout)",
            humantime::format_duration(limit)
        )),
    };
    let how = ended.as_ref().err().cloned().unwrap_or_else(|| "passed".to_owned());
    run.events.send(EventKind::GateFinished { wave: wave.clone(), passed: ended.is_ok(), how });
    ended
}

async fn carry_out(
    run: &Run,
    command: &str,
    surroundings: &[(&str, String)],
) -> Result<(), String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .envs(surroundings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async { tokio::join!(tell(run, stdout), tell(run, stderr)) };
    tokio::pin!(output);
    let mut is_told = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = &mut output, if !is_told => is_told = true,
        }
    };
    if !is_told {
        drop(timeout(LAST_WORDS, output).await);
    }
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(in_words(status)),
        Err(error) => Err(format!("cannot be waited for: {error}")),
    }
}

/// Waits by the machine's clock: the command is no part of a simulation, whose time may be paused or fast.
async fn really(time: Duration) {
    let (over, is_over) = oneshot::channel::<()>();
    // Dropped with this future, and then the thread ends at once.
    let (_waiting, nobody_waits) = mpsc::channel::<()>();
    thread::spawn(move || {
        if nobody_waits.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
            over.send(()).ok();
        }
    });
    // It cannot be closed: the thread outlives this future.
    is_over.await.ok();
}

fn in_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exited with {code}"),
        None => format!("was ended: {status}"),
    }
}

/// Passes on every line.
async fn tell(run: &Run, output: Option<impl AsyncRead + Unpin>) {
    let Some(output) = output else { return };
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        let line_of_text = text.trim_end_matches(['\r', '\n']).chars().take(LONGEST_LINE).collect();
        run.events.send(EventKind::GateOutput { line: line_of_text });
        line.clear();
    }
}
