//! An audit for a terminal.

use crate::audit::Audit;
use crate::report::audit::verdict::Verdict;

/// The report.
pub fn render(audit: &Audit) -> String {
    Verdict::of(audit).headline + "\n"
}
