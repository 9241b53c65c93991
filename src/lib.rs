//! linkwalk
