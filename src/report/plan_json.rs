//! stub
pub struct PlanMeta {
    pub deployment: String,
}
pub fn document(
    p: &crate::plan::Plan,
    _n: &std::collections::BTreeMap<crate::ids::AccountId, String>,
    _m: &PlanMeta,
) -> serde_json::Value {
    serde_json::json!(p)
}
