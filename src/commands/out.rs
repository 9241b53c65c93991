//! The two streams: data goes to stdout, everything else to stderr. A pipe that was closed at the other
//! end is not an error: whoever read it has had enough.

use std::io::{self, Write};

use serde::Serialize;

use crate::explain;
use crate::model::failure::Failure;
use crate::report::safe;

/// Writes data.
pub(super) fn stdout(text: &str) {
    write(io::stdout().lock(), text);
}

/// Writes a JSON document.
pub(super) fn json(document: &impl Serialize) {
    match safe::json_pretty(document) {
        Ok(text) => stdout(&(text + "\n")),
        Err(bug) => error(&format!("cannot write the document: {bug}")),
    }
}

/// Writes what is not data.
pub(super) fn stderr(text: &str) {
    write(io::stderr().lock(), text);
}

/// Says what is wrong.
pub(super) fn error(text: &str) {
    stderr(&format!("error: {text}\n"));
}

/// Says what AWS, or the way to it, refused, and what to do next.
pub(super) fn failure(what: &str, failure: &Failure) {
    error(&format!("{what}: {}", safe::text(&failure.to_string())));
    if let Some(hint) = &failure.hint {
        stderr(&format!("  help: {hint}\n"));
    }
    if let Some(code) = failure.code.as_ref().filter(|code| !explain::of(code).is_empty()) {
        stderr(&format!("  more: linkwalk explain {}\n", safe::text(code)));
    }
}

fn write(mut stream: impl Write, text: &str) {
    drop(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()));
}
