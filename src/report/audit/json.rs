//! The document itself, for machines.

use schemars::Schema;

use crate::audit::Audit;
use crate::report::{contract, safe};

/// The document, indented.
pub(super) fn render(audit: &Audit) -> String {
    // Plain structs with text keys always serialise.
    safe::json_pretty(audit).unwrap_or_default() + "\n"
}

/// The JSON Schema of the document, as `schemas/audit.schema.json` publishes it.
pub fn schema() -> Schema {
    contract::of::<Audit>()
}
