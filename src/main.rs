//! linkwalk
fn main() {}
