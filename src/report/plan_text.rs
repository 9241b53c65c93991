//! stub
pub struct PlanTextOptions {
    pub color: bool,
    pub width: usize,
    pub account: Option<crate::ids::AccountId>,
}
pub fn render(
    p: &crate::plan::Plan,
    _n: &std::collections::BTreeMap<crate::ids::AccountId, String>,
    _m: PlanTextOptions,
) -> String {
    format!("{} targets\n", p.targets.len())
}
