//! placeholder
use crate::audit::Audit;
pub(super) fn render(_: &Audit) -> String {
    String::new()
}
